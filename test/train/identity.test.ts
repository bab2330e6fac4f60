import { expect, test } from "vitest";
import { compareIdentity, type RunIdentity } from "../../runtime/train/identity.ts";
import { identity } from "./made-checkpoint.ts";

test("the same run may go on", () => {
  expect(compareIdentity(identity, { ...identity })).toEqual([]);
});

test.each<[Partial<RunIdentity>, string, string]>([
  [{ data: "other data" }, "sha256 of the data", "other data"],
  [{ weights: "other weights" }, "sha256 of the weights", "other weights"],
  [{ seed: 8 }, "7", "8"],
  [{ batch: 4 }, "8", "4"],
  [{ precision: "bf16" }, "f32", "bf16"],
  [{ steps: 50 }, "100", "50"],
  [{ spec: identity.spec.replace("4", "8") }, "line 2: lora(rank = 4)", "line 2: lora(rank = 8)"],
  [{ spec: `${identity.spec}\nloss x` }, "line 5 is not there", "line 5: loss x"],
  [{ spec: "model m {" }, "line 2: lora(rank = 4)", "line 2 is not there"],
])("a run of %o is named with what was saved and what is now", (change, saved, now) => {
  const differences = compareIdentity(identity, { ...identity, ...change });
  expect(differences).toHaveLength(1);
  expect(differences[0]?.field).toBe(Object.keys(change)[0]);
  expect(differences[0]?.saved.startsWith(saved)).toBe(true);
  expect(differences[0]?.now.startsWith(now)).toBe(true);
});

test("the same run may be longer, by steps of its schedule or by its spec", () => {
  const spec = "model m {\n}\n\ntrain {\n  batch = 8\n  epochs = 2\n  seed = 7\n}\n";
  const saved = { ...identity, spec };
  expect(compareIdentity(identity, { ...identity, steps: 200 })).toEqual([]);
  for (const longer of [
    spec.replace("epochs = 2", "epochs = 4"),
    spec.replace("  epochs = 2\n", "  steps = 30\n"),
    spec.replace("  epochs = 2\n", "").replace("seed = 7", "seed = 7\n  epochs = 9"),
  ]) {
    expect(compareIdentity(saved, { ...saved, spec: longer, steps: 300 })).toEqual([]);
  }
  const variant = 'import "./m"\n\nmodel n amends m {\n}\n';
  const longerVariant = `${variant}\ntrain amends {\n  epochs = 9\n}\n`;
  expect(compareIdentity({ ...saved, spec: variant }, { ...saved, spec: longerVariant })).toEqual([]);
  const other = spec.replace("epochs = 2", "epochs = 4").replace("batch = 8", "batch = 9");
  expect(compareIdentity(saved, { ...saved, spec: other, steps: 300 }).map(({ field }) => field)).toEqual(["spec"]);
  // Of a model they are something else.
  const model = spec.replace("model m {", "model m {\n  part p = walk(steps = 3)");
  const changed = model.replace("steps = 3", "steps = 4");
  expect(compareIdentity({ ...saved, spec: model }, { ...saved, spec: changed })).toHaveLength(1);
});

test("all that differs is named at once", () => {
  const other = { spec: "", data: "", weights: "", seed: 0, batch: 1, precision: "bf16", steps: 1 };
  expect(compareIdentity(identity, other).map(({ field }) => field)).toEqual([
    ...["spec", "data", "weights", "seed", "batch", "precision", "steps"],
  ]);
});
