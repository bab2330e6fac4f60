import { rmSync } from "node:fs";
import { join } from "node:path";
import {
  changingAtStart,
  type EvalTask,
  labelColumns,
  type TracedSpec,
  unsetForEvaluation,
} from "../../../compiler/index.ts";
import { at } from "../../at.ts";
import {
  type DataInputs,
  type Dataset,
  type DatasetNeeds,
  type Example,
  encodeContract,
  openDataset,
} from "../../data/index.ts";
import { makeTemporaryFolder } from "../../files/index.ts";
import { problemOf, type SignalWatch, watchSignals } from "../../machine/index.ts";
import { type Problem, quoteShell, sentence } from "../../text/index.ts";
import { compileReported } from "../compiled-spec.ts";
import { contractWith, type SettledData, settleData } from "../data/contract.ts";
import {
  cacheOf,
  type DataOptions,
  dataFolderOf,
  dataInputsOf,
  isUsable,
  openData,
  openSplit,
  reportUncached,
} from "../data/open.ts";
import { arePromptsUsable, reportLengths, saidPrompts } from "../data/texts.ts";
import { backendFor } from "../engine/choose.ts";
import { areWeightsUsable, type EngineOptions } from "../engine/open.ts";
import { findSpec } from "../find-spec.ts";
import { done, type Ended, notesOnce, problem, type Reporter, refuse, refuseBy, refused } from "../reporter.ts";
import { adapterDisagreements } from "../weights/contract-agreement.ts";
import { type ChoosingVolumes, openThresholdVolumes } from "./choose-thresholds.ts";
import { type ComparedEvaluations, compareEvaluated } from "./compare-evaluated.ts";
import { caseDrawing } from "./draw-cases.ts";
import { arePromptsFixed, encodedInputs, needReports } from "./encode-held-out.ts";
import { type EvaluatedRun, type EvaluateTask, evaluateRun } from "./evaluate-run.ts";
import { weightsRuns } from "./evaluated-runs.ts";
import { findExports } from "./exported.ts";
import { areGroupsKnown, groupColumns } from "./grouping.ts";
import { type LatentCosines, latentCosines, saveCosines } from "./latent-cosines.ts";
import { noteUnevaluated } from "./unevaluated.ts";

export interface EvaluateRequest extends Omit<DataOptions, "data">, Omit<EngineOptions, "adapter"> {
  /** The path of a spec; null for the only one of the working folder. */
  readonly spec: string | null;
  /** Assignments that hold instead of what it says. */
  readonly set: readonly string[];
  readonly data: string | null;
  /** Adapters, each a file or a folder that has one, that are evaluated one after the other; none for the base alone. */
  readonly adapters: readonly string[];
  /** Folders of exported models, which are evaluated after these instead of weights. */
  readonly exported: readonly string[];
  /** Whether the base without adapters is evaluated too. */
  readonly withBase: boolean;
  /** Which volumes: those held out, those to train on, or all. */
  readonly split: "valid" | "train" | "all";
  /** A folder for scores, numbers and a report; null for none. */
  readonly output: string | null;
  /** A file for the latents of volumes, with an ending of `latentsEndings`; null for none. */
  readonly latents: string | null;
  /** Where first values come from that no file has; null for the spec's. */
  readonly seed: number | null;
}

/** What an evaluation came to, for all that were evaluated. */
export interface Evaluated {
  readonly runs: readonly EvaluatedRun[];
  /** Null where there is one. */
  readonly comparison: ComparedEvaluations | null;
  /** How near the latents of exported models are to those of the first run, by their labels. */
  readonly cosines: readonly { readonly label: string; readonly cosines: readonly number[] }[];
}

