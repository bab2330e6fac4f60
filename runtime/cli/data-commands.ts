import { type Command, Option } from "commander";
import type { EvalOptions } from "./eval.ts";
import { amount, backendOption, wholeNumber } from "./option-values.ts";
import type { ExitCode, Terminal } from "./terminal.ts";

/** What `train` and `eval` share. */
interface DataFlags {
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

interface TrainFlags extends DataFlags {
  readonly steps?: number;
  readonly resume?: boolean;
}

interface CheckFlags {
  readonly spec?: string;
  readonly volumes: boolean;
  readonly json?: boolean;
}

/** The options of commands that read volumes. */
function withDataOptions(command: Command): Command {
  return command
    .argument("[spec]", "a spec file; the only one of the working folder when it is left out")
    .option("--data <folder>", "a data set in CT-RATE's layout; what the spec's `data` block names when it is left out")
    .option(
      "--weights <file>",
      "the model's weights, safetensors by their names in checkpoints; random ones without it",
    )
    .option("--adapter <path>", "the adapters' weights: a file, or the folder of a training or of a PEFT adapter")
    .option("--allow-missing <pattern...>", "names of weights that the files need not have, such as 'to_*'")
    .option("--vocab <file>", "a vocab.txt or a tokenizer.json; the one in the data folder when it is left out")
    .option(
      "--seed <number>",
      "another seed than the spec says, which weights follow from that no file has",
      wholeNumber(0),
    )
    .addOption(backendOption("what runs it", { trains: true }))
    .option("--skip-bad", "skip files that cannot be used, and list them")
    .option("--cache <folder>", "where preprocessed volumes are kept; medctc's own cache when it is left out")
    .option("--cache-size <amount>", "how much is kept there at most; 0 for nothing", amount, 20e9)
    .option("--workers <number>", "threads that read volumes", wholeNumber(1));
}

function dataOptions(flags: DataFlags) {
  const { data = null, weights = null, adapter = null, vocab = null, skipBad = false, cache = null } = flags;
  const { backend, cacheSize: cacheBytes, workers = null, allowMissing = [], output = null, seed = null } = flags;
  return { data, weights, adapter, allowMissing, vocab, skipBad, cache, backend, cacheBytes, workers, output, seed };
}

/** Adds the commands that read or make data sets; `end` hears how one of them ended. */
export function addDataCommands(
  program: Command,
  version: string,
  terminal: Terminal,
  end: (code: ExitCode) => void,
): void {
  withDataOptions(program.command("train"))
    .description("train what a spec trains, on volumes with reports")
    .option(
      "-o, --output <folder>",
      "where checkpoints, adapters, logs and the report go; runs/SPEC when it is left out",
    )
    .option("--steps <number>", "another number of steps than the spec says", wholeNumber(1))
    .option("--resume", "resume the training in the folder, bit for bit as if it had not stopped")
    .addHelpText(
      "after",
      "\nCtrl-C ends a training between two steps and saves it." +
        "\n\nExamples:\n  $ medctc train specs/medct.vlm --data ct-rate --weights CT-CLIP.safetensors -o run" +
        "\n  $ medctc train specs/medct.vlm --data ct-rate --weights CT-CLIP.safetensors -o run --resume",
    )
    .action(async (spec: string | undefined, flags: TrainFlags) => {
      const { train } = await import("./train.ts");
      const { steps = null, resume = false } = flags;
      end(await train(spec ?? null, { ...dataOptions(flags), steps, resume, version }, terminal));
    });
  withDataOptions(program.command("eval"))
    .description("zero-shot classification of volumes by the prompts of a spec's classes")
    .option("-o, --output <folder>", "where scores, numbers and a report go; they are only printed when it is left out")
    .addOption(
      new Option("--split <name>", "which volumes")
        .choices(["valid", "train", "all"] satisfies EvalOptions["split"][])
        .default("valid"),
    )
    .addHelpText(
      "after",
      "\nExample:\n  $ medctc eval specs/medct.vlm --data ct-rate --weights CT-CLIP.safetensors --adapter run -o results",
    )
    .action(async (spec: string | undefined, flags: DataFlags & { readonly split: EvalOptions["split"] }) => {
      const { evaluate } = await import("./eval.ts");
      end(await evaluate(spec ?? null, { ...dataOptions(flags), split: flags.split, version }, terminal));
    });
  const data = program.command("data").description("data sets to train on and to evaluate with");
  data
    .command("check")
    .description("say what is wrong with a data set, file by file, and what is in it")
    .argument("<folder>", "a data set in CT-RATE's layout")
    .option("--spec <file>", "hold it against this spec's `data` and `eval` blocks, instead of CT-CLIP's preprocessing")
    .option("--no-volumes", "leave the volumes' files unread, which takes most of the time")
    .option("--json", "print it as JSON")
    .addHelpText("after", "\nExample:\n  $ medctc data check ct-rate --spec specs/medct.vlm")
    .action(async (folder: string, options: CheckFlags) => {
      const { dataCheckFor } = await import("./data-check.ts");
      const { spec = null, volumes, json = false } = options;
      end(await dataCheckFor(folder, spec, { volumes, json }, terminal));
    });
  data
    .command("synth")
    .description("make a small data set in CT-RATE's layout, to try a spec on: painted chests, nobody's data")
    .argument("<folder>", "where it goes; a set that this command made there before is replaced, other files stay")
    .option("--pairs <number>", "volumes with reports to train on", wholeNumber(1), 120)
    .option(
      "--valid <number>",
      "those that are held out; a third of the pairs, and at least 24, when it is left out",
      wholeNumber(1),
    )
    .option("--seed <number>", "what everything follows from: the same seed gives the same bytes", wholeNumber(0), 1)
    .addHelpText("after", "\nExample:\n  $ medctc data synth ct --pairs 120 --seed 1")
    .action(
      async (folder: string, options: { readonly pairs: number; readonly valid?: number; readonly seed: number }) => {
        const { dataSynth } = await import("./data-synth.ts");
        end(dataSynth(folder, { ...options, valid: options.valid ?? null }, terminal));
      },
    );
}
