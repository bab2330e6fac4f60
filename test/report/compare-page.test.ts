import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { compareEvaluations, comparisonPage } from "../../runtime/app/evaluate/comparison-page.ts";
import { at } from "../../runtime/at.ts";
import { compareRuns, eachByItself, printMetric } from "../../runtime/evaluate/index.ts";
import { namedRuns, sampleCases, scoredRuns } from "./compare-sample.ts";
import { readElements } from "./markup-check.ts";

const runs = namedRuns({ labels: ["base", "adapted", "rank 8"] });
let found: Awaited<ReturnType<typeof compareEvaluations>>;
let page = "";

beforeAll(async () => {
  found = await compareEvaluations("Base and adapted", runs, () => Promise.resolve(sampleCases(runs)));
  ({ page } = found);
});

const colours = ["var(--first)", "var(--placement-0)", "var(--placement-1)"];

/** The picture with an id. */
function pictureOf(html: string, id: string): string {
  return new RegExp(`<svg [^>]*aria-labelledby="${id}-title [^"]*".*?</svg>`).exec(html)?.[0] ?? "";
}

/** The points of a run's curve in a picture of shares against shares, read from where it is drawn. */
function curveOf(html: string, id: string, run: number): readonly (readonly [number, number])[] {
  const picture = pictureOf(html, id);
  const path = new RegExp(
    `<path d="([^"]*)" fill="none" stroke="${colours[run]?.replace(/[()]/g, "\\$&")}" stroke-width="2"`,
  );
  const [, drawn = ""] = path.exec(picture) ?? [];
  return [...drawn.matchAll(/(-?[\d.]+),(-?[\d.]+)/g)].map(([, x, y]) => [
    (Number(x) - 26) / 150,
    1 - (Number(y) - 8) / 150,
  ]);
}

function areaOf(points: readonly (readonly [number, number])[]): number {
  return points.reduce((sum, [x, y], place) => {
    const [fromX, fromY] = points[place - 1] ?? [x, y];
    return sum + ((x - fromX) * (y + fromY)) / 2;
  }, 0);
}

/** The rows of the table with a caption, as their texts. */
function tableOf(html: string, caption: string): readonly (readonly string[])[] {
  const [, body = ""] =
    new RegExp(`<caption><span>${caption}</span></caption>.*?<tbody>(.*?)</tbody>`, "s").exec(html) ?? [];
  return [...body.matchAll(/<tr>(.*?)<\/tr>/gs)].map(([, row = ""]) =>
    [...row.matchAll(/<t[hd][^>]*>(.*?)<\/t[hd]>/g)].map(([, cell = ""]) => cell.replace(/<[^>]*>/g, "")),
  );
}

