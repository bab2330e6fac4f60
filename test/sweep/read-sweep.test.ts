import { describe, expect, test } from "vitest";
import { readSweep, type Sweep } from "../../runtime/sweep/read-sweep.ts";
import { mutantCount } from "../mutant-count.ts";
import { Random } from "../random.ts";

function sweepOf(text: string): Sweep {
  const read = readSweep(text);
  if (read.kind === "failed") throw new Error(JSON.stringify(read.problem));
  return read.value;
}

/** Problems as `line:column rule (help)`. */
function problemsOf(text: string): readonly string[] {
  const read = readSweep(text);
  if (read.kind === "ok") return [];
  return read.problem.map(({ place, message, help }) => {
    const where = place === null ? "" : `${place.line}:${place.column} `;
    return `${where}${message}${help === null ? "" : ` (${help})`}`;
  });
}

const namesOf = (text: string): readonly string[] => sweepOf(text).entries.map(({ name }) => name);

describe("a sweep file", () => {
  test("crosses placements with the values of settings, and names each entry for what it changes", () => {
    const text = `
spec: a.vlm
seeds: [1, 2]
epochs: 3
placements:
  qkv: lora(rank = 16) on text.attn.qkv
  ia3: |
    ia3() on text.attn.kv
    freeze heads.*
grid:
  train.batch: [16, 32]
  train.optimizer: ["adamw(lr = 1e-3)", sgd(lr = 1e-2)]
`;
    const { entries, seeds, budget } = sweepOf(text);
    expect(seeds).toEqual([1, 2]);
    expect(budget).toEqual({ unit: "epochs", count: 3 });
    expect(entries.map(({ name }) => name)).toEqual([
      "qkv-batch-16-optimizer-adamw-lr-1e-3",
      "qkv-batch-16-optimizer-sgd-lr-1e-2",
      "qkv-batch-32-optimizer-adamw-lr-1e-3",
      "qkv-batch-32-optimizer-sgd-lr-1e-2",
      "ia3-batch-16-optimizer-adamw-lr-1e-3",
      "ia3-batch-16-optimizer-sgd-lr-1e-2",
      "ia3-batch-32-optimizer-adamw-lr-1e-3",
      "ia3-batch-32-optimizer-sgd-lr-1e-2",
    ]);
    expect(entries[4]?.placement).toEqual({ name: "ia3", lines: "ia3() on text.attn.kv\nfreeze heads.*\n" });
    expect(entries[1]?.settings).toEqual(
      new Map([
        ["train.batch", "16"],
        ["train.optimizer", "sgd(lr = 1e-2)"],
      ]),
    );
  });

  test("names placements without a name for their lines, and a sweep of nothing `base`", () => {
    expect(namesOf("spec: a.vlm")).toEqual(["base"]);
    expect(namesOf('spec: a.vlm\nplacements: ["lora(rank = 8) on text.attn.q,v"]')).toEqual([
      "lora-rank-8-on-text.attn.q-v",
    ]);
  });

  test("tells entries whose names would be the same, or the same but for case, or too long, by a hash of what they change", () => {
    const names = namesOf(`
spec: a.vlm
grid:
  train.optimizer: ["sgd(lr = 1)", "sgd(lr: 1)", "SGD(lr = 1)", "${"long ".repeat(40)}", "${"long ".repeat(40)}er"]
`);
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(5);
    expect(names.map((name) => /^optimizer-.+-[0-9a-f]{8}$/.test(name))).toEqual([true, true, true, true, true]);
    expect(Math.max(...names.map((name) => name.length))).toBeLessThan(100);
  });

  test("takes a list of runs, with placements by their names or lines of their own", () => {
    const { entries } = sweepOf(`
spec: a.vlm
placements: { q: lora(rank = 1) on text.attn.q }
runs:
  - { placement: q, settings: { data.size: [20, 60, 60] } }
  - { name: mine, placement: ia3() on text.attn.kv }
  - { settings: { train.batch: 8 } }
`);
    expect(entries).toEqual([
      {
        name: "q-size-20-60-60",
        placement: { name: "q", lines: "lora(rank = 1) on text.attn.q" },
        settings: new Map([["data.size", "[20, 60, 60]"]]),
      },
      {
        name: "mine",
        placement: { name: "ia3-on-text.attn.kv", lines: "ia3() on text.attn.kv" },
        settings: new Map(),
      },
      { name: "batch-8", placement: null, settings: new Map([["train.batch", "8"]]) },
    ]);
  });

  const wrong: readonly (readonly [string, string, string])[] = [
    ["an unknown key", "spec: a\nsedes: [1]", "2:1 a sweep has no `sedes` (did you mean `seeds`?)"],
    ["no spec", "seeds: [1]", "1:1 no spec specified (add `spec: FILE.vlm`)"],
    ["a key that stands twice", "spec: a\nspec: b", "2:1 duplicate `spec`, first in line 1"],
    ["a seed that is no number", "spec: a\nseeds: [1, x]", "2:12 `seeds` must be a whole number"],
    ["a seed twice", "spec: a\nseeds: [1, 1]", "2:8 `seeds` has a duplicate"],
    ["steps beside epochs", "spec: a\nsteps: 1\nepochs: 1", "3:1 `steps` and `epochs` exclude each other"],
    ["grid beside runs", "spec: a\ngrid: {train.batch: [1]}\nruns: [{}]", "2:1 `grid` and `runs` exclude each other"],
    [
      "a setting of no block",
      "spec: a\ngrid: {trian.batch: [1]}",
      "2:8 `trian.batch` is not a setting (did you mean `train`?)",
    ],
    [
      "a setting that the sweep says",
      "spec: a\nsteps: 2\ngrid: {train.steps: [1]}",
      "3:8 `train.steps` is set by `steps` of the sweep",
    ],
    ["a seed as a setting", "spec: a\ngrid: {train.seed: [1]}", "2:8 `train.seed` is set by `seeds` of the sweep"],
    [
      "one value where there should be several",
      "spec: a\ngrid: {train.batch: 1}",
      "2:21 `train.batch` must be a list of values (write a list value as a list within that list)",
    ],
    [
      "a placement that is not there",
      "spec: a\nplacements: {qkv: x}\nruns: [{placement: qvk}]",
      "3:20 there is no placement `qvk` (did you mean `qkv`?)",
    ],
    [
      "a name that leads out of the folder",
      "spec: a\nruns: [{name: ../x}]",
      "2:15 `../x` is not a valid file name (names consist of letters, digits, `_`, `-` and `.`, and start with a letter or a digit)",
    ],
    ["a name twice", "spec: a\nruns: [{name: x}, {name: X}]", "2:26 another run is named `X`"],
    ["an alias", "spec: &a b\ndata: *a", "2:7 aliases are not supported"],
    ["a tag", "spec: !!binary aGk=", "1:16 tags are not supported"],
    ["two documents", "spec: a\n---\nspec: b", "2:1 a second document starts here"],
    ["nothing", "# empty", "1:1 the file is empty"],
    [
      "too many entries",
      `spec: a\ngrid: {train.batch: [${Array.from({ length: 1001 }, (_, i) => i).join(",")}]}`,
      "2:7 these are 1001 entries, but at most 1000 are supported",
    ],
    ["more than 256 KiB", `spec: a\n#${"x".repeat(256 * 1024)}`, "it is larger than 256 KiB"],
  ];
  test.each(wrong)("with %s is refused, in its place", (_, text, problem) => {
    expect(problemsOf(text)).toContain(problem);
  });

  test.each([
    ["brackets", "[".repeat(5000)],
    ["braces", "{a: ".repeat(5000)],
    ["dashes", "- ".repeat(50_000)],
    ["question marks", "? ".repeat(50_000)],
    ["keys in one line", "a: ".repeat(3000)],
    ["keys in brackets", `[${"a: ".repeat(3000)}`],
    ["question marks in brackets", `[${"? ".repeat(30_000)}`],
    ["indented keys", Array.from({ length: 500 }, (_, depth) => `${" ".repeat(depth)}a:\n`).join("")],
    ["tags", `${"!a ".repeat(30_000)}x`],
  ])("with deep %s is refused before it can end the program", (_, text) => {
    expect(problemsOf(text)).toEqual(["its values are nested deeper than 64"]);
  });

  const made = mutantCount(2000);
  test(`changed at random ${made} times gives a sweep or problems, and no exception`, () => {
    const random = new Random(5);
    const text =
      "spec: a.vlm\nseeds: [1, 2]\nplacements:\n  q: |\n    lora(rank = 1) on text.attn.q\n  'k': \"x\"\ngrid:\n  train.batch: [1, [2]]\n";
    const pieces = [..."[]{}:-?#&*!|>\"%@`'\n ,", "\u0000", "\ufeff", "---\n", "  ", "<<: ", "__proto__: "];
    let wrong = 0;
    for (let count = 0; count < made; count++) {
      let changed = text;
      for (let change = 0; change <= random.below(4); change++) {
        const at = random.below(changed.length + 1);
        const piece = pieces[random.below(pieces.length)] ?? "";
        changed = changed.slice(0, at) + piece.repeat(1 + random.below(3)) + changed.slice(at + random.below(3));
      }
      if (readSweep(changed).kind === "failed") wrong++;
    }
    expect(wrong).toBeGreaterThan(made / 4);
    expect(wrong).toBeLessThan(made);
  });
});
