import {
  type DataSettings,
  defaultData,
  type EvalSettings,
  labelColumns,
  type TokenSettings,
} from "../../../compiler/index.ts";
import {
  type CheckOptions,
  checkDataset,
  checkVolume,
  type DataInputs,
  type DatasetCounts,
  examineVolumes,
  fileInputs,
  findDataInputs,
  findVocabulary,
  loadTokenizer,
  tokenInputs,
  tokenSettingsOf,
  type VolumeFile,
  type VolumeInput,
} from "../../data/index.ts";
import { ok, type Problem, type Result } from "../../text/index.ts";
import { compileReported } from "../compiled-spec.ts";
import { done, type Ended, type Reporter, refuse, refused } from "../reporter.ts";
import { outputProblem, type SeenData, writeCheckPage } from "./check-page.ts";
import { arePromptsUsable, saidPrompts } from "./texts.ts";

export interface DataCheckRequest {
  readonly folder: string;
  /** A spec whose `data` and `eval` blocks the data are held against; null for CT-CLIP's own preprocessing. */
  readonly spec: string | null;
  /** Assignments that hold instead of what it says. */
  readonly set: readonly string[];
  /** Whether volumes are read. */
  readonly volumes: boolean;
  /** A file for a page of what is found; null for none. */
  readonly output: string | null;
  /** How many problems are reported as they are found; all of them are in the result. */
  readonly mostReported: number;
}

export interface DataCheck {
  readonly problems: readonly Problem[];
  readonly notes: readonly string[];
  readonly counts: DatasetCounts | null;
}

export interface DataChecked {
  readonly check: DataCheck;
  /** Whether the page was written, where one was asked for. */
  readonly page: Result<void>;
}

/** Finds what is wrong with a data folder, file by file, counts what is in it, and shows it as a page where one is asked for. */
export async function checkData(request: DataCheckRequest, reporter: Reporter): Promise<Ended<DataChecked>> {
  const { folder, spec, volumes, output, mostReported } = request;
  const unwritable = output === null ? null : outputProblem(output);
  if (unwritable !== null) return refuse(unwritable, reporter);
  const compiled = spec === null ? null : compileReported({ spec, set: request.set }, reporter);
  if (spec !== null && compiled === null) return refused;
  const classes = compiled === null ? [] : labelColumns(compiled.spec.evaluation);
  const inputs = compiled === null ? null : findDataInputs(compiled.spec);
  const rules: DataRules = {
    settings: compiled?.spec.data ?? defaultData,
    classes: classes.length === 0 ? null : classes,
    checkVolume: volumes ? checkVolume : null,
    ...(inputs?.kind === "ok" ? needsOf(inputs.value) : usualNeeds),
  };
  const seen: SeenData = { listing: null, lengths: null, examinations: new Map() };
  const found = await checkFolder(folder, rules, mostReported, reporter, seen);
  const ofPrompts =
    compiled === null || inputs?.kind !== "ok" || classes.length === 0
      ? { problems: [], notes: [] }
      : checkPrompts(folder, compiled.spec.evaluation, inputs.value);
  // Of more problems than are reported these would not be the first.
  if (found.problems.length < mostReported) for (const each of ofPrompts.problems) reporter.problem(each);
  const check = {
    problems: [...found.problems, ...ofPrompts.problems],
    notes: [...found.notes, ...ofPrompts.notes],
    counts: found.counts,
  };
  if (output === null) return done({ check, page: ok(undefined) });
  const page = {
    ...{ output, folder, volumes, specPath: spec, set: request.set },
    spec: compiled?.spec ?? null,
    inputs: inputs?.kind === "ok" ? inputs.value : null,
  };
  return done({ check, page: await writeCheckPage(page, check, seen, reporter) });
}

/** What is looked for where no spec says what a model takes. */
const usualNeeds = { files: [null], texts: [null], inputs: null, textLength: null, tokens: null } as const;

function needsOf(inputs: DataInputs): Pick<DataRules, keyof typeof usualNeeds> {
  const { files, texts } = inputs.needs;
  const lengths = tokenInputs(inputs).map(({ length }) => length);
  const textLength = lengths.length === 0 ? null : Math.min(...lengths);
  return { files, texts, inputs: fileInputs(inputs), textLength, tokens: askedTokens(inputs) };
}

/** What a model asks of its tokenizer; null where its inputs ask for several. */
function askedTokens(inputs: DataInputs): TokenSettings | null {
  const asked = tokenSettingsOf(inputs);
  return asked.kind === "ok" ? asked.value : null;
}

/** What is wrong with a spec's prompts in the vocabulary of a data folder; nothing where it has none. */
function checkPrompts(
  folder: string,
  settings: EvalSettings,
  inputs: DataInputs,
): Pick<DataCheck, "problems" | "notes"> {
  const vocabulary = findVocabulary(folder);
  const loaded = vocabulary === null ? null : loadTokenizer(vocabulary, askedTokens(inputs));
  const problems: Problem[] = [];
  const notes: string[] = [];
  if (loaded?.kind !== "ok") return { problems, notes };
  const heard = { note: (note: string) => notes.push(note), problem: (each: Problem) => problems.push(each) };
  arePromptsUsable(saidPrompts(settings.tasks, settings, inputs), loaded.value, inputs, heard);
  return { problems, notes };
}

/** What a data folder is held against. */
export interface DataRules extends CheckOptions {
  /** What a spec's `data` block says, or CT-CLIP's own. */
  readonly settings: DataSettings;
}

export async function checkFolder(
  folder: string,
  rules: DataRules,
  mostReported: number,
  reporter: Pick<Reporter, "problem" | "progress" | "progressEnd">,
  seen: SeenData = { listing: null, lengths: null, examinations: new Map() },
): Promise<DataCheck> {
  const problems: Problem[] = [];
  const notes: string[] = [];
  let counts: DatasetCounts | null = null;
  const examine = async (volumes: readonly VolumeFile[], input: VolumeInput) => {
    const found = await examineVolumes(volumes, input.settings, reporter.progress);
    seen.examinations.set(input.name, found);
    return found;
  };
  const options = rules.checkVolume === null ? rules : { ...rules, examine };
  for await (const finding of checkDataset(folder, rules.settings, options)) {
    switch (finding.kind) {
      case "progress":
        reporter.progress(finding.text);
        break;
      case "note":
        notes.push(finding.note);
        break;
      case "problem":
        problems.push(finding.problem);
        if (problems.length > mostReported) break;
        reporter.progressEnd();
        reporter.problem(finding.problem);
        break;
      case "counts":
        counts = finding.counts;
        break;
      case "listing":
        seen.listing = finding.listing;
        break;
      case "lengths":
        seen.lengths = finding;
        break;
    }
  }
  reporter.progressEnd();
  return { problems, notes, counts };
}
