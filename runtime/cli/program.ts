import { Argument, Command, CommanderError, Option } from "commander";
import type { ProgramName, TrainOverrides } from "../../compiler/index.ts";
import { compiledTargetNames, passNames, programNames } from "../../compiler/names.ts";
import { addAdapterCommands } from "./adapter-commands.ts";
import type { BenchOptions } from "./bench.ts";
import type { Emitted } from "./compile.ts";
import { addDataCommands } from "./data-commands.ts";
import type { ExportedProgram } from "./export.ts";
import { backendOption, pictureWidth, wholeNumber } from "./option-values.ts";

import { addPlacementCommands } from "./placement-commands.ts";
import { addSweepCommands } from "./sweep-commands.ts";

import { failSystem, isRefusal } from "./system-failure.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";
import { version } from "./version.ts";
import { addWeightsCommands } from "./weights-commands.ts";

/** Behind the options of commands that take any program. */
const helpOfPieces =
  "\n\nembed, compare, backpropagate and update are the training step where `micro_batch` cuts the batch. compare takes all" +
  "\nrows, embed and backpropagate those of a micro-batch, update the gradients that the others have added up.";
interface CompileFlags {
  readonly emit?: Emitted;
  readonly after?: string;
  readonly output?: string;
  readonly target?: string;
  readonly memory?: boolean;
}

interface GraphFlags {
  readonly output: string;
  readonly width: number;
  readonly dark?: boolean;
}

interface RunFlags {
  readonly weights?: string;
  readonly adapter?: string;
  readonly feeds?: string;
  readonly fetch?: readonly string[];
  readonly step: number;
  readonly backend: string;
  readonly output: string;
}

interface ExportFlags {
  readonly onnx?: string;
  readonly safetensors?: string;
  readonly peft?: string;
  readonly program?: ExportedProgram;
  readonly weights?: string;
  readonly adapter?: string;
  readonly allowMissing?: readonly string[];
  readonly merge?: boolean;
  readonly batch?: number;
  readonly dynamicBatch?: boolean;
  readonly half?: boolean;
}

interface BenchFlags extends TrainOverrides {
  readonly weights?: string;
  readonly program: BenchOptions["program"];
  readonly backend: string;
  readonly steps?: number;
  readonly warmup: number;
  readonly profile?: string;
  readonly json?: boolean;
}

const summary = `A language and compiler for adapting vision-language models.

A .vlm file says which encoders a model has, where adapters sit, what is frozen, the loss, and what must be true.`;

