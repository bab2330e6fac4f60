import { expect, test } from "vitest";
import {
  type Backend,
  type BackendState,
  backendNamed,
  backends,
  chooseBackend,
  programBackends,
  trainingBackends,
} from "../../runtime/backends/index.ts";

const onnx = backendNamed("onnx");
const missing = {
  tensorflow: { kind: "unavailable", reason: "native TensorFlow is not installed", repair: "medctc backend install" },
  onnx: { kind: "unavailable", reason: "onnxruntime-node is not installed", repair: "npm install x" },
  pytorch: { kind: "unavailable", reason: "no PyTorch", repair: "medctc backend install pytorch" },
} as const;

/** Looks at backends of which those named are missing; it fails on those that nobody should look at. */
function lookWithout(absent: readonly (keyof typeof missing)[], mayLookAt: readonly string[] = ["all"]) {
  return ({ name }: Backend): BackendState => {
    expect(mayLookAt.includes("all") || mayLookAt.includes(name)).toBe(true);
    const state = absent.find((each) => each === name);
    return state === undefined ? { kind: "ready" } : missing[state];
  };
}

test("auto takes the first of the list that is ready, and looks no further", () => {
  const chosen = chooseBackend("auto", trainingBackends, lookWithout([], ["tensorflow"]));
  expect(chosen).toEqual({ kind: "chosen", backend: backends[0], note: null });
});

test("auto takes ONNX Runtime where TensorFlow is missing, and says so in one line with the command that changes it", () => {
  expect(chooseBackend("auto", trainingBackends, lookWithout(["tensorflow"]))).toEqual({
    kind: "chosen",
    backend: onnx,
    note: "native TensorFlow is not installed; using ONNX Runtime. To change that: medctc backend install",
  });
});

test("a backend that is asked for is taken without a look at the others, or is an error with the next step", () => {
  expect(chooseBackend("onnx", trainingBackends, lookWithout(["tensorflow"], ["onnx"]))).toEqual({
    kind: "chosen",
    backend: onnx,
    note: null,
  });
  expect(chooseBackend("onnx", trainingBackends, lookWithout(["onnx"]))).toEqual(missing.onnx);
});

test("auto takes the evaluator for a single run where nothing else is there, and never to train", () => {
  const look = lookWithout(["tensorflow", "onnx", "pytorch"]);
  expect(chooseBackend("auto", programBackends, look)).toEqual({
    kind: "chosen",
    backend: backendNamed("evaluator"),
    note:
      "native TensorFlow is not installed; using the reference evaluator, which is slow. " +
      "To change that: medctc backend install",
  });
  expect(chooseBackend("auto", trainingBackends, look)).toEqual(missing.tensorflow);
});

test("auto takes PyTorch where nothing else trains, and looks for no Python before", () => {
  expect(chooseBackend("auto", trainingBackends, lookWithout(["tensorflow"], ["tensorflow", "onnx"]))).toMatchObject({
    backend: onnx,
  });
  expect(chooseBackend("auto", trainingBackends, lookWithout(["tensorflow", "onnx"]))).toMatchObject({
    backend: backendNamed("pytorch"),
    note: "native TensorFlow is not installed; using PyTorch. To change that: medctc backend install",
  });
});

test("an earlier name of a backend is still understood", () => {
  expect(backendNamed("tfjs")).toBe(backendNamed("tensorflow"));
  expect(backendNamed("tfjs")).not.toBeNull();
  expect(backendNamed("torch")).toBeNull();
});
