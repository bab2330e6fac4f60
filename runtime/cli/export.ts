import { Option } from "@commander-js/extra-typings";
import { printBytes, printNumberOf } from "../../compiler/index.ts";
import { printable } from "../../grammar/index.ts";
import type { CardOf } from "../app/export/card.ts";
import type { ExportedProgram } from "../app/export/emit-programs.ts";
import { addCardOptions, cardOptions } from "./card-options.ts";
import type { DefineCommand } from "./command.ts";
import { finish } from "./exit-code.ts";
import { setOption, wholeNumber } from "./option-values.ts";
import { type ExitCode, exitCodes } from "./terminal.ts";
import { terminalReporter } from "./terminal-reporter.ts";
import { adapterAt, addWeightChoices, dtypeOption, weightChoices } from "./weight-options.ts";

const exportedPrograms: readonly ExportedProgram[] = ["forward", "encode_image", "encode_text", "step"];

export const define: DefineCommand = (command, terminal, end) => {
  addCardOptions(addWeightChoices(command))
    .argument("<spec>", "a spec file")
    .addOption(setOption())
    .option("--onnx <path>", "a file for one program (model.onnx), or a folder for all programs")
    .option("--safetensors <file>", "write a checkpoint of the model alone, without adapters or with --merge")
    .option("--peft <folder>", "write the adapters for PEFT: LoRA, DoRA (needs --weights), IA3")
    .addOption(
      new Option("--program <name>", "program to write; default: forward for a file, all for a folder").choices(
        exportedPrograms,
      ),
    )
    .option("--weights <file>", "the model's weights, by their names in checkpoints")
    .option(
      "--adapter <path>",
      "the adapters' weights: a file or a folder; default: first values, which change nothing but for prompts and prefixes",
    )
    .option("--allow-missing <pattern...>", "names of weights that may be missing, such as 'to_*'")
    .addOption(dtypeOption())
    .option("--merge", "fold adapters into the adapted weights, where that is exact")
    .addOption(
      new Option("--batch <rows>", "batch size, instead of the spec's")
        .argParser(wholeNumber(1))
        .conflicts("dynamicBatch"),
    )
    .option("--half", "use 16-bit floats for matrix products and their weights; not for the training step")
    .option("--int8", "store weights of products and tables as 8-bit integers; not for the training step")
    .option("--dynamic-batch", "write programs for any batch size; not for the training step")
    .addOption(
      new Option(
        "--serve [name=path...]",
        "with --onnx DIR: write the model once, with adapters that are switched by name",
      ).conflicts(["adapter", "merge", "safetensors", "peft"]),
    )
    .addOption(
      new Option("--keep-base", "with --serve: add adapters to the model in the folder, as it was written").conflicts([
        "program",
        "batch",
        "half",
        "int8",
        "dynamicBatch",
      ]),
    )
    .addHelpText(
      "after",
      "\nFrozen and trained weights are written to two files, so that several adapters can share the frozen ones." +
        "\n\nExamples:\n  $ medctc export specs/medct-small.vlm --onnx model --weights w.safetensors" +
        "\n  $ medctc export specs/medct-small.vlm --onnx image.onnx --program encode_image --merge --dynamic-batch" +
        "\n  $ medctc export specs/medct.vlm --peft adapter --adapter run --base-model NAME --card card.md" +
        "\n  $ medctc export specs/medct.vlm --onnx served --weights w.safetensors --serve lung=run-1 heart=run-2" +
        "\n  $ medctc export specs/medct.vlm --onnx served --serve liver=run-3 --keep-base",
    )
    .action(async (spec, flags) => {
      const { set, onnx, safetensors, peft, weights = null, adapter = null, allowMissing = [], merge = false } = flags;
      const given = {
        spec,
        set,
        weights,
        adapter: adapterAt(adapter, flags),
        allowMissing,
        choices: weightChoices(flags),
      };
      const reporter = terminalReporter(terminal);
      if (flags.dtype !== undefined && safetensors === undefined) {
        terminal.err("error: --dtype is for --safetensors\n  help: for ONNX add --half instead\n");
        return end(exitCodes.usage);
      }
      if (onnx === undefined && safetensors === undefined && peft === undefined) {
        terminal.err("error: no output specified\n  help: add --onnx PATH, --safetensors FILE or --peft DIR\n");
        return end(exitCodes.usage);
      }
      if (flags.int8 === true && onnx === undefined) {
        terminal.err("error: --int8 needs --onnx PATH\n");
        return end(exitCodes.usage);
      }
      if (flags.serve !== undefined || flags.keepBase === true) {
        const { exportServedCommand } = await import("./export-served.ts");
        return end(await exportServedCommand({ ...given, onnx, flags }, terminal));
      }
      const { readCardSources, writeCard } = await import("../app/export/card.ts");
      const cards = await import("../app/export/card-of.ts");
      const options = cardOptions(flags);
      const sources = await readCardSources(options, adapter, reporter);
      if (sources === null) return end(exitCodes.wrong);
      const withCard = (of: CardOf): ExitCode => (writeCard(sources, of, reporter) ? exitCodes.done : exitCodes.wrong);
      let code: ExitCode = exitCodes.done;
      if (safetensors !== undefined) {
        const { exportWeights } = await import("../app/export/weights.ts");
        const dtype = flags.dtype ?? null;
        const ended = await exportWeights({ ...given, file: safetensors, dtype, merge }, reporter);
        code = finish(ended, (exported) => {
          const { tensors, bytes } = exported;
          terminal.out(`${printNumberOf(tensors, "tensor")}, ${printBytes(bytes)}, in ${safetensors}\n`);
          return withCard(cards.cardOfWeights(safetensors, merge, given, exported));
        });
      }
      if (peft !== undefined && code === exitCodes.done) {
        const { exportPeft } = await import("../app/export/peft.ts");
        code = finish(exportPeft({ ...given, folder: peft, baseModel: options.baseModel }, reporter), (exported) => {
          const { adapters, tensors, bytes } = exported;
          const written = `${printNumberOf(adapters, "adapter")}, ${printNumberOf(tensors, "tensor")}`;
          terminal.out(`${written}, ${printBytes(bytes)}, in ${peft}\n`);
          return withCard(cards.cardOfPeft(peft, given, exported));
        });
      }
      if (onnx !== undefined && code === exitCodes.done) {
        const { exportOnnx } = await import("../app/export/onnx.ts");
        const { integerLines } = await import("../app/export/integer-report.ts");
        const start = performance.now();
        const batch = flags.dynamicBatch === true ? ("dynamic" as const) : (flags.batch ?? null);
        const { program = null, half = false, int8 = false } = flags;
        const request = { ...given, onnx, program, merge, half, int8, batch };
        code = finish(await exportOnnx(request, reporter), (exported) => {
          const { models, weights: files, folder, integers } = exported;
          for (const line of integers === null ? [] : integerLines(integers)) terminal.out(`${printable(line)}\n`);
          const seconds = ((performance.now() - start) / 1000).toFixed(1);
          terminal.out(`${models.join(", ")} in ${folder}, with weights in ${files.join(" and ")}: ${seconds} s\n`);
          return withCard(cards.cardOfOnnx(onnx, { merge, half }, given, exported));
        });
      }
      end(code);
    });
};
