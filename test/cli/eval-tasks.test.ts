import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { beforeAll, describe, expect, test } from "vitest";
import { at } from "../../runtime/at.ts";
import { prepareProgram, runHere } from "./medctc.ts";
import { SmallTraining } from "./small-training.ts";

const small = new SmallTraining();
beforeAll(prepareProgram);

const spec = small.write(
  "tasks.vlm",
  `
import "./tiny"

model several amends tiny {
}

eval amends {
  tasks = [
    zero_shot(),
    zero_shot(
      name = "ensemble",
      prompts = [["{class} is present.", "There is {class}."], ["No {class}."]],
      average = score,
      threshold = youden(on = training)
    ),
    retrieval(recall = [1, 5], map = [1]),
    probe(folds = 3, strengths = [1], threshold = best_f1(on = training)),
  ]
}
`.replace("training)),\n  ]", "training))\n  ]"),
);

/** Adds a second reconstruction of a held-out scan: the same voxels and the same report. */
function withTwin(data: string): string {
  const [from, to] = ["valid_1_a_1.nii.gz", "valid_1_a_2.nii.gz"];
  const folder = join(data, "valid/valid_1/valid_1_a");
  cpSync(join(folder, from), join(folder, to));
  for (const table of readdirSync(data).filter((name) => name.startsWith("valid") && name.endsWith(".csv"))) {
    const text = readFileSync(join(data, table), "utf8");
    const row = text.split("\n").find((line) => line.startsWith(from)) ?? "";
    writeFileSync(join(data, table), `${text}${row.replace(from, to)}\n`);
  }
  return data;
}

const data = withTwin(small.copyOfData());
const results = small.path("results");

function evaluate(...more: readonly string[]) {
  return runHere(small.arguments("eval", "--data", data, ...more).with(1, spec));
}

/** A table of an evaluation, row by row, without names. */
function tableOf(folder: string, file: string): readonly (readonly number[])[] {
  const [, ...rows] = readFileSync(join(folder, file), "utf8").trimEnd().split("\n");
  return rows.map((row) => row.split(",").slice(1).map(Number));
}

function textOf(folder: string): string {
  return readFileSync(join(folder, "results.json"), "utf8");
}

const value = v.object({ value: v.nullable(v.number()) });

/** What is looked at of the results of a task that scores classes. */
function resultsOf(folder: string) {
  const scored = v.object({
    threshold: v.object({ on: v.optional(v.nullable(v.string())) }),
    overall: v.object({ meanAuroc: value }),
    classes: v.array(v.object({ name: v.string(), threshold: v.nullable(v.number()) })),
  });
  return v.parse(scored, JSON.parse(textOf(folder)));
}

test("all tasks are measured in one call, and each has its folder", async () => {
  const { code, out, err } = await evaluate("-o", results);
  expect({ code, err }).toMatchObject({ code: 0 });
  expect(readdirSync(results).sort()).toEqual(
    ["ensemble", "groups.csv", "labels.csv", "probe", "report.html", "results.json", "retrieval", "scores.csv"].sort(),
  );
  expect(readdirSync(join(results, "retrieval")).sort()).toEqual(["ranks.csv", "results.json"]);
  for (const task of ["ensemble", "probe"])
    expect(readdirSync(join(results, task)).sort()).toEqual(["groups.csv", "labels.csv", "results.json", "scores.csv"]);
  expect(err).toContain("7 of 7 reports are longer than 24 tokens and are cut");
  expect(out).toContain("report to volume, recall at 5");
  expect(err).toMatch(/^fitting probe 1 of \d+$/m);
  const page = readFileSync(join(results, "report.html"), "utf8");
  for (const heading of ["Evaluation: zero_shot", "Evaluation: ensemble", "Retrieval", "Evaluation: probe"])
    expect(page).toContain(`>${heading}</h2>`);
  // Of the volumes that it lists as the hardest ones, slices of three planes and what was reported of them.
  expect(page).toContain(">Hardest cases</h2>");
  const shown = page.match(/<figure class="card example">.*?<\/figure>/gs) ?? [];
  expect(shown).toHaveLength(6);
  for (const figure of shown) {
    expect(figure.split("<image ").length - 1).toBe(3);
    expect(figure).toMatch(/<p class="report">[^<]+<\/p>/);
  }
});

