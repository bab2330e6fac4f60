import { dirname, join, resolve } from "node:path";
import type { TracedSpec } from "../../../compiler/index.ts";
import {
  type CacheSettings,
  type DataInputs,
  type Dataset,
  type DatasetNeeds,
  type ExampleWith,
  fileInputs,
  findDataInputs,
  findVocabulary,
  loadTokenizer,
  openDataset,
  type Tokenizer,
  textTables,
  tokenizerProblem,
  tokenSettingsOf,
  VolumeLoader,
} from "../../data/index.ts";
import { cacheFolder } from "../../machine/index.ts";
import { type Problem, sentence } from "../../text/index.ts";
import { problem, type Reporter } from "../reporter.ts";

export interface DataOptions {
  readonly data: string;
  /** A vocabulary; null for the one in the data folder. */
  readonly vocab: string | null;
  readonly skipBad: boolean;
  /** Where preprocessed volumes are kept, and how many bytes of them; 0 keeps none. */
  readonly cache: string | null;
  readonly cacheBytes: number;
  /** Threads that read volumes; null for what the machine has. */
  readonly workers: number | null;
}

/** The data folder that is given, or else the one that a spec at a path names, from where the spec is; null for neither. */
export function dataFolderOf(given: string | null, specPath: string, { data }: TracedSpec): string | null {
  return given ?? (data.folder === null ? null : resolve(dirname(specPath), data.folder));
}

/** What training and evaluation need of data besides the data sets themselves. */
export interface OpenedData {
  /** Null for a model that takes no text. */
  readonly text: OpenedTokenizer | null;
  readonly inputs: DataInputs;
  readonly loader: VolumeLoader;
}

export interface OpenedTokenizer {
  readonly tokenizer: Tokenizer;
  /** The file that it was made of. */
  readonly vocabulary: string;
}

/** What a model takes of a data set; null after reporting what no data set has. */
export function dataInputsOf(spec: TracedSpec, reporter: Reporter): DataInputs | null {
  const found = findDataInputs(spec);
  if (found.kind === "ok") return found.value;
  reporter.problem(found.problem);
  return null;
}

/** Where preprocessed volumes, and what was decided of them, are kept; null where nothing is. */
export function cacheOf({ cache, cacheBytes }: Pick<DataOptions, "cache" | "cacheBytes">): CacheSettings | null {
  return cacheBytes === 0 ? null : { folder: cache ?? join(cacheFolder(), "volumes"), bytes: cacheBytes };
}

/** Opens the tokenizer and the loader of files for a model; null after reporting what is wrong. */
export function openData(
  spec: TracedSpec,
  inputs: DataInputs,
  options: DataOptions,
  reporter: Reporter,
): OpenedData | null {
  const text = textTables(inputs).length === 0 ? null : openTokenizer(options, inputs, reporter);
  if (text === "wrong") return null;
  const loader = new VolumeLoader({
    cache: cacheOf(options),
    ahead: filesAhead(inputs, spec.settings.batch),
    ...(options.workers === null ? {} : { workers: options.workers }),
  });
  return { text, inputs, loader };
}

/** The tokenizer of the vocabulary that is given or lies with the data; `wrong` after reporting why it does not fit the model. */
function openTokenizer(options: DataOptions, inputs: DataInputs, reporter: Reporter): OpenedTokenizer | "wrong" {
  const vocabulary = options.vocab ?? findVocabulary(options.data);
  if (vocabulary === null) {
    reporter.problem(
      problem(
        `no vocabulary in ${options.data}`,
        "pass a vocab.txt, a tokenizer.json, a spiece.model or CLIP's bpe_simple_vocab_16e6.txt.gz with --vocab",
      ),
    );
    return "wrong";
  }
  const settings = tokenSettingsOf(inputs);
  const loaded = settings.kind === "failed" ? settings : loadTokenizer(vocabulary, settings.value);
  if (loaded.kind === "failed") {
    reporter.problem(loaded.problem);
    return "wrong";
  }
  const tokenizer = loaded.value;
  const unfit = tokenizerProblem(vocabulary, tokenizer, textTables(inputs));
  if (unfit.problem !== null) {
    reporter.problem(unfit.problem);
    return "wrong";
  }
  if (unfit.warning !== null) reporter.warning(unfit.warning);
  return { tokenizer, vocabulary };
}

/** Preprocessed volumes that wait for their step take that much at most, besides two of them. */
const aheadBytes = 2 ** 30;

/** Files that may wait: those of two batches, or as many as there is room for, and at least two. */
function filesAhead(inputs: DataInputs, batch: number): number {
  const files = fileInputs(inputs).map(({ shape }) => 4 * shape.reduce((product, size) => product * size, 1));
  return Math.max(2, Math.min(2 * batch * files.length, Math.floor(aheadBytes / Math.max(...files))));
}

/** Opens a split of a data folder; null after reporting what is wrong with it, unless bad files are to be skipped. */
export async function openSplit<Needs extends DatasetNeeds>(
  spec: TracedSpec,
  options: DataOptions,
  needs: Needs,
  reporter: Reporter,
): Promise<Dataset<ExampleWith<Needs>> | null> {
  const dataset = await openDataset(options.data, spec.data, needs);
  return isUsable(dataset, options, reporter) ? dataset : null;
}

/** Whether a data set can be used all the same, after reporting what is wrong with it. */
export function isUsable(
  { problems, examples, notes }: Dataset,
  { data, skipBad }: Pick<DataOptions, "data" | "skipBad">,
  reporter: Reporter,
): boolean {
  for (const note of notes) reporter.note(note);
  if (problems.length === 0) return true;
  if (skipBad && examples.length > 0) {
    for (const each of problems) reportSkipped(each, reporter);
    return true;
  }
  for (const each of problems.slice(0, shownProblems)) reporter.problem(each);
  const more = problems.length - shownProblems;
  if (more > 0) reporter.info(`and ${more} more; \`medctc data check ${data}\` lists them`);
  if (examples.length > 0) reporter.info("add --skip-bad to skip these files");
  return false;
}

const shownProblems = 20;

/** Reports that a file of a data set is left out. */
export function reportSkipped(left: Problem, reporter: Reporter): void {
  reporter.info(`skipped: ${sentence(left)}`);
}

/** Reports why preprocessed volumes could not be kept, where that is so: reading them again takes longer, and changes nothing. */
export function reportUncached({ loader: { cacheProblem } }: OpenedData, reporter: Reporter): void {
  if (cacheProblem !== null) reporter.note(`preprocessed volumes are not kept: ${cacheProblem}`);
}
