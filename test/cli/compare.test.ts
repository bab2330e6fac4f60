import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { afterAll, describe, expect, test } from "vitest";
import { run } from "../../runtime/cli/program.ts";
import { encodeScores } from "../../runtime/evaluate/index.ts";
import { listeningTerminal } from "./listening-terminal.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-compare-"));
afterAll(() => rmSync(folder, { recursive: true }));

const names = Array.from({ length: 8 }, (_, index) => `valid_${1 + (index >> 1)}_a_${1 + (index % 2)}.nii.gz`);
const labels = names.map((_, index) => [index < 4, index % 3 === 0]);

/** The folder of an evaluation, with files besides those of `medctc eval -o` or in place of them. */
function evaluation(name: string, scoreOf: (volume: number) => readonly [string, string], others = {}): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  const csv = (cells: (index: number) => readonly (string | number)[]): string =>
    `VolumeName,Effusion,A & B\n${names.map((volume, index) => `${[volume, ...cells(index)].join()}\n`).join("")}`;
  const files = {
    "scores.csv": csv(scoreOf),
    "labels.csv": csv((index) => (labels[index] ?? []).map(Number)),
    ...others,
  };
  for (const [file, text] of Object.entries<string>(files)) writeFileSync(join(path, file), text);
  return path;
}

const base = evaluation("base", (index) => [String(index / 10), String(index / 8)]);
const adapted = evaluation("adapted", (index) => [String((9 - index) / 10), String(index / 8)]);

async function compare(...words: readonly string[]) {
  const { terminal, said } = listeningTerminal();
  const code = await run(["compare", ...words], terminal);
  return { code, out: said.out, err: said.err };
}

test("two evaluations are compared class by class and over all, by patient", async () => {
  const { code, out, err } = await compare(base, adapted, "--resamples", "200");
  expect([code, err]).toEqual([0, ""]);
  const [header, effusion, other] = out.split("\n");
  expect(header).toMatch(/^AUROC +present +base +adapted +difference +95 % +p +p \(Holm\)$/);
  expect(effusion).toMatch(/^Effusion +4 +0\.000 +1\.000 +\+1\.000 /);
  expect(other).toMatch(/^A & B +3 +0\.400 +0\.400 +0\.000 +0\.000 to 0\.000 +1\.000 +1\.000$/);
  expect(out).toContain("\nmacro F1 ");
  expect(out).toContain(
    "8 volumes; differences are the second run less the first; intervals from 200 resamples of 4 patients, seed 0",
  );
  expect(await compare(base, adapted, "--resamples", "200")).toEqual({ code, out, err });
});

test("tables come as Markdown and as LaTeX, in which signs stand for themselves", async () => {
  const markdown = await compare(base, adapted, "--format", "markdown", "--metric", "f1", "--correction", "bh");
  expect(markdown.out).toContain("| F1 | present | base | adapted | difference | 95 % | p | p (BH) |\n| :-- | --: |");
  const latex = await compare(base, adapted, "--format", "latex");
  expect(latex.out).toContain("\\begin{tabular}{lrrrrrrr}\n  \\toprule\n  AUROC & present & base");
  expect(latex.out).toContain("  A \\& B & 3 & 0.400 & 0.400 & 0.000 & 0.000 to 0.000 & 1.000 & 1.000 \\\\\n");
  expect(latex.out).toContain("95 \\% ");
});

test("JSON has the numbers with all their digits", async () => {
  const { out } = await compare(base, adapted, "--json", "--by", "volume", "--resamples", "50");
  const read: unknown = JSON.parse(out);
  expect(read).toMatchObject({
    ...{ first: base, second: adapted, examples: 8, metric: "auroc", test: "DeLong" },
    bootstrap: { resamples: 50, seed: 0, by: "volume", groups: 8 },
    classes: [
      { name: "Effusion", present: 4, values: [0, 1], difference: 1, p: null },
      { values: [0.4, 0.4], p: 1 },
    ],
  });
});

test("a training is its last evaluation, and thresholds and groups are those of each run", async () => {
  const run1 = join(folder, "run");
  mkdirSync(join(run1, "evaluations"), { recursive: true });
  const scores = names.map((_, index) => [(9 - index) / 10, index / 8]);
  const kept = { classes: ["Effusion", "A & B"], names, labels };
  writeFileSync(
    join(run1, "evaluations", "step-00000000.json"),
    encodeScores({ ...kept, scores: names.map(() => [0, 0]) }),
  );
  writeFileSync(join(run1, "evaluations", "step-00000004.json"), encodeScores({ ...kept, scores }));
  const results = {
    classes: [{ name: "Effusion", threshold: 0.7 }],
    bootstrap: { by: "Clinic" },
    warnings: ["all is random"],
  };
  const grouped = evaluation("grouped", (index) => [String((9 - index) / 10), String(index / 8)], {
    "results.json": JSON.stringify(results),
    "groups.csv": `VolumeName,Group\n${names.map((name, index) => `${name},${index % 3}\n`).join("")}`,
  });
  const { out, err } = await compare(grouped, run1, "--metric", "sensitivity", "--json");
  expect(JSON.parse(out)).toMatchObject({
    bootstrap: { by: "Clinic", groups: 3 },
    classes: [{ values: [0.75, 1] }, { values: [1 / 3, 1 / 3] }],
  });
  expect(err).toContain("all is random");
});