/** Runs one command line, without the program's own name, and gives its exit code. */
export async function run(commandLine: readonly string[], terminal: Terminal): Promise<ExitCode> {
  let code: ExitCode = exitCodes.done;
  const program = new Command("medctc")
    .description(summary)
    .version(version)
    .showHelpAfterError("(run with --help for usage)")
    .exitOverride()
    .configureOutput({ writeOut: terminal.out, writeErr: terminal.err });
  program
    .command("check")
    .description("say what is wrong with specs and with what they import")
    .argument("<spec...>", "spec files")
    .option("--json", "print the diagnostics as JSON, with ranges as the language server protocol counts them")
    .addHelpText("after", "\nExample:\n  $ medctc check specs/medct.vlm")
    .action(async (specs: readonly string[], { json = false }: { readonly json?: boolean }) => {
      const { check } = await import("./check.ts");
      code = check(specs, { json }, terminal);
    });
  program
    .command("fmt")
    .description("put specs into the one form that the language has")
    .argument("[spec...]", "spec files, changed in place")
    .option("--check", "change nothing; list what is not formatted, and exit with 1 if anything is listed")
    .option("--stdin", "format standard input to standard output")
    .addHelpText("after", "\nExamples:\n  $ medctc fmt specs/*.vlm\n  $ medctc fmt --stdin < specs/medct.vlm")
    .action(async (specs: readonly string[], options: { readonly check?: boolean; readonly stdin?: boolean }) => {
      const { format } = await import("./format.ts");
      code = await format(specs, { check: options.check ?? false, stdin: options.stdin ?? false }, terminal);
    });
  program
    .command("compile")
    .description("print a summary of a spec and check its expectations")
    .argument("<spec>", "a spec file")
    .addOption(
      new Option("--emit <what>", "print that instead of the summary").choices(["plan", "passes", ...programNames]),
    )
    .addOption(new Option("--after <pass>", "of a program, what this pass leaves").choices(["none", ...passNames]))
    .option("-o, --output <folder>", "write plan.yaml there, and what --target asks for")
    .addOption(
      new Option("--target <name>", "write the model for this program too; needs -o").choices(compiledTargetNames()),
    )
    .option("--memory", "say how much memory a training step is expected to take, whether or not the spec limits it")
    .addHelpText(
      "after",
      "\nExamples:\n  $ medctc compile specs/medct.vlm\n  $ medctc compile specs/medct.vlm --emit plan\n" +
        "  $ medctc compile specs/medct.vlm --target tensorflow -o model" +
        helpOfPieces,
    )
    .action(async (spec: string, options: CompileFlags) => {
      const { emit = null, after = null, output = null, target = null, memory = false } = options;
      if (target !== null && output === null) {
        terminal.err("error: --target needs a folder to write to\n  help: add -o FOLDER\n");
        code = exitCodes.usage;
        return;
      }
      const { compile } = await import("./compile.ts");
      code = compile(spec, { emit, after, output, target, memory }, terminal);
    });
  program
    .command("graph")
    .description("draw a model: encoders, layers, adapters, and how values flow to the loss")
    .argument("<spec>", "a spec file")
    .requiredOption("-o, --output <file>", "where the picture goes: .svg for it alone, .html for a page with tables")
    .option("--width <pixels>", "how wide it is", pictureWidth, 1072)
    .option("--dark", "on a dark ground; a page else follows its reader's system")
    .addHelpText("after", "\nExample:\n  $ medctc graph specs/medct.vlm -o medct.svg")
    .action(async (spec: string, options: GraphFlags) => {
      const { graph } = await import("./graph.ts");
      const { output, width, dark = false } = options;
      code = await graph(spec, { output, width, isDark: dark }, terminal);
    });
  program
    .command("params")
    .description("list every parameter: its names, its shape, whether it is trained, and which rule says so")
    .argument("<spec>", "a spec file")
    .option("--json", "print them as JSON")
    .option("--trainable", "only those that are trained")
    .addHelpText("after", "\nExample:\n  $ medctc params specs/medct.vlm --trainable")
    .action(async (spec: string, options: { readonly json?: boolean; readonly trainable?: boolean }) => {
      const { params } = await import("./params.ts");
      code = params(spec, { json: options.json ?? false, trainable: options.trainable ?? false }, terminal);
    });
  program
    .command("explain")
    .description("list what a selector matches, and why")
    .argument("<spec>", "a spec file")
    .argument("<selector>", "a selector, or several with commas between")
    .addHelpText("after", "\nExample:\n  $ medctc explain specs/medct.vlm text.attn.q,v")
    .action(async (spec: string, selector: string) => {
      const { explain } = await import("./explain.ts");
      code = explain(spec, selector, terminal);
    });
  program
    .command("run")
    .description("run one program of a spec once, on given tensors")
    .argument("<spec>", "a spec file")
    .addArgument(new Argument("<program>", "which program").choices(programNames))
    .option("--weights <file>", "the model's weights, safetensors by their names in checkpoints")
    .option(
      "--adapter <path>",
      "the adapters' weights, and what a step keeps: a file, or the folder of a training or of PEFT",
    )
    .option("--feeds <file>", "the inputs by their names; their first size is the batch")
    .option("--fetch <name...>", "named values inside the model to give as well, such as vision.spatial")
    .option("--step <number>", "the number of the training step", Number, 0)
    .addOption(
      backendOption("what runs it; auto takes the fastest that is there", { trains: false }).default("evaluator"),
    )
    .requiredOption("-o, --output <file>", "where the results go, safetensors")
    .addHelpText(
      "after",
      "\nExample:\n  $ medctc run specs/medct-small.vlm forward --weights w.safetensors --adapter lora.safetensors \\\n" +
        "      --feeds batch.safetensors --fetch vision.spatial -o out.safetensors" +
        helpOfPieces,
    )
    .action(async (spec: string, name: ProgramName, options: RunFlags) => {
      const { run: runOnce } = await import("./run.ts");
      const { weights = null, adapter = null, feeds = null, fetch = [], step, backend, output } = options;
      code = await runOnce(spec, name, { weights, adapter, feeds, fetch, step, backend, output }, terminal);
    });
  program
    .command("export")
    .description(
      "write programs as ONNX with their weights in files beside them, the weights alone, or adapters for PEFT",
    )
    .argument("<spec>", "a spec file")
    .option("--onnx <path>", "a file for one program (model.onnx), or a folder for all that the model has")
    .option(
      "--safetensors <file>",
      "the weights alone, by their names in checkpoints, without adapters or with --merge",
    )
    .option("--peft <folder>", "the adapters as PEFT stores them, where PEFT has them: LoRA, DoRA with --weights, IA3")
    .addOption(
      new Option("--program <name>", "which program; forward for a file, all for a folder").choices([
        "forward",
        "encode_image",
        "encode_text",
        "step",
      ]),
    )
    .option("--weights <file>", "the model's weights, safetensors by their names in checkpoints")
    .option(
      "--adapter <path>",
      "the adapters' weights: a file or a folder; without them first values, which change nothing",
    )
    .option("--allow-missing <pattern...>", "names of weights that the files need not have, such as 'to_*'")
    .option("--merge", "fold adapters into the weights that they stand beside, where that is possible")
    .addOption(
      new Option("--batch <rows>", "another batch than the spec says")
        .argParser(wholeNumber(1))
        .conflicts("dynamicBatch"),
    )
    .option("--half", "matrix products, and the weights that they read, in 16-bit floats; not for the training step")
    .option("--dynamic-batch", "write programs that take any number of rows; not for the training step")
    .addHelpText(
      "after",
      "\nFrozen weights and those that are trained are in two files, so that one of the first serves many of the second." +
        "\n\nExamples:\n  $ medctc export specs/medct-small.vlm --onnx model --weights w.safetensors" +
        "\n  $ medctc export specs/medct-small.vlm --onnx image.onnx --program encode_image --merge --dynamic-batch" +
        "\n  $ medctc export specs/medct.vlm --peft adapter --adapter run",
    )
    .action(async (spec: string, { onnx, safetensors, peft, ...options }: ExportFlags) => {
      const { program: name = null, weights = null, adapter = null, merge = false, half = false } = options;
      const { allowMissing = [] } = options;
      if (safetensors !== undefined) {
        const { exportWeights } = await import("./export-weights.ts");
        code = await exportWeights(spec, { file: safetensors, weights, adapter, allowMissing, merge }, terminal);
        if (code !== exitCodes.done) return;
      }
      if (peft !== undefined) {
        const { exportPeft } = await import("./export-peft.ts");
        code = exportPeft(spec, { folder: peft, weights, adapter, allowMissing }, terminal);
        if (code !== exitCodes.done) return;
      }
      if (onnx === undefined) {
        if (safetensors !== undefined || peft !== undefined) return;
        terminal.err("error: no output specified\n  help: add --onnx PATH, --safetensors FILE or --peft DIR\n");
        code = exitCodes.usage;
        return;
      }
      const { exportSpec } = await import("./export.ts");
      const batch = options.dynamicBatch === true ? "dynamic" : (options.batch ?? null);
      code = await exportSpec(
        spec,
        { onnx, program: name, weights, adapter, allowMissing, merge, half, batch, version },
        terminal,
      );
    });
  program
    .command("bench")
    .description("measure what one run of a program takes, beside what the machine can do at best")
    .argument("<spec>", "a spec file")
    .addOption(new Option("--program <name>", "which program").choices(["step", "forward"]).default("step"))
    .option("--batch <rows>", "another batch than the spec says", wholeNumber(1))
    .addOption(new Option("--precision <type>", "another precision than the spec says").choices(["f32", "bf16"]))
    .addOption(
      new Option("--recompute <what>", "whose activations to recompute in the backward pass").choices([
        "none",
        "layers",
      ]),
    )
    .addOption(backendOption("what runs it", { trains: false }))
    .option(
      "--steps <number>",
      "how many runs are counted; as many as fit half a minute, when it is left out",
      wholeNumber(1),
    )
    .option("--weights <file>", "the model's weights; first values when it is left out")
    .option("--warmup <number>", "runs between the first and those that are counted", wholeNumber(0), 1)
    .option("--profile <file>", "say where the time of one more run goes, and write its trace for chrome://tracing")
    .option("--json", "print it as JSON")
    .addHelpText("after", "\nExample:\n  $ medctc bench specs/medct-small.vlm --batch 8 --profile trace.json")
    .action(async (spec: string, options: BenchFlags) => {
      const { bench } = await import("./bench.ts");
      const { program: name, backend, weights = null, steps = null, warmup, profile = null, json = false } = options;
      const { batch, precision, recompute } = options;
      const overrides = {
        ...(batch === undefined ? {} : { batch }),
        ...(precision === undefined ? {} : { precision }),
        ...(recompute === undefined ? {} : { recompute }),
      };
      code = await bench(spec, { program: name, overrides, backend, weights, steps, warmup, profile, json }, terminal);
    });
  const end = (ended: ExitCode): void => {
    code = ended;
  };
  addDataCommands(program, version, terminal, end);
  addWeightsCommands(program, terminal, end);
  addAdapterCommands(program, terminal, end);
  addPlacementCommands(program, terminal, end);
  addSweepCommands(program, terminal, end);
  program.command("measure", { hidden: true }).action(async () => {
    const { measure } = await import("./measure.ts");
    code = await measure(terminal);
  });
  program
    .command("backend")
    .description("the programs that medctc trains on")
    .command("install")
    .description("install native TensorFlow into medctc's cache folder, once; a C++ compiler and pip are needed")
    .option("--gpu", "the TensorFlow that uses a GPU: linux x64, an NVIDIA driver, CUDA 12 and cuDNN 9")
    .addHelpText(
      "after",
      "\nAn interrupted install resumes where it stopped. Where both kinds are there, commands use the one for a GPU." +
        "\n\nExample:\n  $ medctc backend install",
    )
    .action(async ({ gpu = false }: { readonly gpu?: boolean }) => {
      const { installBackend } = await import("./backend.ts");
      code = installBackend(gpu, terminal);
    });
  program
    .command("doctor")
    .description("say what is there to run on, what is missing, and the command that repairs it")
    .option("--json", "print it as JSON")
    .addHelpText("after", "\nExample:\n  $ medctc doctor")
    .action(async ({ json = false }: { readonly json?: boolean }) => {
      const { doctor } = await import("./doctor.ts");
      code = doctor({ json }, terminal);
    });
  try {
    await program.parseAsync(commandLine, { from: "user" });
  } catch (error) {
    if (isRefusal(error)) return failSystem(error, "", terminal);
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
  }
  return code;
}
