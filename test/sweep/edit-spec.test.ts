import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { deriveEntries, type Expected } from "../../runtime/sweep/derive.ts";
import { readSweep } from "../../runtime/sweep/read-sweep.ts";

const nothingExpected: Expected = { memory: false, epochsOf: () => () => null };

const base = `# The base.
import "std/bert"
import "std/contrastive"
import "std/heads"
import "std/linear"
import "std/lora"

model m {
  encoder text = bert(vocab = 20, dim = 8, layers = 1, heads = 2, ff = 8, positions = 8, length = 4)
  let a = text.hidden |> cls |> linear(4)
  let b = text.hidden |> cls |> linear(4)

  freeze text, heads.*  # all of it
  # Few.
  lora(rank = 1) on text.attn.q
  loss contrastive(a, b, 1.0)

  expect trainable = 16
}

train {
  batch = 4  # small
  steps = 9
}
`;

/** Derives from the base what a sweep file without its spec says. */
function derive(changes: string, text = base) {
  const read = readSweep(`spec: a.vlm\n${changes}`);
  if (read.kind === "failed") throw new Error(JSON.stringify(read.problem));
  return deriveEntries(read.value, { path: "a.vlm", text }, nothingExpected, (name) => `${name}.vlm`);
}

/** The lines that a derived spec has instead of some of the base. */
function changeOf(
  changes: string,
  text = base,
): { readonly gone: readonly string[]; readonly come: readonly string[] } {
  const derived = derive(changes, text);
  if (derived.kind === "wrong")
    throw new Error(
      JSON.stringify(
        derived.wrong.map(({ problem, diagnostics }) => [problem?.message, diagnostics.map(({ message }) => message)]),
      ),
    );
  const lines = (all: string): readonly string[] => all.split("\n").filter((line) => line !== "");
  const [before, after] = [lines(text), lines(derived.entries[0]?.text ?? "")];
  return {
    gone: before.filter((line) => !after.includes(line)).map((line) => line.trim()),
    come: after.filter((line) => !before.includes(line)).map((line) => line.trim()),
  };
}

/** What is wrong with the entries, by their names. */
function wrongOf(changes: string, text = base): readonly string[] {
  const derived = derive(changes, text);
  if (derived.kind === "entries") return [];
  return derived.wrong.map(
    ({ name, problem, diagnostics }) => `${name}: ${problem?.message ?? diagnostics.map(({ code }) => code).join(" ")}`,
  );
}

