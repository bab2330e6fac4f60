import type { Command } from "commander";
import type { ExitCode, Terminal } from "./terminal.ts";

interface MergeFlags {
  readonly weights: string;
  readonly adapter: string;
  readonly allowMissing?: readonly string[];
  readonly output: string;
}

interface DiffFlags {
  readonly for?: string;
  readonly json?: boolean;
}

/** Adds the commands for files of adapters; `end` hears how one of them ended. */
export function addAdapterCommands(program: Command, terminal: Terminal, end: (code: ExitCode) => void): void {
  const adapter = program.command("adapter").description("files of adapters: medctc's own, and PEFT's folders");
  adapter
    .command("merge")
    .description("fold adapters into the weights that they stand beside, and write all weights of the model")
    .argument("<spec>", "a spec file")
    .requiredOption("--weights <file>", "the model's weights, safetensors by their names in checkpoints")
    .requiredOption(
      "--adapter <path>",
      "the adapters' weights: a file, or the folder of a training or of a PEFT adapter",
    )
    .option("--allow-missing <pattern...>", "names of weights that the files need not have, such as 'to_*'")
    .requiredOption("-o, --output <file>", "the safetensors file that is written")
    .addHelpText(
      "after",
      "\nExample:\n  $ medctc adapter merge specs/medct.vlm --weights CT-CLIP.safetensors --adapter run -o merged.safetensors",
    )
    .action(async (spec: string, { weights, adapter: from, allowMissing = [], output }: MergeFlags) => {
      const { exportWeights } = await import("./export-weights.ts");
      end(await exportWeights(spec, { file: output, weights, adapter: from, allowMissing, merge: true }, terminal));
    });
  adapter
    .command("diff")
    .description("say how far apart two adapters are, by what they do to each weight; their ranks may differ")
    .argument("<a>", "a file, or the folder of a training or of a PEFT adapter")
    .argument("<b>", "another one")
    .option("--for <spec>", "the spec that gives the scale of LoRA's updates where no adapter_config.json does")
    .option("--json", "print it as JSON")
    .addHelpText("after", "\nExample:\n  $ medctc adapter diff run-1 run-2 --for specs/medct.vlm")
    .action(async (a: string, b: string, options: DiffFlags) => {
      const { adapterDiff } = await import("./adapter-diff.ts");
      end(adapterDiff(a, b, { forSpec: options.for ?? null, json: options.json ?? false }, terminal));
    });
  adapter
    .command("spec")
    .description("print the placements that a PEFT adapter was made by")
    .argument("<folder>", "a folder with adapter_config.json and adapter_model.safetensors")
    .option("--for <spec>", "the spec whose model is adapted: its selectors are used instead of names in checkpoints")
    .addHelpText("after", "\nExample:\n  $ medctc adapter spec peft_adapter --for specs/medct.vlm")
    .action(async (folder: string, options: { readonly for?: string }) => {
      const { adapterSpec } = await import("./adapter-spec.ts");
      end(adapterSpec(folder, options.for ?? null, terminal));
    });
}
