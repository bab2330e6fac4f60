import { describe, expect, test } from "vitest";
import { elementCount, type Program, runProgram, type TensorData, type TensorType } from "../../compiler/index.ts";
import { Builder, Graph, type Operation } from "../../compiler/ir/index.ts";
import { inferType } from "../../compiler/ops/index.ts";
import { createSource } from "../../grammar/index.ts";
import { backendNamed, runOnce } from "../../runtime/backends/index.ts";
import { loadTensorflow } from "../../runtime/backends/tensorflow/native/index.ts";
import { randomConvolution } from "../ops/random-convolution.ts";
import { Random } from "../random.ts";

/** Convolutions and pools of random shapes, all in one program, on every backend as in the evaluator. */

const span = { source: createSource("test", ""), start: 0, end: 0 };
const none = [0, 0] as const;

type Case = readonly [Operation, readonly (readonly number[])[]];

function shapeOf(operation: Operation, shapes: readonly (readonly number[])[]): readonly number[] {
  const type = inferType(
    operation,
    shapes.map((shape) => ({ dtype: "f32", shape })),
  );
  if (typeof type === "string") throw new Error(type);
  return type.shape;
}

/** A convolution with both of its gradients. */
function withGradients(conv: Extract<Operation, { op: "conv" }>, input: readonly number[], weight: readonly number[]) {
  const output = shapeOf(conv, [input, weight]);
  return [
    [conv, [input, weight]],
    [{ ...conv, op: "conv_input", sizes: input.slice(1, -1) }, [output, weight]],
    [{ ...conv, op: "conv_weight", kernel: weight.slice(2) }, [input, output]],
  ] as const satisfies readonly Case[];
}

function pools(pool: Omit<Extract<Operation, { op: "max_pool" }>, "op">, input: readonly number[]): readonly Case[] {
  const output = shapeOf({ op: "max_pool", ...pool }, [input]);
  return [
    [{ op: "max_pool", ...pool }, [input]],
    [{ op: "max_pool_input", ...pool }, [input, output]],
    [{ op: "avg_pool", ...pool }, [input]],
    [{ op: "avg_pool_input", ...pool, sizes: input.slice(1, -1) }, [output]],
  ];
}

const cases: Case[] = [];
const numbers = new Random(3);
for (let made = 0; made < 30; made++) {
  const { conv, input, weight } = randomConvolution(numbers);
  const dilation = made % 2 === 0 ? conv.dilation.map(() => 1) : conv.dilation;
  cases.push(...withGradients({ ...conv, dilation }, input, weight));
  cases.push(...pools({ stride: conv.stride, padding: conv.padding, kernel: weight.slice(2) }, input));
}
const plain = (axes: number) => ({ stride: Array(axes).fill(1), dilation: Array(axes).fill(1), groups: 1 });
cases.push(
  // Depthwise, with padding before and behind, as far as the kernel reaches, and further.
  ...withGradients(
    {
      op: "conv",
      ...plain(3),
      padding: [
        [2, 0],
        [1, 1],
        [0, 1],
      ],
      groups: 4,
    },
    [2, 3, 4, 5, 4],
    [4, 1, 3, 3, 2],
  ),
  ...withGradients(
    {
      op: "conv",
      ...plain(2),
      padding: [
        [1, 1],
        [2, 2],
      ],
      groups: 3,
    },
    [1, 4, 5, 3],
    [3, 1, 3, 3],
  ),
  ...withGradients({ op: "conv", ...plain(1), padding: [[1, 2]], groups: 3 }, [2, 6, 3], [3, 1, 3]),
  ...withGradients(
    { op: "conv", ...plain(3), padding: [[4, 0], none, none], groups: 2 },
    [1, 2, 3, 3, 2],
    [2, 1, 3, 1, 1],
  ),
  ...withGradients(
    {
      op: "conv",
      ...plain(2),
      padding: [
        [3, 2],
        [1, 0],
      ],
      dilation: [1, 2],
    },
    [1, 3, 5, 2],
    [3, 2, 2, 2],
  ),
  // With the padding that TensorFlow calls the same, and with more of it than the kernel reaches.
  ...withGradients(
    {
      op: "conv",
      ...plain(3),
      stride: [2, 2, 2],
      padding: [
        [1, 1],
        [0, 1],
        [1, 1],
      ],
    },
    [1, 5, 4, 5, 2],
    [3, 2, 3, 3, 3],
  ),
  ...withGradients({ op: "conv", ...plain(3), padding: [[2, 2], none, none] }, [1, 2, 3, 3, 2], [3, 2, 1, 2, 2]),
);

const types = (shapes: readonly (readonly number[])[]): readonly TensorType[] =>
  shapes.map((shape) => ({ dtype: "f32", shape }));

const graph = new Graph();
const build = new Builder(graph, { path: "", span });
const given = new Map<string, TensorData>();
const outputs = new Map(
  cases.map(([operation, shapes], index) => {
    const inputs = types(shapes).map((type, operand) => {
      const name = `x${index}_${operand}`;
      // Whole numbers of a few values: many windows have several largest elements.
      const data = Float32Array.from({ length: elementCount(type) }, () => numbers.below(5) - 2);
      given.set(name, { type, data });
      return build.add({ op: "input", name, type });
    });
    return [`y${index}`, build.add(operation, ...inputs)] as const;
  }),
);
const program: Program = { name: "forward", graph, outputs, updates: new Map(), once: new Map() };
const expected = runProgram(program, { inputs: given, parameters: new Map() }, "f32");

describe.each(["onnx", "tensorflow"] as const)("%s gives what the evaluator gives", (name) => {
  test.runIf(name === "onnx" || loadTensorflow().kind === "ready")(
    "convolutions, pools and their gradients",
    async () => {
      const backend = backendNamed(name);
      if (backend === null) throw new Error("it is listed");
      const model = { parameters: [], trainable: new Set<string>(), seed: 0, programs: [program] };
      const found = await runOnce(backend, model, { inputs: given, piecesOf: () => [], state: new Map() });
      const wrong = cases.filter((_, index) => {
        const [theirs, ours] = [found.get(`y${index}`)?.data ?? [], expected.get(`y${index}`)?.data ?? []];
        return (
          theirs.length !== ours.length ||
          [...ours].some((value, place) => Math.abs(value - (theirs[place] ?? Number.NaN)) > 1e-4)
        );
      });
      expect(wrong).toEqual([]);
    },
  );
});
