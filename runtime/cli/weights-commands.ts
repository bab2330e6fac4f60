import type { Command } from "commander";
import type { ExitCode, Terminal } from "./terminal.ts";

interface CheckFlags {
  readonly allowMissing?: readonly string[];
  readonly json?: boolean;
}

/** Adds the commands that look into files of weights; `end` hears how one of them ended. */
export function addWeightsCommands(program: Command, terminal: Terminal, end: (code: ExitCode) => void): void {
  const weights = program
    .command("weights")
    .description("files of weights: safetensors, checkpoints of torch.save, and models in several files");
  weights
    .command("inspect")
    .description("list the tensors of a file; it is told by its content, and nothing in it is run")
    .argument("<file>", "a file of weights, the index of several, or a folder with one of these")
    .option("--json", "print it as JSON")
    .addHelpText("after", "\nExample:\n  $ medctc weights inspect CT-CLIP_v2.pt")
    .action(async (file: string, { json = false }: { readonly json?: boolean }) => {
      const { inspectWeights } = await import("./weights-inspect.ts");
      end(inspectWeights(file, { json }, terminal));
    });
  weights
    .command("check")
    .description("say what a file has of a spec's weights, what is missing, and what has another shape")
    .argument("<spec>", "a spec file")
    .argument("<file>", "a file of weights, the index of several, or a folder with one of these")
    .option("--allow-missing <pattern...>", "names of weights that the file need not have, such as 'to_*'")
    .option("--json", "print it as JSON")
    .addHelpText(
      "after",
      "\nPrefixes such as `module.` or `model.` are found out, and so is an encoder's file without the encoder's name." +
        "\n\nExample:\n  $ medctc weights check specs/medct.vlm bert.safetensors --allow-missing 'visual_transformer.*'",
    )
    .action(async (spec: string, file: string, { allowMissing = [], json = false }: CheckFlags) => {
      const { checkWeights } = await import("./weights-check.ts");
      end(checkWeights(spec, file, { allowMissing, json }, terminal));
    });
}
