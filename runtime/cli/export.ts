import { basename, dirname, resolve } from "node:path";
import {
  buildProgram,
  emitOnnx,
  type OnnxModel,
  optimiseForOnnx,
  type Program,
  trialBatches,
  withDynamicBatch,
} from "../../compiler/index.ts";
import { report } from "../../grammar/index.ts";
import { type OnnxFiles, onnxFiles, withComputedOnce, writeOnnx } from "../backends/onnx/index.ts";
import { readText } from "../files/index.ts";
import { compilePath } from "../specs/index.ts";
import { refuse, refuseWriting } from "./fail.ts";
import { Progress } from "./progress.ts";
import { showDiagnostics } from "./show-diagnostics.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";
import { openWeights } from "./weight-sources.ts";

const exported = ["forward", "encode_image", "encode_text", "step"] as const;

/** The programs that can be exported. */
export type ExportedProgram = (typeof exported)[number];

export interface ExportOptions {
  /** A file for one program, or a folder for several. */
  readonly onnx: string;
  /** Null for all that the model has, or for `forward` where the path is of a file. */
  readonly program: ExportedProgram | null;
  readonly weights: string | null;
  readonly adapter: string | null;
  /** Names of weights that the files need not have. */
  readonly allowMissing: readonly string[];
  /** Fold adapters into the weights that they stand beside. */
  readonly merge: boolean;
  /** Matrix products, and the weights that they read, in 16 bits. */
  readonly half: boolean;
  /** Another batch than the spec's, or any. */
  readonly batch: number | "dynamic" | null;
  readonly version: string;
}

/** `medctc export`: programs as ONNX models, with their weights in files beside them. */
export async function exportSpec(path: string, options: ExportOptions, terminal: Terminal): Promise<ExitCode> {
  const start = performance.now();
  const { batch, merge, half } = options;
  const batches = batch === "dynamic" ? trialBatches : [batch];
  const [compiled, ...others] = batches.map((rows) =>
    compilePath(path, terminal.libraryFolder, { ...(rows === null ? {} : { batch: rows }), precision: "f32" }),
  );
  if (compiled === undefined || !showDiagnostics(compiled, terminal)) return exitCodes.wrong;
  const files = filesOf(options.onnx);
  const wanted = programsWanted(options);
  if (wanted.includes("step") && (merge || half || batch === "dynamic")) {
    const flag = merge ? "--merge" : half ? "--half" : "--dynamic-batch";
    terminal.err(`error: ${flag} is not for the training step\n  help: leave it out, or name another --program\n`);
    return exitCodes.usage;
  }
  const programs = new Map<string, Program>();
  const models = new Map<string, OnnxModel>();
  for (const name of wanted) {
    const traced = [compiled, ...others].flatMap(({ spec }) => {
      const program = spec === null ? null : buildProgram(spec, name);
      if (spec === null || program === null) return [];
      const optimised = optimiseForOnnx(program, spec, { merge, half, forAnyBatch: batch === "dynamic" });
      const trainable = merge ? new Set<string>() : spec.trainable;
      const settings = { trainable, gradients: false, forAnyBatch: batch === "dynamic" };
      return [{ program: optimised, model: emitOnnx(optimised, settings) }];
    });
    const [first] = traced;
    if (first === undefined) continue;
    const model = batch === "dynamic" ? withDynamicBatch(traced.map((each) => each.model)) : first.model;
    if (typeof model === "string") {
      terminal.err(`error: ${name} cannot be written for every batch: ${model}\n  help: name one with --batch\n`);
      return exitCodes.wrong;
    }
    programs.set(name, first.program);
    models.set(name, model);
  }
  if (models.size === 0) {
    const why = wanted.includes("step") ? "the model has no loss" : "the `eval` block names no latent for it";
    return refuse([report("no-such-program", path, { name: wanted.join(", "), why })], terminal);
  }
  const weights = openWeights([...programs.values()], compiled, options);
  if (weights.kind === "wrong") return refuse(weights.diagnostics, terminal);
  const progress = new Progress(terminal);
  try {
    if (options.weights === null) terminal.err("no --weights: the first values that follow from the spec's seed\n");
    const text = readText(path);
    const about = {
      spec: text.kind === "text" ? text.text : "",
      version: options.version,
      placements: (compiled.plan?.placements ?? []).map((placement) => placement.text),
    };
    progress.say("computing what depends on weights alone");
    const piecesOf = await withComputedOnce(programs.values(), weights.piecesOf);
    writeOnnx(models, files, piecesOf, about, (file) => progress.say(`writing ${file}`));
  } catch (error) {
    return refuseWriting(error, options.onnx, terminal);
  } finally {
    progress.end();
    weights.close();
  }
  const names = [...models.keys()].map((name) => files.model(name)).join(", ");
  const hasTrainable = [...models.values()].some((model) => model.weights.some(({ trainable }) => trainable));
  const data = hasTrainable ? `${files.frozen} and ${files.trainable}` : files.frozen;
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  terminal.out(`${names} in ${files.folder}, with weights in ${data}: ${seconds} s\n`);
  return exitCodes.done;
}

/** All programs for a folder, and of those only what can be written as it is asked for. */
function programsWanted({ onnx, program, merge, half, batch }: ExportOptions): readonly ExportedProgram[] {
  if (program !== null) return [program];
  if (onnx.endsWith(".onnx")) return ["forward"];
  return merge || half || batch === "dynamic" ? exported.filter((name) => name !== "step") : exported;
}

/** `model.onnx` has its weights beside it under its own name; in a folder, programs share them. */
function filesOf(path: string): OnnxFiles {
  if (!path.endsWith(".onnx")) {
    return onnxFiles(resolve(path));
  }
  const stem = basename(path, ".onnx");
  return {
    folder: dirname(resolve(path)),
    model: () => basename(path),
    frozen: `${stem}.weights.data`,
    trainable: `${stem}.adapter.data`,
  };
}
