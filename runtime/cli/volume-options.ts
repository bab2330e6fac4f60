import { type Command, Option } from "commander";
import { amount, backendOption, wholeNumber } from "./option-values.ts";

/** What commands that read volumes with a model share. */
export interface VolumeFlags {
  readonly data?: string;
  readonly weights?: string;
  readonly adapter?: string;
  readonly allowMissing?: readonly string[];
  readonly vocab?: string;
  readonly backend: string;
  readonly skipBad?: boolean;
  readonly cache?: string;
  readonly cacheSize: number;
  readonly workers?: number;
  readonly output?: string;
  readonly seed?: number;
}

export function addVolumeOptions(command: Command): void {
  command
    .argument("[spec]", "a spec file; the only one of the working folder when it is left out")
    .option("--data <folder>", "a data set in CT-RATE's layout; what the spec's `data` block names when it is left out")
    .option(
      "--weights <file>",
      "the model's weights, safetensors by their names in checkpoints; random ones without it",
    )
    .option("--adapter <path>", "the adapters' weights: a file, or the folder of a training or of a PEFT adapter")
    .option("--allow-missing <pattern...>", "names of weights that the files need not have, such as 'to_*'")
    .option("--vocab <file>", "a vocab.txt or a tokenizer.json; the one in the data folder when it is left out")
    .option("--seed <number>", "a seed other than the spec's; weights that no file has follow from it", wholeNumber(0))
    .addOption(backendOption("what runs it", { trains: true }))
    .option("--skip-bad", "skip files that cannot be used, and list them")
    .option("--cache <folder>", "where preprocessed volumes are kept; medctc's own cache when it is left out")
    .addOption(
      new Option("--cache-size <amount>", "how much is kept there at most; 0 for nothing")
        .argParser(amount)
        .default(20e9, "20GB"),
    )
    .option("--workers <number>", "threads that read volumes", wholeNumber(1));
}

/** The same as a use case takes it. */
export function volumeRequest(spec: string | undefined, flags: VolumeFlags) {
  const { data = null, weights = null, adapter = null, vocab = null, skipBad = false, cache = null } = flags;
  const { backend, cacheSize: cacheBytes, workers = null, allowMissing = [], output = null, seed = null } = flags;
  return {
    spec: spec ?? null,
    ...{ data, weights, adapter, allowMissing, vocab, skipBad, cache, backend, cacheBytes, workers, output, seed },
  };
}
