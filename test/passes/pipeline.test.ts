import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { buildForward, compileSpec, nodesOf, optimise, stepPrograms, type TracedSpec } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

function specOf(path: string, edit = (text: string): string => text): TracedSpec {
  const text = edit(readFileSync(path, "utf8"));
  const { spec } = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path));
  if (spec === null) throw new Error("the spec compiles");
  return spec;
}

const dropping = (text: string): string =>
  text.replace("lora(rank = 4, alpha = 8)", "lora(rank = 4, alpha = 8, dropout = 0.1)");

test.each([
  ["specs/medct-small.vlm", dropping],
  ["test/golden/programs/micro-batches.vlm", (text: string): string => text],
])("every pass of %s finds and leaves programs as it says, well-formed", (path, edit) => {
  const spec = specOf(path, edit);
  const programs = [...(stepPrograms(spec) ?? []), buildForward(spec, [])];
  expect(programs.length).toBeGreaterThan(1);
  for (const program of programs) {
    expect(nodesOf(optimise(program, spec, { isChecked: true })).length).toBeGreaterThan(0);
  }
});

test("a pass whose requirement does not hold is named", () => {
  const spec = specOf("specs/medct-small.vlm", dropping);
  const [step] = stepPrograms(spec) ?? [];
  if (step === undefined) throw new Error("the spec has a loss");
  const skip = { without: new Set(["lower-dropout"]), isChecked: true };
  expect(() => optimise(step, spec, skip)).toThrow(
    "before differentiate, the program step has not the property no dropout",
  );
});
