import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  elementCount,
  emitOnnx,
  type Given,
  nameOf,
  type Program,
  seedInput,
  type TensorData,
} from "../../compiler/index.ts";
import { type SentTensor, sentTensor } from "./messages.ts";
import { withComputedOnce } from "./once.ts";
import { OnnxSession } from "./session.ts";
import { writeOnnx } from "./write-model.ts";

/**
 * Runs a program, optimised for ONNX, once in ONNX Runtime and gives what the reference evaluator gives: its outputs and
 * its updates, by name. Parameters that are missing are zeros.
 */
export async function runOnOnnx(
  program: Program,
  seed: number,
  { inputs, parameters }: Given,
): Promise<ReadonlyMap<string, TensorData>> {
  const folder = mkdtempSync(join(tmpdir(), "medctc-onnx-"));
  try {
    const settings = { trainable: new Set(program.updates.keys()), gradients: true };
    const zeros = new Map(
      program.graph.nodes.flatMap(({ operation, type }) =>
        operation.op === "parameter" ? [[operation.path, elementCount(type)] as const] : [],
      ),
    );
    const given = (path: string): Float32Array =>
      Float32Array.from(parameters.get(path)?.data ?? new Float32Array(zeros.get(path) ?? 0));
    const piecesOf = await withComputedOnce([program], (path) => [given(path)]);
    const about = { spec: "", version: "", placements: [] };
    const files = { folder, model: () => "model.onnx", frozen: "frozen.data", trainable: "trainable.data" };
    const model = emitOnnx(program, settings);
    writeOnnx(new Map([[program.name, model]]), files, piecesOf, about);
    const session = await OnnxSession.load(join(folder, "model.onnx"));
    const fed = new Map(
      model.inputs.map(({ name, type: { shape, dtype } }): readonly [string, SentTensor] => {
        const values = name === seedInput ? Float32Array.of(seed) : (inputs.get(name)?.data ?? given(name));
        return [name, sentTensor(dtype === "i32" ? "int32" : "float32", shape, values)];
      }),
    );
    const results = await session.run(
      fed,
      model.outputs.map(({ name }) => name),
    );
    await session.dispose();
    const names = new Map(model.outputs.map(({ of, name }) => [of, name]));
    const read = (output: string, { type }: { readonly type: TensorData["type"] }): TensorData => ({
      type,
      data: Float32Array.from(results.get(names.get(output) ?? output)?.data ?? []),
    });
    return new Map([
      ...[...program.outputs].map(([name, node]) => [name, read(name, node)] as const),
      ...[...program.updates].map(([path, node]) => [path, read(nameOf({ kind: "next", of: path }), node)] as const),
    ]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