describe("a task has the numbers that it has by itself", () => {
  /** The folder of an evaluation with one task, or without any. */
  async function alone(name: string, split: string, ...assignments: readonly string[]): Promise<string> {
    const folder = small.path(name);
    const set = assignments.flatMap((each) => ["--set", each]);
    const { code, err } = await evaluate("-o", folder, "--split", split, ...set);
    expect({ code, err }).toMatchObject({ code: 0 });
    return folder;
  }

  test("zero-shot classification those of a block without tasks", async () => {
    const folder = small.path("plain");
    expect(await runHere(small.arguments("eval", "--data", data, "-o", folder))).toMatchObject({ code: 0 });
    for (const file of ["scores.csv", "labels.csv", "groups.csv", "results.json"])
      expect(readFileSync(join(folder, file), "utf8")).toBe(readFileSync(join(results, file), "utf8"));
  });

  test("an ensemble the means of those of each pair of prompts", async () => {
    const pairs = ["{class} is present.", "There is {class}."].map((present, place) =>
      alone(`pair-${place}`, "valid", `eval.prompts=["${present}", "No {class}."]`, "eval.tasks=[zero_shot()]"),
    );
    const [first = [], second = []] = (await Promise.all(pairs)).map((folder) => tableOf(folder, "scores.csv"));
    const found = tableOf(join(results, "ensemble"), "scores.csv");
    expect(found).toHaveLength(7);
    for (const [row, scores] of found.entries()) {
      for (const [column, score] of scores.entries())
        expect(score).toBeCloseTo((at(at(first, row), column) + at(at(second, row), column)) / 2, 12);
    }
  });

  test.each([
    [
      "ensemble",
      'zero_shot(prompts = [["{class} is present.", "There is {class}."], ["No {class}."]], average = score, threshold = youden(on = evaluated))',
    ],
    ["probe", "probe(folds = 3, strengths = [1], threshold = best_f1(on = evaluated))"],
  ])("thresholds of `%s` those that its scores of training volumes give", async (name, task) => {
    const folder = await alone(`on-training-${name}`, "train", `eval.tasks=[${task}]`, "eval.resamples=0");
    const chosen = new Map(resultsOf(folder).classes.map((each) => [each.name, each.threshold]));
    const { classes, threshold } = resultsOf(join(results, name));
    expect(threshold.on).toBe("training");
    expect(classes.length).toBeGreaterThan(0);
    for (const each of classes) expect([each.name, each.threshold]).toEqual([each.name, chosen.get(each.name) ?? null]);
  });
});

test("retrieval reads the reports: reconstructions of a scan have one, and are right answers to each other", () => {
  const way = v.object({ recall: v.array(v.object({ k: v.number(), recall: value })) });
  const found = v.object({ examples: v.number(), reports: v.number(), reportToImage: way, imageToReport: way });
  const { examples, reports, reportToImage, imageToReport } = v.parse(
    found,
    JSON.parse(textOf(join(results, "retrieval"))),
  );
  expect({ examples, reports }).toEqual({ examples: 7, reports: 6 });
  const ranks = tableOf(join(results, "retrieval"), "ranks.csv");
  const [first, twin] = ranks;
  expect(twin).toEqual(first);
  const share = (column: number, k: number) => ranks.filter((row) => at(row, column) <= k).length / 7;
  for (const [column, { recall: recalls }] of [reportToImage, imageToReport].entries())
    for (const { k, recall } of recalls) expect(recall.value).toBeCloseTo(share(column, k), 12);
});

test("`medctc compare` takes the folder of a task", async () => {
  const { code, out, err } = await runHere(["compare", results, join(results, "ensemble")]);
  expect({ code, err }).toMatchObject({ code: 0 });
  const [first = 0, second = 0] = [results, join(results, "ensemble")].map(
    (folder) => resultsOf(folder).overall.meanAuroc.value ?? 0,
  );
  const difference = second - first;
  expect(out).toMatch(new RegExp(`mean AUROC .*${Math.abs(difference).toFixed(3)}`));
});

test("retrieval on a data set without reports is refused, and says what needs them", async () => {
  const without = small.copyOfData();
  for (const table of readdirSync(without).filter((name) => name.endsWith("_reports.csv")))
    rmSync(join(without, table));
  const folder = small.path("refused");
  const { code, err } = await evaluate("--data", without, "-o", folder);
  expect(code).toBe(1);
  expect(err).toContain("reports are read for `retrieval`");
  expect(existsSync(folder)).toBe(false);
});
