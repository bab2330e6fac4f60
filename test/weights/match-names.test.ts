import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { matchNames } from "../../runtime/weights/index.ts";

const wanted = readFileSync("test/fixtures/ctclip-parameters.tsv", "utf8")
  .trim()
  .split("\n")
  .map((line) => line.split("\t")[0] ?? "")
  .map((checkpoint) => ({ checkpoint, group: checkpoint.replace(/\..*/, "") }));
const names = wanted.map(({ checkpoint }) => checkpoint);
const text = names.filter((name) => name.startsWith("text_transformer.") && !name.includes("pooler"));
const alone = text.map((name) => name.slice("text_transformer.".length));

test("the names themselves are found, however many others there are", () => {
  const others = names.flatMap((name) => [`optim.${name}`, `ema.model.${name}`]);
  const { found, rules } = matchNames(wanted, [...others, ...names, "unrelated"]);
  expect([...found]).toEqual(names.map((name) => [name, name]));
  expect(rules).toEqual([]);
});

test("one prefix before all names is found out, as checkpoints of a training have", () => {
  for (const prefix of ["module.", "model.", "state_dict.", "model.module.", "base_model.model."]) {
    const { found, rules } = matchNames(wanted, ["step", ...names.map((name) => prefix + name), "optim.state.0.step"]);
    expect([...found]).toEqual(names.map((name) => [name, prefix + name]));
    expect(rules).toEqual([{ removed: prefix, added: "" }]);
  }
});

test("what a checkpoint has beside the weights is found by its whole name", () => {
  const beside = { checkpoint: "criterion.t", group: "scale" };
  const { found } = matchNames([...wanted, beside], [...names.map((name) => `model.${name}`), "criterion.t", "t"]);
  expect(found.get("criterion.t")).toBe("criterion.t");
  expect(found.size).toBe(names.length + 1);
  expect(matchNames([...wanted, beside], [...names.map((name) => `model.${name}`), "t"]).found.size).toBe(names.length);
});

test("of several copies of the weights the one that has most of them is taken", () => {
  const { found } = matchNames(wanted, [
    ...names.slice(0, 50).map((name) => `old.${name}`),
    ...names.map((name) => `model.${name}`),
  ]);
  expect([...found.values()].every((name) => name.startsWith("model."))).toBe(true);
});

test("a text encoder's own checkpoint is found without the encoder's name, and nothing else is", () => {
  const head = [
    "cls.predictions.bias",
    "cls.predictions.transform.dense.weight",
    "cls.predictions.transform.dense.bias",
  ];
  for (const prefix of ["", "bert.", "model.text.bert."]) {
    const { found, rules } = matchNames(
      wanted,
      [...alone, ...head].map((name) => prefix + name),
    );
    expect([...found]).toEqual(text.map((name, index) => [name, prefix + (alone[index] ?? "")]));
    expect(rules).toEqual([{ removed: prefix, added: "text_transformer." }]);
  }
});

test("layer norms with the names of old checkpoints are found, unless the model has those names itself", () => {
  const old = alone.map((name) =>
    `bert.${name}`.replace(/(LayerNorm)\.weight$/, "$1.gamma").replace(/(LayerNorm)\.bias$/, "$1.beta"),
  );
  const { found } = matchNames(wanted, old);
  expect(found.get("text_transformer.embeddings.LayerNorm.weight")).toBe("bert.embeddings.LayerNorm.gamma");
  expect(found.size).toBe(text.length);
  const gammas = names.filter((name) => name.endsWith(".gamma"));
  expect(gammas.length).toBeGreaterThan(10);
  expect([...matchNames(wanted, gammas).found]).toEqual(gammas.map((name) => [name, name]));
});

test("a few names that look alike are no component", () => {
  const few = alone.slice(0, 20).map((name) => `other.${name}`);
  expect(matchNames(wanted, few).found.size).toBe(0);
  expect(matchNames(wanted, ["head.weight", "head.bias"]).found.size).toBe(0);
});

test("a component that is found under its own name is not looked for under another", () => {
  const { found } = matchNames(wanted, [...text.slice(0, 3), ...alone.map((name) => `bert.${name}`)]);
  expect([...found.keys()]).toEqual(text.slice(0, 3));
});

test("names of many dots take no longer than others, and find nothing", () => {
  const { found } = matchNames(wanted, [`${"a.".repeat(500_000)}temperature`]);
  expect(found.size).toBe(0);
});