describe("a derived spec", () => {
  test("is the base where nothing changes", () => {
    expect(changeOf("seeds: [1]")).toEqual({ gone: [], come: [] });
  });

  test("has other placements in their place, without the base's expectations, and its comments", () => {
    expect(changeOf('placements: ["lora(rank = 2) on text.attn.k, text.attn.v"]')).toEqual({
      gone: ["lora(rank = 1) on text.attn.q", "expect trainable = 16"],
      come: ["lora(rank = 2) on text.attn.k, text.attn.v"],
    });
  });

  test("imports an adapter of the library that the base does not know", () => {
    expect(changeOf('placements: ["dora(rank = 2) on text.attn.q"]').come).toEqual([
      'import "std/dora"',
      "dora(rank = 2) on text.attn.q",
    ]);
  });

  test("may train modules without adapters, after the base's rules, and expect something", () => {
    const lines = "train text.layers[0].attn.q\nexpect trainable = 72";
    expect(changeOf(`placements:\n  bare: |\n    ${lines.replace("\n", "\n    ")}`).come).toEqual(lines.split("\n"));
  });

  test("has placements after rules for freezing where the base has none", () => {
    const bare = base.replace(/ {2}# Few.\n.*\n/, "").replace(/ {2}expect.*\n/, "");
    const derived = derive('placements: ["lora(rank = 2) on text.attn.k"]', bare);
    expect(derived.kind === "entries" ? derived.entries[0]?.text : "").toContain(
      "  freeze text, heads.*  # all of it\n  lora(rank = 2) on text.attn.k\n",
    );
  });

  test("has settings replaced, added to their block, and in a block of their own", () => {
    const grid = "grid:\n  train.batch: [8]\n  train.clip_norm: [0.5]\n  data.size: [[20, 60, 60]]";
    expect(changeOf(`steps: 3\n${grid}`)).toEqual({
      gone: ["batch = 4  # small", "steps = 9"],
      come: ["batch = 8  # small", "steps = 3", "clip_norm = 0.5", "data {", "size = [20, 60, 60]"],
    });
  });

  test("has arguments of adapters and of the optimizer, also in the placements of the sweep", () => {
    const lines = 'placements: ["lora(rank = 2) on text.attn.k"]\ngrid: {train.lr: [1e-3], model.lora.rank: [3]}';
    expect(changeOf(lines).come).toEqual(["lora(rank = 3) on text.attn.k", "optimizer = adamw(lr = 1e-3)"]);
  });

  test("has no steps of the base where the sweep says epochs", () => {
    expect(changeOf("epochs: 2")).toEqual({ gone: ["steps = 9"], come: ["epochs = 2"] });
  });

  test("is formatted, also where the base is written in one line", () => {
    const narrow = base.replace(/train \{[\s\S]*/, "train { batch = 4 }\n");
    const derived = derive("grid: {train.batch: [2], train.epochs: [5]}", narrow);
    expect(derived.kind === "entries" ? derived.entries[0]?.text : "").toContain(
      "train {\n  batch = 2\n  epochs = 5\n}\n",
    );
  });

  test("of every entry is compiled, and each one that is wrong is named", () => {
    const placements = `placements:
  right: lora(rank = 1) on text.attn.q
  nowhere: lora(rank = 1) on text.attn.x
  unread: lora(rank = on
  model: "}\\nmodel x {"
  loss: loss contrastive(a, b, 1.0)
  unknown: lorra(rank = 1) on text.attn.q
`;
    expect(wrongOf(placements)).toEqual([
      expect.stringMatching(/^nowhere: E5\d\d/),
      expect.stringMatching(/^unread: E1\d\d/),
      "model: a placement of a sweep can only contain placements, `freeze`, `train` and `expect`",
      "loss: a placement of a sweep can only contain placements, `freeze`, `train` and `expect`",
      expect.stringMatching(/^unknown: E\d\d\d/),
    ]);
  });

  test("has no settings that are more than one value", () => {
    const grid = 'grid: {train.batch: [4, "4\\nepochs = 2", "4 }\\ndata { size = [1, 1, 1]"]}';
    expect(wrongOf(grid).map((each) => /is not a single value of the language$/.test(each))).toEqual([true, true]);
    expect(wrongOf("grid: {train.bacth: [4]}")).toEqual([expect.stringMatching(/^bacth-4: E\d\d\d$/)]);
  });

  test("of a base that is wrong is not made; the base is what is wrong", () => {
    expect(wrongOf("seeds: [1]", base.replace("model m", "modl m"))).toEqual([expect.stringMatching(/^null: E1\d\d/)]);
  });

  test("has the hash of all that it says, so that a change of what it imports is a change", () => {
    const hashOf = (changes: string): string | undefined => {
      const derived = derive(changes);
      return derived.kind === "entries" ? derived.entries[0]?.hash : undefined;
    };
    expect(hashOf("steps: 3")).toBe(hashOf("steps: 3"));
    expect(hashOf("steps: 3")).not.toBe(hashOf("steps: 4"));
  });

  test("is made from the whole of a variant, and changes with its base", () => {
    const variant = 'import "specs/medct-small"\nmodel v amends medct_small {}\ntrain amends { steps = 9 }\n';
    const derived = derive('epochs: 2\nplacements: ["ia3() on text.attn.kv"]\ngrid: {train.batch: [2]}', variant);
    if (derived.kind === "wrong") throw new Error(JSON.stringify(derived.wrong));
    const text = derived.entries[0]?.text ?? "";
    expect(text).toContain("encoder text = bert(");
    expect(text).toContain("ia3() on text.attn.kv\n");
    expect(text).toContain("batch = 2\n  epochs = 2\n");
    expect(text).not.toMatch(/amends|lora\(|steps/);
  });

  test("compiles for each placement of the example", () => {
    const read = readSweep(readFileSync("examples/synthetic/sweep.yaml", "utf8"));
    if (read.kind === "failed") throw new Error(JSON.stringify(read.problem));
    const path = `examples/synthetic/${read.value.spec}`;
    const text = readFileSync(path, "utf8");
    const derived = deriveEntries(read.value, { path, text }, nothingExpected, (name) => name);
    if (derived.kind === "wrong") throw new Error(JSON.stringify(derived.wrong));
    const trainable = derived.entries.map(({ plan }) => plan.totals.trainable);
    expect(new Set(trainable).size).toBe(8);
  });
});
