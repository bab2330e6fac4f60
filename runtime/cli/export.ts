import { basename, dirname, resolve } from "node:path";
import {
  buildProgram,
  type Compiled,
  firstValues,
  optimiseForOnnx,
  type Program,
  printType,
  type TracedSpec,
} from "../../compiler/index.ts";
import { type Diagnostic, renderDiagnostics, report } from "../../grammar/index.ts";
import { readText } from "../files/index.ts";
import { type OnnxFiles, type WeightPieces, writeOnnx } from "../onnx/index.ts";
import { floatPieces, loadTensors, type StoredTensor } from "../weights/index.ts";
import { Progress } from "./progress.ts";
import { compilePath, showDiagnostics } from "./read-spec.ts";
import { type ExitCode, exitCodes, type Terminal } from "./terminal.ts";

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
  readonly batch: number | null;
  readonly version: string;
}

/** `medctc export`: programs as ONNX models, with their weights in files beside them. */
export function exportSpec(path: string, options: ExportOptions, terminal: Terminal): ExitCode {
  const start = performance.now();
  const batch = options.batch === null ? {} : { batch: options.batch };
  const compiled = compilePath(path, terminal.libraryFolder, { ...batch, precision: "f32" });
  const { spec, plan } = compiled;
  if (!showDiagnostics(compiled, terminal) || spec === null || plan === null) return exitCodes.wrong;
  const files = filesOf(options.onnx);
  const isFile = options.onnx.endsWith(".onnx");
  const all: readonly ExportedProgram[] = isFile ? ["forward"] : exported;
  const wanted = options.program === null ? all : [options.program];
  const programs = wanted.flatMap((name): readonly Program[] => {
    const program = buildProgram(spec, name);
    return program === null ? [] : [optimiseForOnnx(program, spec)];
  });
  if (programs.length === 0) {
    const why = wanted.includes("step") ? "the model has no loss" : "the `eval` block names no latent for it";
    return refuse([report("no-such-program", path, { name: wanted.join(", "), why })], terminal);
  }
  const stored = new Map<string, StoredTensor>();
  for (const file of [options.weights, options.adapter]) {
    const loaded = file === null ? null : loadTensors(file);
    if (loaded?.kind === "wrong") return refuse([loaded.diagnostic], terminal);
    for (const [name, tensor] of loaded?.tensors ?? []) stored.set(name, tensor);
  }
  const weights = weightsOf(programs, spec, compiled, stored, options);
  if (weights.diagnostics.length > 0) return refuse(weights.diagnostics, terminal);
  if (options.weights === null) terminal.err("no --weights: the first values that follow from the spec's seed\n");
  const progress = new Progress(terminal);
  try {
    const file = readText(path);
    const about = {
      spec: file.kind === "text" ? file.text : "",
      version: options.version,
      placements: plan.placements.map(({ text }) => text),
    };
    const settings = { trainable: spec.trainable, gradients: false };
    writeOnnx(programs, settings, files, weights.piecesOf, about, (file) => progress.say(`writing ${file}`));
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    return refuse([report("not-writable", options.onnx, { path: options.onnx, reason: error.message })], terminal);
  } finally {
    progress.end();
  }
  const names = programs.map(({ name }) => files.model(name)).join(", ");
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  terminal.out(`${names} in ${files.folder}, with weights in ${files.frozen} and ${files.trainable}: ${seconds} s\n`);
  return exitCodes.done;
}

/** `model.onnx` has its weights beside it under its own name; in a folder, programs share them. */
function filesOf(path: string): OnnxFiles {
  if (!path.endsWith(".onnx")) {
    return {
      folder: resolve(path),
      model: (name) => `${name}.onnx`,
      frozen: "weights.data",
      trainable: "adapter.data",
    };
  }
  const stem = basename(path, ".onnx");
  return {
    folder: dirname(resolve(path)),
    model: () => basename(path),
    frozen: `${stem}.weights.data`,
    trainable: `${stem}.adapter.data`,
  };
}

/** Where each weight comes from: the files that were given, by its name in checkpoints, or its first value. */
function weightsOf(
  programs: readonly Program[],
  { parameters, settings }: TracedSpec,
  { plan }: Compiled,
  stored: ReadonlyMap<string, StoredTensor>,
  options: ExportOptions,
): { readonly piecesOf: WeightPieces; readonly diagnostics: readonly Diagnostic[] } {
  const planned = new Map([...(plan?.parameters ?? []), ...(plan?.buffers ?? [])].map((each) => [each.path, each]));
  const ofAdapter = new Set((plan?.parameters ?? []).flatMap((each) => (each.ofAdapter ? [each.path] : [])));
  const sources = new Map<string, StoredTensor>();
  const diagnostics: Diagnostic[] = [];
  const missing = new Set<string>();
  for (const { operation, type } of programs.flatMap(({ graph }) => graph.nodes)) {
    const parameter = operation.op === "parameter" ? planned.get(operation.path) : undefined;
    if (parameter === undefined || sources.has(parameter.path)) continue;
    const { path, checkpoint } = parameter;
    const found = stored.get(checkpoint) ?? stored.get(`base_model.model.${checkpoint}`);
    const needed = ofAdapter.has(path) ? options.adapter !== null : options.weights !== null;
    if (found === undefined && needed) missing.add(checkpoint);
    if (found === undefined) continue;
    sources.set(path, found);
    if (found.shape.join() === type.shape.join()) continue;
    const params = { name: checkpoint, found: `[${found.shape.join(", ")}]`, expected: printType(type) };
    diagnostics.push(report("misshapen-tensor", checkpoint, params));
  }
  if (missing.size > 0) {
    const params = { names: [...missing], what: missing.size === 1 ? "the weight" : `${missing.size} weights` };
    const help = "give the model's with --weights and the adapters' with --adapter";
    diagnostics.push(report("missing-tensors", "--weights", params, { help }));
  }
  const places = new Map(parameters.map((parameter, index) => [parameter.path, { parameter, index }]));
  const piecesOf = (path: string): Iterable<Float32Array> => {
    const source = sources.get(path);
    if (source !== undefined) return floatPieces(source);
    const place = places.get(path);
    if (place === undefined) throw new Error(`${path} is a parameter of the spec`);
    return firstValues(place.parameter, place.index, settings.seed);
  };
  return { piecesOf, diagnostics };
}

function refuse(diagnostics: readonly Diagnostic[], terminal: Terminal): ExitCode {
  terminal.err(renderDiagnostics(diagnostics, { colour: terminal.colour }));
  return exitCodes.wrong;
}
