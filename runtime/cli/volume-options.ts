import { type Command, Option, type OptionValues } from "@commander-js/extra-typings";
import { processesOption, pythonOption } from "./launch-options.ts";
import { amount, backendOption, setOption, wholeNumber } from "./option-values.ts";
import { addWeightChoices, weightChoices } from "./weight-options.ts";

/** What commands share that read volumes with a model: which model, on which data. */
export function addModelOptions(command: Command) {
  return command
    .argument("[spec]", "a spec file; default: the only one in the working folder")
    .addOption(setOption())
    .option(
      "--data <folder>",
      "a data set: in CT-RATE's layout, a table or WebDataset shards; default: `folder` of the `data` block",
    )
    .option("--weights <file>", "the model's weights, by their names in checkpoints; default: random");
}

/** The others, behind those that say which adapters; `output` is what their folder is for. */
export function addVolumeOptions<Arguments extends unknown[], Flags extends OptionValues>(
  command: Command<Arguments, Flags>,
  output: string,
) {
  return addReadingOptions(addWeightChoices(command))
    .addOption(backendOption("execution backend", "training"))
    .addOption(processesOption())
    .addOption(pythonOption())
    .option("-o, --output <folder>", output);
}

/** Those of them that are about weights and data alone. */
export function addReadingOptions<Arguments extends unknown[], Flags extends OptionValues>(
  command: Command<Arguments, Flags>,
) {
  return command
    .option("--allow-missing <pattern...>", "names of weights that may be missing, such as 'to_*'")
    .option(
      "--vocab <file>",
      "a vocab.txt, a tokenizer.json, a spiece.model or CLIP's bpe_simple_vocab_16e6.txt.gz; default: the one in the data folder",
    )
    .option("--seed <number>", "seed, instead of the spec's; also for weights that no file has", wholeNumber(0))
    .option("--skip-bad", "skip files that cannot be used, and list them")
    .option("--cache <folder>", "folder for preprocessed volumes; default: medctc's cache")
    .addOption(
      new Option("--cache-size <amount>", "maximum size of that folder; 0 to keep nothing")
        .argParser(amount)
        .default(20e9, "20GB"),
    )
    .option("--workers <number>", "threads that read volumes", wholeNumber(1));
}

type ModelFlags = ReturnType<ReturnType<typeof addModelOptions>["opts"]>;
type VolumeFlags = ModelFlags & ReturnType<ReturnType<typeof addVolumeOptions<[], ModelFlags>>["opts"]>;

/** The same as a use case takes it. */
export function volumeRequest(spec: string | undefined, flags: VolumeFlags) {
  const { data = null, weights = null, vocab = null, skipBad = false, cache = null } = flags;
  const { set, backend, cacheSize: cacheBytes, workers = null, allowMissing = [], output = null, seed = null } = flags;
  return {
    spec: spec ?? null,
    set,
    ...{ data, weights, allowMissing, vocab, skipBad, cache, backend, cacheBytes, workers, output, seed },
    choices: weightChoices(flags),
  };
}
