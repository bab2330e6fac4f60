import { expect, test } from "vitest";
import { accumulateGradients } from "../../compiler/passes/accumulate-gradients.ts";
import { resultsOf, Small } from "./small-program.ts";

test("gradients are added to those of the micro-batches before, and no longer given", () => {
  const small = new Small();
  const loss = small.total(small.parameter("w", [2]));
  const gradient = small.add({ op: "tanh" }, small.parameter("w", [2]));
  const before = { "gradient:w": gradient, loss, "embedding_gradient:0": small.input("x", [2]) };
  const summed = accumulateGradients(small.program(before, "compare"));
  expect([...summed.outputs.keys()]).toEqual(["loss", "embedding_gradient:0"]);
  expect([...summed.updates.keys()]).toEqual(["sum:w"]);
  const expected = new Small();
  const sum = expected.add(
    { op: "add" },
    expected.parameter("sum:w", [2]),
    expected.add({ op: "tanh" }, expected.parameter("w", [2])),
  );
  expect(resultsOf(summed).get("sum:w")).toEqual(resultsOf(expected.program({ sum })).get("sum"));
});

test("a program without gradients of parameters changes nothing that is kept", () => {
  const small = new Small();
  const summed = accumulateGradients(small.program({ loss: small.total(small.input("x", [2])) }, "compare"));
  expect(summed.updates.size).toBe(0);
  expect([...summed.outputs.keys()]).toEqual(["loss"]);
});