/** Does the tasks of the `eval` block on the volumes of a data set, with adapters one after the other. */
export async function evaluate(request: EvaluateRequest, heard: Reporter): Promise<Ended<Evaluated>> {
  // Each of several adapters is opened as the others are.
  const reporter = notesOnce(heard);
  const path = findSpec(request.spec, "eval", reporter);
  if (path === null) return refused;
  const compiled = compileReported({ spec: path, set: request.set }, reporter);
  if (compiled === null) return refused;
  const seed = request.seed ?? compiled.spec.settings.seed;
  const spec = { ...compiled.spec, settings: { ...compiled.spec.settings, seed } };
  const folder = dataFolderOf(request.data, path, spec);
  if (folder === null) {
    const help = "add --data DIR, or `folder` to the spec's `data` block";
    return refuse(problem("no evaluation data specified", help), reporter);
  }
  const { tasks } = spec.evaluation;
  if (tasks.length === 0) return refuse(incomplete(spec), reporter);
  if (request.latents !== null && spec.evaluation.image === null) return refuse(withoutLatents, reporter);
  const data = { ...request, data: folder };
  const startedAt = new Date();
  const inputs = dataInputsOf(spec, reporter);
  if (inputs === null) return refused;
  const opened = await openVolumes(spec, inputs, data, request, reporter);
  if (opened === null) return refused;
  const { dataset, withReports, choosing, settled } = opened;
  const reading = openData(spec, settled.inputs, data, reporter);
  if (reading === null) return refused;
  const runs = weightsRuns(request.adapters, request.withBase, request.output, request.exported);
  const isBase = runs.some(({ adapter, exported }) => adapter === null && exported === null);
  const [changing] = isBase ? changingAtStart(spec, compiled.plan) : [];
  if (changing !== undefined)
    reporter.warning(
      `without --adapter it is not the model alone: no values of \`${changing}\` are those of the model without it`,
    );
  const differing = runs.flatMap(({ adapter }) => adapterDisagreements(adapter, contractWith(settled)));
  const exports = findExports({ spec }, request.exported, contractWith(settled), reporter);
  if (exports === null) {
    await reading.loader.dispose();
    return refused;
  }
  const { text } = reading;
  const said = saidPrompts(tasks, spec.evaluation, inputs);
  const isUsable = differing.length > 0 || text === null || arePromptsUsable(said, text.tokenizer, inputs, reporter);
  if (differing.length > 0 || !isUsable) {
    await reading.loader.dispose();
    return differing.length > 0 ? refuseBy(differing, reporter) : refused;
  }
  if (withReports) reportLengths(dataset.examples, { text, inputs: encodedInputs(spec, inputs) }, reporter);
  const temporary = makeTemporaryFolder("medctc-eval");
  const clean = (): void => rmSync(temporary, { recursive: true, force: true });
  const signals = watchSignals(clean);
  try {
    const backend = backendFor(request, reporter);
    if (backend === null) return refused;
    const task = { path, compiled: { ...compiled, spec }, data, request, backend, temporary, startedAt };
    const several = runs.length > 1;
    const latents = request.latents === null ? null : { file: request.latents, ofSeveral: several };
    const contract = encodeContract(contractWith(settled));
    const isStopped = (): boolean => signals.requested() !== null;
    const readReports = () => reportsOf(spec, inputs, folder, request.split);
    const source = { examples: dataset.examples, data: settled, loader: reading.loader, readReports, isStopped };
    const ofWeights = runs.filter(({ exported }) => exported === null);
    if (several && !areWeightsUsable(task.compiled, backend, request, ofWeights, reporter)) return refused;
    return await evaluateAll(
      runs,
      {
        ...{ ...task, dataset, withReports, choosing, reading, latents, contract, exports },
        drawCases: caseDrawing(source, reporter),
      },
      request.output,
      signals,
      reporter,
    );
  } catch (error) {
    return refuse(problemOf(error, temporary), reporter);
  } finally {
    signals.dispose();
    clean();
    reportUncached(reading, reporter);
    await reading.loader.dispose();
  }
}

function incomplete({ evaluation }: TracedSpec): Problem {
  const unset = unsetForEvaluation(evaluation);
  return unset === null
    ? problem("the `eval` block has no `tasks`", "name some, such as `tasks = [zero_shot()]`, or leave `tasks` out")
    : problem("the `eval` block is incomplete", "set `image`, `text` and `classes` in it");
}

const withoutLatents = problem("there are no latents to write", "set `image` in the `eval` block");

/** The volumes that are evaluated, and those that thresholds are chosen on. */
interface OpenedVolumes {
  readonly dataset: Dataset;
  /** Whether it has their reports, too. */
  readonly withReports: boolean;
  readonly choosing: readonly ChoosingVolumes[];
  readonly settled: SettledData;
}

/** Opens all volumes that tasks need; null after reporting what is wrong with them. */
async function openVolumes(
  spec: TracedSpec,
  inputs: DataInputs,
  data: DataOptions,
  { split, latents }: Pick<EvaluateRequest, "split" | "latents">,
  reporter: Reporter,
): Promise<OpenedVolumes | null> {
  const { tasks } = spec.evaluation;
  const labels = labelColumns(spec.evaluation);
  const { files, texts } = inputs.needs;
  const columns = groupColumns(spec.evaluation);
  const needs = { files, texts: columns, labels: labels.length === 0 ? null : labels, split };
  const needed = needReports(tasks);
  const wanted = { ...needs, texts: [...texts, ...columns] };
  const reported = needed || latents === null ? null : await openReported(spec, inputs, data, wanted, reporter);
  const dataset = reported ?? (await openSplit(spec, data, needed ? wanted : needs, reporter));
  if (dataset === null && needed) reporter.info(`reports are read for ${namesOf(tasks)}, and for nothing else`);
  if (dataset === null || !areGroupsKnown(spec, dataset, reporter)) return null;
  noteUnevaluated(spec.evaluation, reporter);
  const choosing = await openThresholdVolumes(spec, data, needs, dataset, reporter);
  if (choosing === "refused") return null;
  const read = [dataset, ...choosing.map((each) => each.dataset)];
  const settled = await settleData(spec.data, read, inputs, data.skipBad, reporter, cacheOf(data));
  return settled === null ? null : { dataset, withReports: needed || reported !== null, choosing, settled };
}

