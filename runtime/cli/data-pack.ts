import { Option } from "@commander-js/extra-typings";
import { type DataPack, packData } from "../app/data/pack.ts";
import { printCount, renderTable } from "../text/index.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { amount, setOption, wholeNumber } from "./option-values.ts";
import { exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";

export const define: DefineCommand = (command, terminal, end) => {
  command
    .argument("<folder>", "a data set, as `medctc train` reads it")
    .requiredOption("-o, --output <folder>", "folder for the shards; complete shards of an earlier call are kept")
    .option("--spec <file>", "preprocess as this spec's `data` block says, instead of as CT-CLIP does")
    .addOption(setOption())
    .addOption(new Option("--split <name>", "examples to pack").choices(["train", "valid", "all"]).default("all"))
    .addOption(
      new Option("--storage <type>", "floats of preprocessed values: f16 takes half the room and rounds")
        .choices(["f32", "f16"])
        .default("f32"),
    )
    .addOption(
      new Option("--shard-size <amount>", "size after which another shard is started")
        .argParser(amount)
        .default(1e9, "1GB"),
    )
    .option("--skip-bad", "skip files that cannot be used, and list them")
    .option("--workers <number>", "threads that read volumes", wholeNumber(1))
    .addHelpText(
      "after",
      "\nExample:\n  $ medctc data pack ct-rate -o shards --spec specs/medct.vlm --storage f16\n  $ medctc train specs/medct.vlm --data shards",
    )
    .action(async (data, { spec, shardSize, skipBad = false, workers, ...flags }) => {
      const { set, output, split, storage } = flags;
      const request = { data, output, split, storage, spec: spec ?? null, set, shardBytes: shardSize, skipBad };
      const ended = await packData({ ...request, workers: workers ?? null }, terminalReporter(terminal));
      end(
        finish(ended, (packed) => {
          terminal.out(renderPack(packed));
          return exitCodes.done;
        }),
      );
    });
};

function renderPack({ shards, kept, examples, splits, bytes, skipped }: DataPack): string {
  const rows: readonly (readonly [string, string])[] = [
    ["shards", printCount(shards)],
    ["  already complete", printCount(kept)],
    ["examples", printCount(examples)],
    ["  to train on", printCount(splits.train)],
    ["  held out", printCount(splits.valid)],
    ["skipped", printCount(skipped)],
    ["megabytes", (bytes / 1e6).toFixed(1)],
  ];
  return renderTable(rows, ["left", "right"]);
}
