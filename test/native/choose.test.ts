import { expect, test } from "vitest";
import { chooseBackend } from "../../runtime/native/index.ts";

const ready = { kind: "ready" } as const;
const missing = {
  kind: "missing",
  reason: "native TensorFlow is not installed",
  repair: "medctc backend install",
} as const;

test("auto takes TensorFlow where it is ready", () => {
  expect(chooseBackend("auto", () => ready)).toEqual({ kind: "tfjs", native: ready });
});

test("auto takes the evaluator where it is not, and says so in one line with the command that changes it", () => {
  expect(chooseBackend("auto", () => missing)).toEqual({
    kind: "evaluator",
    note:
      "native TensorFlow is not installed; using the reference evaluator, which is slow. " +
      "To change that: medctc backend install",
  });
});

test("TensorFlow that is asked for and not there is an error with the next step", () => {
  expect(chooseBackend("tfjs", () => missing)).toEqual({
    kind: "unavailable",
    reason: "native TensorFlow is not installed",
    repair: "medctc backend install",
  });
});

test("the evaluator is taken without a look at TensorFlow, and without a word", () => {
  const look = (): typeof ready => {
    throw new Error("nobody asked for it");
  };
  expect(chooseBackend("evaluator", look)).toEqual({ kind: "evaluator", note: null });
});
