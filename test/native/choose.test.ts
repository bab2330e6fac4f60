import { expect, test } from "vitest";
import { chooseBackend } from "../../runtime/native/index.ts";

const ready = { kind: "ready" } as const;
const onnx = () => ({ kind: "ready", version: "1.30.0" }) as const;
const noOnnx = () =>
  ({ kind: "missing", reason: "onnxruntime-node is not installed", repair: "npm install x" }) as const;
const missing = {
  kind: "missing",
  reason: "native TensorFlow is not installed",
  repair: "medctc backend install",
} as const;

test("auto takes TensorFlow where it is ready", () => {
  expect(chooseBackend("auto", () => ready, onnx)).toEqual({ kind: "tfjs", native: ready });
});

test("auto takes ONNX Runtime where it is not", () => {
  expect(chooseBackend("auto", () => missing, onnx)).toEqual({
    kind: "onnx",
    note: "native TensorFlow is not installed; using ONNX Runtime. To change that: medctc backend install",
  });
});

test("ONNX Runtime that is asked for is taken without a look at TensorFlow, or is an error with the next step", () => {
  expect(chooseBackend("onnx", () => missing, onnx)).toEqual({ kind: "onnx", note: null });
  expect(chooseBackend("onnx", () => missing, noOnnx)).toMatchObject({ kind: "unavailable", repair: "npm install x" });
});

test("auto takes the evaluator where neither is, and says so in one line with the command that changes it", () => {
  expect(chooseBackend("auto", () => missing, noOnnx)).toEqual({
    kind: "evaluator",
    note:
      "native TensorFlow is not installed; using the reference evaluator, which is slow. " +
      "To change that: medctc backend install",
  });
});

test("TensorFlow that is asked for and not there is an error with the next step", () => {
  expect(chooseBackend("tfjs", () => missing, onnx)).toEqual({
    kind: "unavailable",
    reason: "native TensorFlow is not installed",
    repair: "medctc backend install",
  });
});

test("the evaluator is taken without a look at TensorFlow, and without a word", () => {
  const look = (): typeof ready => {
    throw new Error("nobody asked for it");
  };
  expect(chooseBackend("evaluator", look, onnx)).toEqual({ kind: "evaluator", note: null });
});
