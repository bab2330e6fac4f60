import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  buildForward,
  buildProgram,
  buildStep,
  compileSpec,
  optimise,
  printProgram,
  type TracedSpec,
} from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { renderPassTable } from "../../runtime/printout/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const folder = join(import.meta.dirname, "programs");

function specOf(path: string): TracedSpec {
  const { spec } = compileSpec(createSource(path, readFileSync(path, "utf8")), new SpecLibrary("specs/std", path));
  if (spec === null) throw new Error("the spec compiles");
  return spec;
}

test.each(["medct", "medct-small", "clip-vit-b32"])(
  "the passes do to the step of %s what its golden file says",
  async (name) => {
    const spec = specOf(`specs/${name}.vlm`);
    const step = buildStep(spec);
    if (step === null) throw new Error("the spec has a loss");
    await expect(renderPassTable(step, spec)).toMatchFileSnapshot(join(folder, `${name}.step.passes.txt`));
  },
);

test("the step and the forward program of medct-small are printed as their golden files say", async () => {
  const spec = specOf("specs/medct-small.vlm");
  const step = buildStep(spec);
  if (step === null) throw new Error("the spec has a loss");
  await expect(printProgram(optimise(step, spec))).toMatchFileSnapshot(join(folder, "medct-small.step.txt"));
  const forward = optimise(buildForward(spec, []), spec);
  await expect(printProgram(forward)).toMatchFileSnapshot(join(folder, "medct-small.forward.txt"));
});

test.each(["embed", "compare", "backpropagate", "update"] as const)(
  "a step in micro-batches is printed as its golden files say: %s",
  async (name) => {
    const spec = specOf("test/golden/programs/micro-batches.vlm");
    const program = buildProgram(spec, name);
    if (program === null) throw new Error("the spec has a micro-batch");
    await expect(printProgram(optimise(program, spec))).toMatchFileSnapshot(join(folder, `micro-batches.${name}.txt`));
  },
);

test("operations that are made of others are printed as their golden files say", async () => {
  const spec = specOf("test/golden/programs/primitives.vlm");
  const step = buildStep(spec);
  if (step === null) throw new Error("the spec has a loss");
  await expect(printProgram(buildForward(spec, []))).toMatchFileSnapshot(join(folder, "primitives.forward.txt"));
  await expect(printProgram(optimise(step, spec))).toMatchFileSnapshot(join(folder, "primitives.step.txt"));
});

test("a step with convolutions and pools is printed, and changed by the passes, as its golden files say", async () => {
  const spec = specOf("test/golden/programs/convolutions.vlm");
  const step = buildStep(spec);
  if (step === null) throw new Error("the spec has a loss");
  await expect(printProgram(optimise(step, spec))).toMatchFileSnapshot(join(folder, "convolutions.step.txt"));
  await expect(renderPassTable(step, spec)).toMatchFileSnapshot(join(folder, "convolutions.step.passes.txt"));
});

test("compiling twice gives the same text", () => {
  const print = (): string =>
    printProgram(optimise(buildForward(specOf("specs/medct-small.vlm"), []), specOf("specs/medct-small.vlm")));
  expect(print()).toBe(print());
});
