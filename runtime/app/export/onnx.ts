import { basename, dirname, join, resolve } from "node:path";
import { foldModel, type OnnxModel, printNumberOf } from "../../../compiler/index.ts";
import {
  type IntegerWeights,
  measureIntegers,
  type OnnxFiles,
  onnxFiles,
  withComputedOnce,
  withIntegers,
  writeOnnx,
} from "../../backends/onnx/index.ts";
import { storageProblem } from "../../files/index.ts";
import { version } from "../../machine/index.ts";
import { expandedSpec, openSpec } from "../../specs/index.ts";
import { ProblemError } from "../../text/index.ts";
import type { WeightPieces } from "../../weights/index.ts";
import type { CompiledSpec, SpecRequest } from "../compiled-spec.ts";
import { overwriting } from "../overwriting.ts";
import { done, type Ended, misused, problem, type Reporter, refuse, refuseBy, reportRemark } from "../reporter.ts";
import { reportAdapterFile } from "../weights/adapter-file.ts";
import { exportedContract } from "../weights/contract-agreement.ts";
import { remarkOn } from "../weights/first-values.ts";
import { type GivenWeights, openWeights } from "../weights/open.ts";
import {
  type EmitRequest,
  type ExportedProgram,
  emitPrograms,
  exportedPrograms,
  type ProgramForm,
} from "./emit-programs.ts";
import { unfoldedPlacements } from "./folded-weights.ts";
import { type KeptProduct, keptInSingle } from "./half-ranges.ts";
import { reportKept } from "./report-half.ts";
import { watchedPieces } from "./watched-pieces.ts";

export interface ExportOnnxRequest extends GivenWeights, SpecRequest, ProgramForm {
  /** A file for one program, or a folder for several. */
  readonly onnx: string;
  /** Null for all that the model has, or for `forward` where the path is of a file. */
  readonly program: ExportedProgram | null;
  /** Fold adapters into the weights that they stand beside. */
  readonly merge: boolean;
  /** The weights of products, and tables, as 8-bit integers with a scale for each output channel. */
  readonly int8: boolean;
}

/** The files that were written, by their names in a folder. */
export interface OnnxExport {
  readonly folder: string;
  readonly models: readonly string[];
  readonly weights: readonly string[];
  /** What became of each weight with `int8`; null without. */
  readonly integers: IntegerWeights | null;
  /** What each model takes and gives by ONNX's names, with its file; not what has a value in the model. */
  readonly programs: readonly {
    readonly file: string;
    readonly inputs: readonly OnnxInput[];
    readonly outputs: readonly string[];
  }[];
  readonly compiled: CompiledSpec;
}

export interface OnnxInput {
  readonly name: string;
  /** As NumPy calls it. */
  readonly dtype: "float32" | "int32";
  /** A number, or in words how it depends on the batch. */
  readonly sizes: readonly (number | string)[];
}

