import { join } from "node:path";
import type { DataSettings, TracedSpec } from "../../compiler/index.ts";
import { printable } from "../../grammar/index.ts";
import {
  type DataInputs,
  type Dataset,
  type DatasetNeeds,
  findDataInputs,
  findVocabulary,
  loadTokenizer,
  openDataset,
  type Tokenizer,
  VolumeLoader,
} from "../data/index.ts";
import { cacheFolder } from "../machine/index.ts";
import { fail, failFile, sayIsSkipped } from "./fail.ts";
import type { Terminal } from "./terminal.ts";

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

/** What training and evaluation need of data besides the data sets themselves. */
export interface OpenedData {
  readonly tokenizer: Tokenizer;
  /** The file that the tokenizer was made of. */
  readonly vocabulary: string;
  readonly inputs: DataInputs;
  readonly loader: VolumeLoader;
}

/** Opens the tokenizer and the loader of volumes for a model; null after saying what is wrong. */
export function openData(spec: TracedSpec, options: DataOptions, terminal: Terminal): OpenedData | null {
  const inputs = findDataInputs(spec);
  if ("problem" in inputs) {
    fail(inputs.problem, inputs.help, terminal);
    return null;
  }
  const vocabulary = options.vocab ?? findVocabulary(options.data);
  if (vocabulary === null) {
    fail(`there is no vocabulary in ${options.data}`, "name a vocab.txt or a tokenizer.json with --vocab", terminal);
    return null;
  }
  const loaded = loadTokenizer(vocabulary);
  if (loaded.kind === "wrong") {
    failFile(loaded.problem, terminal);
    return null;
  }
  const { tokenizer } = loaded;
  if (tokenizer.vocabSize > inputs.vocabulary) {
    const problem = `${vocabulary} has ${tokenizer.vocabSize} tokens, and the model's table ${inputs.vocabulary} rows`;
    fail(
      problem,
      "use the vocabulary that the text encoder was trained with, or a larger `vocab` in the spec",
      terminal,
    );
    return null;
  }
  const cache =
    options.cacheBytes === 0
      ? null
      : { folder: options.cache ?? join(cacheFolder(), "volumes"), bytes: options.cacheBytes };
  const loader = new VolumeLoader({
    settings: spec.data,
    cache,
    ahead: Math.max(2, Math.min(2 * spec.settings.batch, Math.floor(aheadBytes / volumeBytesOf(spec.data)))),
    ...(options.workers === null ? {} : { workers: options.workers }),
  });
  return { tokenizer, vocabulary, inputs, loader };
}

/** Preprocessed volumes that wait for their step take that much at most, besides two of them. */
const aheadBytes = 2 ** 30;

/** Bytes of a preprocessed volume in memory. */
export function volumeBytesOf({ size }: DataSettings): number {
  return 4 * size.reduce((product, each) => product * each, 1);
}

/** Opens a split of a data folder; null after saying what is wrong with it, unless bad files are to be skipped. */
export async function openSplit(
  spec: TracedSpec,
  options: DataOptions,
  needs: DatasetNeeds,
  terminal: Terminal,
): Promise<Dataset | null> {
  const dataset = await openDataset(options.data, spec.data, needs);
  return showProblems(dataset, options, terminal) ? dataset : null;
}

/** Says what is wrong with a data set; true when it can be gone on with all the same. */
export function showProblems(
  { problems, examples, notes }: Dataset,
  { data, skipBad }: DataOptions,
  terminal: Terminal,
): boolean {
  for (const note of notes) terminal.err(`note: ${note}\n`);
  if (problems.length === 0) return true;
  if (skipBad && examples.length > 0) {
    for (const problem of problems) sayIsSkipped(problem, terminal);
    return true;
  }
  for (const problem of problems.slice(0, shownProblems)) failFile(problem, terminal);
  const more = problems.length - shownProblems;
  if (more > 0) terminal.err(`and ${more} more; \`medctc data check ${data}\` lists them\n`);
  if (examples.length > 0) terminal.err("to skip these files: --skip-bad\n");
  return false;
}

const shownProblems = 20;

/** Says why preprocessed volumes could not be kept, where that is so: reading them again takes longer, and changes nothing. */
export function sayIsUncached({ loader: { cacheProblem } }: OpenedData, terminal: Terminal): void {
  if (cacheProblem !== null) terminal.err(`note: preprocessed volumes are not kept: ${printable(cacheProblem)}\n`);
}