describe("more than two runs", () => {
  const better = evaluation("rank-8", (index) => [String((8 - index) / 10), String(index / 9)]);

  test("are each held against the first, below a table of all", async () => {
    const { code, out } = await compare(base, adapted, better, "--resamples", "50");
    expect(code).toBe(0);
    const lines = out.split("\n");
    expect(lines[0]).toMatch(/^in % +accuracy +macro F1 +micro F1 +weighted F1 +samples F1 +mean AUROC$/);
    expect(lines.slice(1, 4).map((line) => line.split(" ")[0])).toEqual(["base", "adapted", "rank-8"]);
    expect(out).toContain("\nadapted against base\nAUROC ");
    expect(out).toContain("\nrank-8 against base\nAUROC ");
    const pair = await compare(base, better, "--resamples", "50");
    expect(out).toContain(pair.out.split("\n\n")[0]);
  });

  test("are the same comparisons in JSON as two by two", async () => {
    const jsonOf = async (...runs: readonly string[]): Promise<unknown> =>
      JSON.parse((await compare(...runs, "--json", "--resamples", "50")).out);
    const form = v.object({ comparisons: v.array(v.looseObject({})) });
    const { comparisons } = v.parse(form, await jsonOf(base, adapted, better));
    expect(comparisons).toHaveLength(2);
    for (const [place, second] of [adapted, better].entries())
      expect({ first: base, warnings: [], ...comparisons[place] }).toEqual(await jsonOf(base, second));
  });

  test("have to be of the same volumes, and name the one that is not", async () => {
    const few = evaluation("few-volumes", () => ["0.5", "0.5"], {
      "scores.csv": `VolumeName,Effusion,A & B\n${names[0]},0,0\n`,
    });
    const { code, err } = await compare(base, adapted, few);
    expect([code, err]).toEqual([1, expect.stringContaining("the runs differ: volumes: 1 in all, of 8, 8 and 1")]);
    const others = evaluation("other-volumes", () => ["0.5", "0.5"], {
      "scores.csv": "VolumeName,Effusion,A & B\nother,0,0\n",
    });
    expect((await compare(base, others, adapted)).err).toContain(`${others}: it has no volume of the other runs`);
  });
});

test("a page is written, and said where; one that cannot be written is an error", async () => {
  const page = join(folder, "comparison.html");
  const { code, out } = await compare(base, adapted, "--page", page, "--resamples", "50");
  expect([code, out.endsWith(`\n${page}\n`)]).toEqual([0, true]);
  expect(readFileSync(page, "utf8")).toContain("<h1>Comparison of base and adapted</h1>");
  const refused = await compare(base, adapted, "--page", join(folder, "missing", "page.html"), "--resamples", "50");
  expect(refused.code).toBe(1);
  expect(refused.err).toContain("page.html");
});

test("thresholds that were chosen are kept, and how is said", async () => {
  const results = {
    threshold: { kind: "youden", on: '"tuning"' },
    classes: [
      { name: "Effusion", threshold: 0.35 },
      { name: "A & B", threshold: null },
    ],
  };
  const chosen = evaluation("chosen", (index) => [String(index / 10), String(index / 8)], {
    "results.json": JSON.stringify(results),
  });
  const { out } = await compare(base, chosen, "--format", "markdown", "--metric", "sensitivity", "--resamples", "50");
  expect(out).toContain(
    'base: present from a score of 0.5 on\nchosen: thresholds chosen by Youden\'s index on the volumes "tuning"',
  );
  expect(out).toContain("| A & B | 3 | 0.333 | - | - |  | - | - |");
});

describe("what cannot be compared is refused", () => {
  const flat = (): readonly [string, string] => ["0.5", "0.5"];
  test.each<readonly [string, readonly string[], string]>([
    ["nothing there", [base, join(folder, "missing")], "it does not exist"],
    ["no evaluation", [base, folder], "it contains no evaluation"],
    [
      "other volumes",
      [base, evaluation("few", flat, { "scores.csv": `VolumeName,Effusion,A & B\n${names[0]},0,0\n` })],
      "the runs differ: volumes: 1 in both, of 8 and 1",
    ],
    [
      "other classes",
      [
        base,
        evaluation("one", flat, {
          "scores.csv": `VolumeName,Effusion\n${names.map((name) => `${name},0\n`).join("")}`,
        }),
      ],
      "the runs differ: classes: 1 in both, of 2 and 1",
    ],
    [
      "other labels",
      [base, evaluation("labels", flat, { "labels.csv": `VolumeName,Effusion,A & B\n${names[0]},0,1\n` })],
      "different labels",
    ],
    ["no number", [base, evaluation("words", () => ["high", "0"])], '"high" is not a number'],
    [
      "a volume twice",
      [base, evaluation("twice", flat, { "scores.csv": `VolumeName,Effusion,A & B\na,0,0\na,0,0\n` })],
      "there twice",
    ],
    ["a score missing", [base, evaluation("gap", () => ["", "0"])], "has a label and no score"],
    ["no column of names", [base, evaluation("names", flat, { "scores.csv": "a,b\n1,2\n" })], "no column `VolumeName`"],
  ])("%s", async (_, words, message) => {
    const { code, out, err } = await compare(...words);
    expect([code, out]).toEqual([1, ""]);
    expect(err).toContain(message);
  });
});