/** Writes programs as ONNX models, with their weights in files beside them. */
export async function exportOnnx(request: ExportOnnxRequest, reporter: Reporter): Promise<Ended<OnnxExport>> {
  const { spec: path, int8, half } = request;
  const files = filesOf(request.onnx);
  const wanted = programsWanted(request);
  const flag = forInference(request);
  if (wanted.includes("step") && flag !== null) {
    reporter.problem(problem(`${flag} is not for the training step`, "remove it, or choose another --program"));
    return misused;
  }
  const written = [...wanted.map((name) => files.model(name)), files.frozen, files.trainable];
  const over = overwriting(
    written.map((name) => join(files.folder, name)),
    [request.weights, request.adapter, path],
  );
  if (over !== null) return refuse(over, reporter);
  const asked = { ...request, wanted, served: null };
  let emitted = emitPrograms(asked, reporter);
  if (emitted.kind === "refused") return emitted;
  const { compiled, programs, trainable } = emitted;
  reportAdapterFile(request.adapter, reporter);
  if (request.merge)
    for (const text of unfoldedPlacements(compiled.plan, foldModel(compiled.spec, compiled.plan).left))
      reporter.note(`${text} stays beside the weights, none of which has room for it`);
  const weights = openWeights([...programs.values()], compiled, request);
  if (weights.kind === "wrong") return refuseBy(weights.diagnostics, reporter);
  for (const note of weights.notes) reporter.note(note);
  try {
    const remark = remarkOn(weights.firstValues, weights.origin, "export");
    if (remark !== null) reportRemark(remark, reporter);
    const opened = openSpec(path);
    const about = {
      spec: opened.kind === "spec" ? (expandedSpec(opened, request.set).source?.text ?? "") : "",
      version,
      placements: compiled.plan.placements.map((placement) => placement.text),
      contract: exportedContract(compiled.spec, request.adapter),
    };
    if (half) {
      reporter.progress("measuring which products 16 bits have room for");
      const inSingle = await productsInSingle(
        asked,
        wanted.filter((name) => programs.has(name)),
        weights.piecesOf,
        reporter,
      );
      if (inSingle === null) {
        const message = "what 16 bits have room for cannot be measured for any batch size";
        return refuse(problem(message, "set one with --batch"), reporter);
      }
      if ([...inSingle.values()].some(({ size }) => size > 0)) emitted = emitPrograms({ ...asked, inSingle }, reporter);
      if (emitted.kind === "refused") return emitted;
    }
    reporter.progress("computing values that depend on weights alone");
    const watch = watchedPieces(await withComputedOnce(emitted.programs.values(), weights.piecesOf));
    const { piecesOf } = watch;
    if (int8) reporter.progress("measuring weights");
    const integers = int8 ? measureIntegers([...emitted.programs.values()], trainable, piecesOf) : null;
    const models = integers === null ? emitted.models : emitted.withIntegers(axesOf(integers));
    const stored = integers === null ? piecesOf : withIntegers(integers.integers, piecesOf);
    writeOnnx(models, files, stored, about, (file) => reporter.progress(`writing ${file}`));
    for (const [name, count] of watch.notFinite)
      reporter.warning(
        `\`${name}\` has ${printNumberOf(count, "value")} that ${count === 1 ? "is" : "are"} not finite`,
      );
    const hasTrainable = [...models.values()].some((model) => model.weights.some((weight) => weight.trainable));
    return done({
      folder: files.folder,
      models: [...models.keys()].map((name) => files.model(name)),
      weights: hasTrainable ? [files.frozen, files.trainable] : [files.frozen],
      integers,
      programs: [...models].map(([name, model]) => ({ file: files.model(name), ...signatureOf(model) })),
      compiled,
    });
  } catch (error) {
    if (error instanceof ProblemError) return refuse(error.problem, reporter);
    return refuse(storageProblem(request.onnx, error), reporter);
  } finally {
    reporter.progressEnd();
    weights.close();
  }
}

function signatureOf({ inputs, outputs, weights }: OnnxModel) {
  const known = new Set(weights.map(({ name }) => name));
  return {
    inputs: inputs.flatMap(({ name, type: { dtype, shape, sizes = shape } }): readonly OnnxInput[] =>
      known.has(name) ? [] : [{ name, dtype: dtype === "i32" ? "int32" : "float32", sizes }],
    ),
    outputs: outputs.map(({ name }) => name),
  };
}

function axesOf({ integers }: IntegerWeights): ReadonlyMap<string, number> {
  return new Map(integers.map(({ path, axis }) => [path, axis]));
}

/** The option that makes programs something else than a training step is; null where none is given. */
function forInference({ merge, half, int8, batch }: ExportOnnxRequest): string | null {
  if (merge) return "--merge";
  if (half) return "--half";
  if (int8) return "--int8";
  return batch === "dynamic" ? "--dynamic-batch" : null;
}

/** Measures all programs, and says which products stay in 32 bits; null where that cannot be found out. */
export async function productsInSingle(
  asked: EmitRequest,
  names: readonly ExportedProgram[],
  piecesOf: WeightPieces,
  reporter: Reporter,
): Promise<ReadonlyMap<ExportedProgram, ReadonlySet<number>> | null> {
  const inSingle = new Map<ExportedProgram, ReadonlySet<number>>();
  const reasons: KeptProduct[] = [];
  for (const name of names) {
    const kept = await keptInSingle(name, asked, piecesOf);
    if (kept === null) return null;
    inSingle.set(name, kept.places);
    reasons.push(...kept.reasons);
  }
  reportKept(reasons, reporter);
  return inSingle;
}

/** All programs for a folder, and of those only what can be written as it is asked for. */
function programsWanted(request: ExportOnnxRequest): readonly ExportedProgram[] {
  const { onnx, program } = request;
  if (program !== null) return [program];
  if (onnx.endsWith(".onnx")) return ["forward"];
  return exportedPrograms.filter((name) => name !== "step" || forInference(request) === null);
}

/** `model.onnx` has its weights beside it under its own name; in a folder, programs share them. */
function filesOf(path: string): OnnxFiles {
  if (!path.endsWith(".onnx")) return onnxFiles(resolve(path));
  const stem = basename(path, ".onnx");
  return {
    folder: dirname(resolve(path)),
    model: () => basename(path),
    frozen: `${stem}.weights.data`,
    trainable: `${stem}.adapter.data`,
  };
}