describe("a page that compares runs", () => {
  test("is well formed, with unique ids that its links and labels name", () => {
    const elements = readElements(page);
    const ids = elements.flatMap(({ attributes }) => attributes.get("id") ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    const named = elements.flatMap(({ attributes }) => [
      ...(attributes.get("href")?.startsWith("#") === true ? [attributes.get("href")?.slice(1) ?? ""] : []),
      ...(attributes.get("aria-labelledby")?.split(" ") ?? []),
    ]);
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter((id) => !ids.includes(id))).toEqual([]);
  });

  test("loads nothing: no script, no address, and a policy that allows its own style and pictures alone", () => {
    expect(readElements(page).filter(({ name }) => /^(script|link|img|iframe|object|embed|use)$/.test(name))).toEqual(
      [],
    );
    expect(page).not.toMatch(/https?:|url\(|@import| style="/);
    const [, style = ""] = /<style>([\s\S]*?)<\/style>/.exec(page) ?? [];
    const hash = createHash("sha256").update(style).digest("base64");
    expect(page).toContain(
      `content="default-src 'none'; img-src data:; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'"`,
    );
  });

  test("has a title in every picture, a description in every chart, and a caption in every table", () => {
    const pictures =
      page.match(/<svg [^>]*role="img" aria-labelledby="[^"]+"[^>]*><title id="[^"]+">[^<]+<\/title>/g) ?? [];
    expect(pictures).toHaveLength(page.split("<svg ").length - 1);
    const charts = page.match(/<svg [^>]*>(?:<title[^>]*>[^<]*<\/title>)<desc id="[^"]+">[^<]+<\/desc>/g) ?? [];
    expect(pictures.length - charts.length).toBe(page.split("<image ").length - 1);
    expect(page.split("<table><caption>").length).toBe(page.split("<table").length);
  });

  test("has the evaluations that were made before", () => {
    expect(found.evaluations).toEqual(runs.map(({ evaluation }) => evaluation));
  });

  test("is the same page when it is made again", async () => {
    expect((await compareEvaluations("Base and adapted", runs, () => Promise.resolve(sampleCases(runs)))).page).toBe(
      page,
    );
  });

  test("draws ROC curves whose area is the AUROC", () => {
    for (const [run, { evaluation }] of runs.entries()) {
      for (const [place, { metrics }] of evaluation.classes.slice(0, 2).entries()) {
        const curve = curveOf(page, `roc-${place}`, run);
        expect([curve[0], curve.at(-1)]).toEqual([
          [0, 0],
          [1, 1],
        ]);
        expect(Math.abs(areaOf(curve) - (metrics.auroc.value ?? Number.NaN))).toBeLessThan(0.003);
      }
    }
    expect(pictureOf(page, "roc-2")).toBe("");
  });

  test("draws precision-recall curves whose area is the average precision", () => {
    for (const [run, { evaluation }] of runs.entries()) {
      for (const [place, { metrics }] of evaluation.classes.slice(0, 2).entries()) {
        const area = areaOf(curveOf(page, `recall-${place}`, run));
        expect(Math.abs(area - (metrics.averagePrecision.value ?? Number.NaN))).toBeLessThan(0.004);
      }
    }
  });

  test("has the numbers of curves behind them", () => {
    const rows = tableOf(page, "True positive rates of the ROC curves");
    expect(rows.map(([name, run, area]) => [name, run, area])).toEqual(
      ["Effusion", "Nodule"].flatMap((name, place) =>
        runs.map(({ label, evaluation }) => [name, label, printMetric(at(evaluation.classes, place).metrics.auroc)]),
      ),
    );
    for (const [, , , ...rates] of rows) {
      expect(rates.map(Number)).toEqual(rates.map(Number).sort((a, b) => a - b));
      expect(rates.map(Number).every((rate) => rate >= 0 && rate <= 1)).toBe(true);
    }
  });

  test("counts calls and labels that add up", () => {
    const labels = at(runs, 0).scores.labels;
    const known = [0, 1, 2].map((place) => labels.filter((row) => row[place] !== null).length);
    const present = [0, 1, 2].map((place) => labels.filter((row) => row[place] === true).length);
    const calls = tableOf(page, "Calls of each class");
    expect(calls).toHaveLength(9);
    for (const [row, [, , threshold, ...cells]] of calls.entries()) {
      const [truePositives = 0, falseNegatives = 0, falsePositives = 0, trueNegatives = 0] = cells.map(Number);
      const place = Math.floor(row / 3);
      expect(threshold).toBe("0.500");
      expect(truePositives + falseNegatives).toBe(present[place]);
      expect(truePositives + falseNegatives + falsePositives + trueNegatives).toBe(known[place]);
    }
    expect(tableOf(page, "Labels of each class")).toEqual(
      ["Effusion", "Nodule", "Never"].map((name, place) => {
        const [own, all] = [present[place] ?? 0, known[place] ?? 0];
        return [name, String(own), String(all - own), String(labels.length - all)];
      }),
    );
    const bins = tableOf(page, "Scores and labels of all classes, by bins of scores");
    const total = known.reduce((sum, count) => sum + count, 0);
    const ofClasses = tableOf(page, "Scores and labels of each class, by bins of scores");
    for (const column of [1, 4, 7]) {
      expect(bins.reduce((sum, row) => sum + Number(row[column]), 0)).toBe(total);
      expect(ofClasses.reduce((sum, row) => sum + Number(row[column + 1]), 0)).toBe(total);
    }
    expect(new Set(ofClasses.map(([name]) => name))).toEqual(new Set(["Effusion", "Nodule", "Never"]));
  });

  test("shows the hardest volumes of the last run, with slices and reports", () => {
    const rows = tableOf(page, "The hardest volumes");
    const { scores, labels, names } = at(runs, 2).scores;
    const losses = labels.flatMap((row, volume) =>
      row.flatMap((label, place) => {
        const score = at(scores, volume)[place] ?? Number.NaN;
        return label === null ? [] : [{ name: names[volume], loss: -Math.log(label ? score : 1 - score) }];
      }),
    );
    const worst = losses.reduce((a, b) => (b.loss > a.loss ? b : a));
    expect(rows[0]?.[0]).toBe(worst.name);
    expect(rows[0]?.at(-1)).toBe(worst.loss.toFixed(2));
    expect(page.match(/<figure class="card example">/g)).toHaveLength(new Set(rows.map(([name]) => name)).size);
    expect(page).toContain(`<p class="report">Findings of ${worst.name}.\nNo effusion.</p>`);
  });
});

test("thresholds that were chosen on what is shown are marked", async () => {
  const chosen = namedRuns({ threshold: { kind: "best_f1", on: null } });
  const { page: marked } = await compareEvaluations("Chosen", chosen);
  expect(marked).toContain("macro F1 *");
  expect(marked).toContain("thresholds chosen by the best F1 on the evaluated volumes themselves<br>");
  expect(marked).toContain("* thresholds were chosen on the labels that they are measured by");
});

test("volumes that one run has not are left out for all", async () => {
  const [base, adapted] = namedRuns();
  if (base === undefined || adapted === undefined) throw new Error("there are two");
  const { names, scores, labels } = adapted.scores;
  const { classes } = adapted.scores;
  const kept = { classes, names: names.slice(4), scores: scores.slice(4), labels: labels.slice(4) };
  const compared = await compareEvaluations("Fewer", [base, { ...adapted, scores: kept }]);
  expect(compared.evaluations.map(({ examples }) => examples)).toEqual([56, 56]);
});

test("scores that are no chances have no calibration and no loss", async () => {
  const logits = namedRuns().map((run) => ({
    ...run,
    scores: { ...run.scores, scores: run.scores.scores.map((row) => Array.from(row, (score) => 8 * score - 4)) },
  }));
  const { page: own } = await compareEvaluations("Logits", logits);
  expect(own).toContain("Scores of base are not all from 0 to 1");
  expect(own).not.toContain('id="hardest"');
});

test("what is named in a comparison is text", async () => {
  const hostile = `<script>alert("1")</script>&amp;'\u202e\u0000\ud800 role="x"\n--><!--`;
  const named = namedRuns({ classes: [hostile, "a", "b"], labels: [hostile, `${hostile}2`] });
  const { page: own } = await compareEvaluations(hostile, named);
  expect(readElements(own).filter(({ name }) => name === "script")).toEqual([]);
  for (const dangerous of ["\u0000", "\u202e", "\ud800", "<!--"]) expect(own).not.toContain(dangerous);
});

test("five runs of 3,000 volumes and 18 classes are a page below 2 MB", async () => {
  const classes = Array.from({ length: 18 }, (_, place) => `class ${place}`);
  const labels = ["base", "a", "b", "c", "d"];
  const runs = scoredRuns({ classes, labels, volumes: 3000, isFine: true });
  const { names, labels: known } = at(runs, 0);
  const own = await comparisonPage({
    ...compareRuns(
      { classes, labels: known, groups: eachByItself(names.length), runs },
      { metric: "auroc", correction: "holm", bootstrap: { resamples: 1, seed: 1 } },
    ),
    ...{ title: "Large", names, labels: known, runs, runLabels: labels, warnings: [] },
  });
  expect(own.length).toBeLessThan(2e6);
  expect(own.length).toBeGreaterThan(2e5);
});
