import { describe, expect, test } from "vitest";
import { readExecutorLog } from "../../runtime/backends/tensorflow/index.ts";
import { moduleOf, profileOf, traceOf } from "../../runtime/bench/index.ts";

/** Two lines as TensorFlow 2.21 writes them for one operation. */
function lines(id: number, run: number, node: string, operation: string, start: string, end: string) {
  const device = "device: /job:localhost/replica:0/task:0/device:CPU:0";
  const what = `${id} step ${run} {{node ${node}}} = ${operation}[T=DT_FLOAT](a, b) ${device}`;
  return [
    `I0000 ${start}    4829 executor.cc:879] Process node: ${what}`,
    `I0000 ${end}    4829 executor.cc:936] Synchronous kernel done: ${what}`,
  ];
}

const earlier = lines(3, 4, "step/vision/MatMul", "MatMul", "00:00:1795597813.000000", "00:00:1795597813.900000");
const log = [
  "WARNING: All log messages before absl::InitializeLog() is called are written to STDERR",
  ...earlier,
  ...lines(3, 5, "step/vision/spatial/layers_0/MatMul", "MatMul", "00:00:1795597814.999900", "00:00:1795597815.000150"),
  "I0000 00:00:1795597815.000160    4829 executor.cc:879] Process node: cut off",
  ...lines(
    4,
    5,
    "step/gradients/vision/spatial/layers_0/Mul_1",
    "Mul",
    "00:00:1795597815.000200",
    "00:00:1795597815.000250",
  ),
];

describe("the executor's log", () => {
  test("gives the operations of the last run, in microseconds from its first one on", async () => {
    expect(await readExecutorLog(log)).toEqual([
      {
        node: "step/vision/spatial/layers_0/MatMul",
        operation: "MatMul",
        thread: 4829,
        startMicroseconds: 0,
        microseconds: 250,
      },
      {
        node: "step/gradients/vision/spatial/layers_0/Mul_1",
        operation: "Mul",
        thread: 4829,
        startMicroseconds: 300,
        microseconds: 50,
      },
    ]);
  });

  test("may count from midnight instead of 1970", async () => {
    const [first] = await readExecutorLog(lines(1, 1, "step/Mul", "Mul", "09:59:59.999990", "10:00:00.000020"));
    expect(first?.microseconds).toBe(30);
  });

  test("without a line that is understood has no operations", async () => {
    expect(await readExecutorLog(["", "executor.cc:879] Process node: of another version"])).toEqual([]);
  });

  test("is summed up by kinds and by modules, forward and backward together", async () => {
    const { ms, operations, modules } = profileOf(await readExecutorLog(log));
    expect(ms).toBeCloseTo(0.3);
    expect(operations.map(({ name, count }) => [name, count])).toEqual([
      ["MatMul", 1],
      ["Mul", 1],
    ]);
    expect(modules).toEqual([{ name: "vision/spatial", ms: 0.3, share: 1, count: 2 }]);
  });

  test("becomes a trace of complete events", async () => {
    expect(JSON.parse(traceOf(await readExecutorLog(log)))).toMatchObject({
      traceEvents: [
        { name: "step/vision/spatial/layers_0/MatMul", cat: "vision/spatial/layers_0", ph: "X", ts: 0, dur: 250 },
        { ph: "X", ts: 300, dur: 50, args: { operation: "Mul" } },
      ],
    });
  });
});

test.each([
  ["step/vision/spatial/norm/Mul_9", "vision/spatial/norm"],
  ["step/gradients/vision/Mul", "vision"],
  ["ConstantFolding/step/text/layers_1/RealDiv_recip", "text/layers_1"],
  ["step/text/norm/ArithmeticOptimizer/ReplaceMulWithSquare_Mul_1", "text/norm"],
  ["step/updates/mean/text/up", "(updates)"],
  ["step/gradients/Mul_94", "(no module)"],
  ["constants/Const_4", "(no module)"],
])("%s comes from %s", (node, module) => {
  expect(moduleOf(node)).toBe(module);
});
