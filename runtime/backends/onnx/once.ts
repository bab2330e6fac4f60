import { rmSync } from "node:fs";
import { join } from "node:path";
import { emitOnnx, evaluateOnce, flopsOfProgram, type Program } from "../../../compiler/index.ts";
import { makeTemporaryFolder } from "../../files/index.ts";
import type { WeightPieces } from "../../weights/index.ts";
import { OnnxSession } from "./session.ts";
import { onnxFiles, writeOnnx } from "./write-model.ts";

/** Up to that many floating-point operations the reference evaluator computes a value. */
const fewFlops = 2e9;

/** Computes what programs compute once from weights whose elements come in pieces; gives those weights and these values. */
export async function withComputedOnce(programs: Iterable<Program>, piecesOf: WeightPieces): Promise<WeightPieces> {
  const values = new Map<string, Float32Array>();
  const withOnce: WeightPieces = (path) => {
    const known = values.get(path);
    return known === undefined ? piecesOf(path) : [known];
  };
  for (const { graph, once } of programs) {
    for (const [path, node] of once) {
      if (values.has(path)) continue;
      const outputs = new Map([["value", node]]);
      const program: Program = { name: "once", graph, outputs, updates: new Map(), once: new Map() };
      values.set(path, isQuick(program) ? evaluateOnce(node, withOnce) : await computeOnce(program, withOnce));
    }
  }
  return withOnce;
}

/** Whether the reference evaluator computes a program in some seconds. */
export function isQuick(program: Program): boolean {
  return flopsOfProgram(program) < fewFlops;
}

/** The output `value` of a program that needs nothing but weights, in ONNX Runtime. */
export async function computeOnce(program: Program, piecesOf: WeightPieces): Promise<Float32Array> {
  const folder = makeTemporaryFolder("medctc-once");
  try {
    // As weights that may be given, or it would all be computed while the model is loaded, which takes far more memory.
    const paths = program.graph.nodes.flatMap(({ operation }) =>
      operation.op === "parameter" ? [operation.path] : [],
    );
    const model = emitOnnx(program, { trainable: new Set(paths), gradients: false });
    const files = onnxFiles(folder);
    writeOnnx(new Map([[program.name, model]]), files, piecesOf, {
      spec: "",
      version: "",
      placements: [],
      contract: null,
    });
    const session = await OnnxSession.load(join(folder, files.model(program.name)));
    const value = (await session.run(new Map(), ["value"])).get("value");
    await session.dispose();
    if (value === undefined) throw new Error("a model gives its outputs");
    return Float32Array.from(value.data);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
