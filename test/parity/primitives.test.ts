import { describe, expect, test } from "vitest";
import { type Program, runProgram, type TensorData } from "../../compiler/index.ts";
import { Builder } from "../../compiler/ir/index.ts";
import { gradientsOf } from "../../compiler/passes/reverse-mode.ts";
import { backendNamed, runOnce } from "../../runtime/backends/index.ts";
import { loadTensorflow } from "../../runtime/backends/tensorflow/native/index.ts";
import { equalForms, given, knownValues, traced } from "../compiler/primitives.ts";

/** Rows by number, order, products by letters, resizing, whole numbers and logic, all in one program with its gradients. */

const expressions = [...knownValues.map(([expression]) => expression), ...equalForms.map(([expression]) => expression)];
const { graph, values } = traced(expressions);
if (graph === null) throw new Error("the spec compiles");
const [first] = values;
if (first === undefined) throw new Error("there are values");
const build = new Builder(graph, first.origin);
const inputNodes = graph.nodes.filter(({ operation, type }) => operation.op === "input" && type.dtype === "f32");
const loss = values
  .filter(({ type }) => type.dtype === "f32")
  .map((value) =>
    build.sum(
      build.mul(value, value),
      value.type.shape.map((_, axis) => axis),
      false,
    ),
  )
  .reduce((total, each) => build.add({ op: "add" }, total, each));
const gradients = gradientsOf(graph, loss, new Set(inputNodes));
const outputs = new Map([
  ...values.map((value, index) => [`y${index}`, value] as const),
  ...[...gradients].map(([node, gradient]) => [`gradient of ${node.id}`, gradient] as const),
]);
const program: Program = { name: "forward", graph, outputs, updates: new Map(), once: new Map() };
const inputs = new Map(
  [...given()].map(([name, { type, data }]): [string, TensorData] => [name, { type, data: Float32Array.from(data) }]),
);
const expected = runProgram(program, { inputs, parameters: new Map() }, "f32");

describe.each(["onnx", "tensorflow"] as const)("%s gives what the evaluator gives", (name) => {
  test.runIf(name === "onnx" || loadTensorflow().kind === "ready")("expressions and their gradients", async () => {
    const backend = backendNamed(name);
    if (backend === null) throw new Error("it is listed");
    const model = { parameters: [], trainable: new Set<string>(), seed: 0, programs: [program] };
    const found = await runOnce(backend, model, { inputs, piecesOf: () => [], state: new Map() });
    const wrong = [...expected].flatMap(([output, ours], index) => {
      const theirs = found.get(output)?.data ?? [];
      const isWrong = [...ours.data].some((value, place) => {
        const error = Math.abs(value - Number(theirs[place] ?? Number.NaN));
        return !(error <= 1e-4 * Math.max(1, Math.abs(value)));
      });
      return theirs.length !== ours.data.length || isWrong
        ? [[expressions[index] ?? output, [...ours.data], [...theirs]]]
        : [];
    });
    expect(wrong).toEqual([]);
  });
});