/** Volumes with reports, where the model encodes these and all volumes have one; null, after saying why, where not. */
async function openReported(
  spec: TracedSpec,
  inputs: DataInputs,
  options: DataOptions,
  needs: DatasetNeeds,
  reporter: Reporter,
): Promise<Dataset | null> {
  if (spec.evaluation.text === null || arePromptsFixed(encodedInputs(spec, inputs))) return null;
  const found = await openDataset(options.data, spec.data, needs);
  const [first] = found.problems;
  if (first === undefined) return isUsable(found, options, reporter) ? found : null;
  reporter.note(`no latents of reports are written: ${sentence(first)}`);
  return null;
}

/** The volumes that have reports, with these; none where the model takes no text. */
async function reportsOf(
  { data }: TracedSpec,
  { needs: { files, texts } }: DataInputs,
  folder: string,
  split: EvaluateRequest["split"],
): Promise<readonly Example[]> {
  if (texts.length === 0) return [];
  return (await openDataset(folder, data, { files, texts, labels: null, split })).examples;
}

/** The tasks that need reports, in words. */
function namesOf(tasks: readonly EvalTask[]): string {
  return tasks.flatMap((task) => (needReports([task]) ? [`\`${task.name}\``] : [])).join(", ");
}

/** Evaluates one after the other; what was written before one that fails stays. */
async function evaluateAll(
  runs: ReturnType<typeof weightsRuns>,
  task: EvaluateTask,
  output: string | null,
  signals: SignalWatch,
  reporter: Reporter,
): Promise<Ended<Evaluated>> {
  const evaluated: EvaluatedRun[] = [];
  const warned = new Set<string>();
  for (const [place, run] of runs.entries()) {
    const several = runs.length > 1;
    const which = `${run.label} (${place + 1} of ${runs.length})`;
    const own = several ? reporterOf(which, warned, reporter) : reporter;
    // What was asked for while the one before was written is heard before the next is opened, which may take long.
    const signal = signals.requested();
    const ended = signal === null ? await evaluateRun(run, task, signals, own) : { kind: "stopped" as const, signal };
    if (ended.kind === "stopped") for (const line of stoppedAfter(evaluated, output)) reporter.info(line);
    if (ended.kind !== "done") return ended;
    evaluated.push(ended.value);
    const where = writtenOf(ended.value);
    if (several) reporter.info(`evaluated ${which}${where.length === 0 ? "" : `: ${where.join(", ")}`}`);
  }
  const { plan } = task.compiled;
  const comparison =
    evaluated.length < 2
      ? null
      : await compareEvaluated(evaluated, plan.model, { output, drawCases: task.drawCases }, reporter);
  const cosines = evaluated.slice(1).flatMap((run) => {
    const found = cosinesOf(run, at(evaluated, 0));
    if (found === null) return [];
    const saved = run.output === null || run.files.kind === "failed" ? null : saveCosines(run.output, found);
    if (saved?.kind === "failed") reporter.problem(saved.problem);
    return [{ label: run.label, cosines: found.cosines }];
  });
  return done({ runs: evaluated, comparison, cosines });
}

/** Those of exported models, which are to make the same of a volume as what is evaluated first; null for other runs. */
function cosinesOf(run: EvaluatedRun, first: EvaluatedRun): LatentCosines | null {
  const [{ images: own, names }, { images: others, names: otherNames }] = [run.encoded, first.encoded];
  if (run.exported === null || own === null || others === null) return null;
  return latentCosines({ names, images: own }, { names: otherNames, images: others });
}

/** What one of several is heard by: progress says which it is, and what it shares with another is not warned of again. */
function reporterOf(which: string, warned: Set<string>, reporter: Reporter): Reporter {
  const warning = (text: string): void => {
    if (!warned.has(text)) reporter.warning(text);
    warned.add(text);
  };
  return { ...reporter, warning, progress: (text) => reporter.progress(`${which}: ${text}`) };
}

/** What is said of those that were evaluated before: where they are, and how to compare them, which is done when all are. */
function stoppedAfter(evaluated: readonly EvaluatedRun[], output: string | null): readonly string[] {
  const written = evaluated.flatMap(writtenOf);
  if (written.length === 0) return ["stopped; nothing was written"];
  const comparable = evaluated.flatMap(({ output: folder, files, results }) =>
    folder !== null && files.kind === "ok" && results.some(({ kind }) => kind === "scores") ? [folder] : [],
  );
  const where = `stopped; written: ${written.join(", ")}`;
  if (output === null || comparable.length < 2) return [where];
  const words = ["medctc", "compare", ...comparable, "--page", join(output, "compare.html")];
  return [where, `compare these with: ${words.map(quoteShell).join(" ")}`];
}

/** The folder of its results and the file of its latents, of those that were written. */
function writtenOf({ output, files, latents }: EvaluatedRun): readonly string[] {
  return [
    ...(output !== null && files.kind === "ok" ? [output] : []),
    ...(latents !== null && latents.kind === "ok" ? [latents.value] : []),
  ];
}
