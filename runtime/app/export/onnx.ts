import { basename, dirname, resolve } from "node:path";
import {
  buildProgram,
  emitOnnx,
  type OnnxModel,
  optimiseForOnnx,
  type Program,
  trialBatches,
  withDynamicBatch,
} from "../../../compiler/index.ts";
import { report } from "../../../grammar/index.ts";
import { type OnnxFiles, onnxFiles, withComputedOnce, writeOnnx } from "../../backends/onnx/index.ts";
import { storageProblem } from "../../files/index.ts";
import { version } from "../../machine/index.ts";
import { compilePath, expandedSpec, openSpec } from "../../specs/index.ts";
import { ProblemError } from "../../text/index.ts";
import { compileReported, type SpecRequest } from "../compiled-spec.ts";
import {
  done,
  type Ended,
  misused,
  problem,
  type Reporter,
  refuse,
  refuseBy,
  refused,
  reportRemark,
} from "../reporter.ts";
import { reportAverages } from "../weights/adapter-file.ts";
import { exportedContract } from "../weights/contract-agreement.ts";
import { remarkOn } from "../weights/first-values.ts";
import { type GivenWeights, openWeights } from "../weights/open.ts";

/** The programs that can be exported. */
export const exportedPrograms = ["forward", "encode_image", "encode_text", "step"] as const;

export type ExportedProgram = (typeof exportedPrograms)[number];

export interface ExportOnnxRequest extends GivenWeights, SpecRequest {
  /** A file for one program, or a folder for several. */
  readonly onnx: string;
  /** Null for all that the model has, or for `forward` where the path is of a file. */
  readonly program: ExportedProgram | null;
  /** Fold adapters into the weights that they stand beside. */
  readonly merge: boolean;
  /** Matrix products, and the weights that they read, in 16 bits. */
  readonly half: boolean;
  /** Another batch than the spec's, or any. */
  readonly batch: number | "dynamic" | null;
}

/** The files that were written, by their names in a folder. */
export interface OnnxExport {
  readonly folder: string;
  readonly models: readonly string[];
  readonly weights: readonly string[];
}

/** Writes programs as ONNX models, with their weights in files beside them. */
export async function exportOnnx(request: ExportOnnxRequest, reporter: Reporter): Promise<Ended<OnnxExport>> {
  const { spec: path, batch, merge, half } = request;
  const [rows, ...otherRows] = batch === "dynamic" ? trialBatches : [batch];
  const compiled = compileReported(request, reporter, overridesFor(rows ?? null));
  if (compiled === null) return refused;
  const others = otherRows.map((other) => compilePath(path, { ...overridesFor(other), set: request.set }));
  const files = filesOf(request.onnx);
  const wanted = programsWanted(request);
  if (wanted.includes("step") && (merge || half || batch === "dynamic")) {
    const flag = merge ? "--merge" : half ? "--half" : "--dynamic-batch";
    reporter.problem(problem(`${flag} is not for the training step`, "remove it, or choose another --program"));
    return misused;
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
      return refuse(
        problem(`${name} cannot be written for any batch size: ${model}`, "set one with --batch"),
        reporter,
      );
    }
    programs.set(name, first.program);
    models.set(name, model);
  }
  if (models.size === 0) {
    const why = wanted.includes("step") ? "the model has no loss" : "the `eval` block sets no latent for it";
    return refuseBy([report("no-such-program", path, { name: wanted.join(", "), why })], reporter);
  }
  reportAverages(request.adapter, reporter);
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
    reporter.progress("computing values that depend on weights alone");
    const piecesOf = await withComputedOnce(programs.values(), weights.piecesOf);
    writeOnnx(models, files, piecesOf, about, (file) => reporter.progress(`writing ${file}`));
  } catch (error) {
    if (error instanceof ProblemError) return refuse(error.problem, reporter);
    return refuse(storageProblem(request.onnx, error), reporter);
  } finally {
    reporter.progressEnd();
    weights.close();
  }
  const hasTrainable = [...models.values()].some((model) => model.weights.some(({ trainable }) => trainable));
  return done({
    folder: files.folder,
    models: [...models.keys()].map((name) => files.model(name)),
    weights: hasTrainable ? [files.frozen, files.trainable] : [files.frozen],
  });
}

/** How a step is cut, and what it may take, is no concern of an export. */
function overridesFor(rows: number | null) {
  return { ...(rows === null ? {} : { batch: rows, microBatch: rows }), precision: "f32", memory: null } as const;
}

/** All programs for a folder, and of those only what can be written as it is asked for. */
function programsWanted({ onnx, program, merge, half, batch }: ExportOnnxRequest): readonly ExportedProgram[] {
  if (program !== null) return [program];
  if (onnx.endsWith(".onnx")) return ["forward"];
  const isForInference = merge || half || batch === "dynamic";
  return exportedPrograms.filter((name) => name !== "step" || !isForInference);
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
