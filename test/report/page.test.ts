import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { evaluateScores, printMetric } from "../../runtime/evaluate/index.ts";
import { type RunReport, renderReport } from "../../runtime/report/index.ts";
import { readElements } from "./markup-check.ts";
import { curveOf, emptyReport, evaluationOf, fullReport } from "./sample.ts";

let full = "";

beforeAll(async () => {
  full = await renderReport(fullReport());
});

/** The cells of the row that a table has for a name. */
function rowOf(html: string, name: string): readonly string[] {
  const [, row = ""] = new RegExp(`<tr><th scope="row">${name}</th>(.*?)</tr>`).exec(html) ?? [];
  return [...row.matchAll(/<td[^>]*>(.*?)<\/td>/g)].map(([, cell = ""]) => cell.replace(/ <span.*/, ""));
}

describe("a report with everything in it", () => {
  test("is well formed, with unique ids that its links and labels name", () => {
    const elements = readElements(full);
    const ids = elements.flatMap(({ attributes }) => attributes.get("id") ?? []);
    expect(new Set(ids).size).toBe(ids.length);
    const named = elements.flatMap(({ attributes }) => [
      ...(attributes.get("href")?.slice(1).split(" ") ?? []),
      ...(attributes.get("aria-labelledby")?.split(" ") ?? []),
    ]);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((id) => !ids.includes(id))).toEqual([]);
  });

  test("loads nothing: no script, no address, and a policy that allows its own style alone", () => {
    const elements = readElements(full);
    expect(elements.filter(({ name }) => /^(script|link|img|iframe|object|embed|image|use)$/.test(name))).toEqual([]);
    const loading = elements.flatMap(({ attributes }) =>
      ["src", "style", "xlink:href", "srcset"].filter((name) => attributes.has(name)),
    );
    expect(loading).toEqual([]);
    const links = elements.flatMap(({ attributes }) => attributes.get("href") ?? []);
    expect(links.filter((link) => !link.startsWith("#"))).toEqual([]);
    expect(full.replaceAll('xmlns="http://www.w3.org/2000/svg"', "")).not.toMatch(/https?:|url\(|@import/);
    const [, style = ""] = /<style>([\s\S]*?)<\/style>/.exec(full) ?? [];
    const hash = createHash("sha256").update(style).digest("base64");
    const policy = elements.find(({ attributes }) => attributes.has("http-equiv"))?.attributes.get("content");
    expect(policy).toBe(`default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`);
  });

  test("has a title and a description in every picture, and a caption and headers in every table", () => {
    const pictures = full.match(
      /<svg [^>]*role="img" aria-labelledby="[^"]+"[^>]*><title id="[^"]+">[^<]+<\/title><desc/g,
    );
    expect(pictures).toHaveLength(full.split("<svg ").length - 1);
    expect(full.split("<table><caption>").length).toBe(full.split("<table").length);
    expect(full.match(/<thead><tr><th scope="col"/g)).toHaveLength(full.split("<table").length - 1);
  });

  test("is the same page when it is made again", async () => {
    expect(await renderReport(fullReport())).toBe(full);
  });

  test("shows the numbers of the evaluations", () => {
    const [before, after] = fullReport().evaluations.map(({ evaluation }) => evaluation);
    if (before === undefined || after === undefined) throw new Error("there are two");
    for (const [index, { name, present, metrics }] of after.classes.entries()) {
      const first = before.classes[index]?.metrics.auroc;
      if (first === undefined) throw new Error("both have the same classes");
      const [shownPresent, shownFirst, shownLast, , ...others] = rowOf(full, name);
      expect(shownPresent).toBe(String(present));
      expect([shownFirst, shownLast]).toEqual([printMetric(first), printMetric(metrics.auroc)]);
      const { averagePrecision, brier, calibrationError, accuracy, balancedAccuracy, ...rest } = metrics;
      const { sensitivity, specificity, precision, f1, mcc } = rest;
      expect(others).toEqual(
        [
          ...[averagePrecision, brier, calibrationError, accuracy, balancedAccuracy],
          ...[sensitivity, specificity, precision, f1, mcc],
        ].map((metric) => printMetric(metric)),
      );
    }
    expect(rowOf(full, "mean AUROC").slice(0, 2)).toEqual(
      [before, after].map(({ overall }) => printMetric(overall.meanAuroc)),
    );
    expect(full).toContain("<li>Never: never occurs among 40</li>");
    expect(full.match(/<figcaption>(Effusion|Nodule|Never)<span/g)).toHaveLength(2);
  });

  test("says what was run and when, and counts its parameters", () => {
    expect(full).toContain("started 2026-03-01 09:30 UTC · took 2 h 5 min");
    expect(full).toContain("<dt>trainable</dt><dd>3,584</dd>");
    expect(full).toContain('<span class="line"><i># MedCT-VLM at the sizes');
  });
});

describe("what there is nothing of is left out", () => {
  const sections = (html: string): readonly string[] =>
    [...html.matchAll(/<h2 id="([^"]+)"/g)].map(([, id = ""]) => id);
  const whole = fullReport();
  const parts: readonly (readonly [readonly string[], Partial<RunReport>])[] = [
    [[], {}],
    [["training"], { curve: whole.curve }],
    [["evaluation", "classes", "roc"], { evaluations: whole.evaluations.slice(1) }],
    [["hardest"], { hardest: whole.hardest }],
    [["model"], { plan: whole.plan }],
    [["skipped"], { skipped: whole.skipped }],
    [["environment"], { environment: whole.environment }],
    [["spec"], { specText: whole.specText }],
  ];
  test.each(parts)("sections: %j", async (expected, part) => {
    const html = await renderReport({ ...emptyReport, ...part });
    readElements(html);
    expect(sections(html)).toEqual(expected);
  });

  test("curves of classes without an AUROC", async () => {
    const evaluation = evaluationOf(["only"], 1);
    const html = await renderReport({ ...emptyReport, evaluations: [{ label: "now", step: null, evaluation }] });
    expect(sections(html)).toEqual(["evaluation", "classes"]);
  });
});

test("warnings stand before everything else", async () => {
  const html = await renderReport({ ...emptyReport, warnings: ["no --weights", "a < b"] });
  expect(html).toContain('<main>\n<p class="warning">no --weights</p>\n<p class="warning">a &lt; b</p>\n');
});

describe("what is named in a report is text", () => {
  const hostile = `<script>alert("1")</script>&amp;'\u202e\u0000\ud800 role="x"\n--><!--`;

  test("everywhere", async () => {
    const evaluation = evaluationOf([hostile, `${hostile}2`, hostile], 20);
    const html = await renderReport({
      ...fullReport(),
      title: hostile,
      command: hostile,
      startedAt: hostile,
      specPath: hostile,
      specText: `"${hostile}" # ${hostile}`,
      evaluations: [
        { label: hostile, step: 1, evaluation },
        { label: `${hostile}2`, step: 2, evaluation },
      ],
      environment: [[hostile, hostile]],
      warnings: [hostile],
      skipped: [{ subject: hostile, message: hostile, help: hostile }],
    });
    const elements = readElements(html);
    expect(elements.filter(({ name }) => name === "script")).toEqual([]);
    for (const dangerous of ["\u0000", "\u202e", "\ud800", "<!--"]) expect(html).not.toContain(dangerous);
    expect(html).toContain("<h1>&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;amp;&#39;");
  });

  test("in a plan too", async () => {
    const { plan } = fullReport();
    if (plan === null) throw new Error("it has a plan");
    const rename = (text: string): string => text.replaceAll("vision", "vi<b>sion");
    const html = await renderReport({
      ...emptyReport,
      plan: {
        ...plan,
        model: hostile,
        components: plan.components.map((component) => ({ ...component, name: rename(component.name) })),
        parameters: plan.parameters.map((parameter) => ({ ...parameter, path: rename(parameter.path) })),
        flow: {
          units: plan.flow.units.map((unit) => ({ ...unit, name: `${unit.name}${hostile}`, text: hostile })),
          arrows: plan.flow.arrows.map((arrow) => ({ ...arrow, value: hostile })),
        },
        placements: plan.placements.map((placement) => ({ ...placement, text: `${hostile}${placement.text}` })),
        expectations: [{ text: hostile, holds: false, found: Number.NaN }],
      },
    });
    expect(readElements(html).filter(({ name }) => name === "b" || name === "script")).toEqual([]);
    expect(html).toContain("vi&lt;b&gt;sion");
  });
});

describe("unusual runs are shown", () => {
  test("a class with one example has an interval of fewer resamples, which the page says", async () => {
    const evaluation = evaluateScores({
      classes: ["rare"],
      scores: [[0.9], [0.1], [0.3]],
      labels: [[true], [false], [false]],
      bootstrap: { resamples: 100, seed: 1 },
    });
    const [rare] = evaluation.classes;
    if (rare === undefined || rare.metrics.auroc.value === null) throw new Error("it has an AUROC");
    const html = await renderReport({ ...emptyReport, evaluations: [{ label: "now", step: null, evaluation }] });
    expect(rare.metrics.auroc.interval?.leftOut).toBeGreaterThan(0);
    expect(html).toContain(`<li>rare: ${rare.metrics.auroc.interval?.leftOut} resamples without one</li>`);
  });

  test("each metric has a chart of its own, and so has each of several losses", async () => {
    const curve = curveOf(9).map((point) => {
      return {
        ...point,
        metrics: new Map([
          ["top1", point.step / 10],
          ["loss/siglip", point.step === 5 ? Number.NaN : 1],
        ]),
      };
    });
    const html = await renderReport({ ...emptyReport, curve });
    expect(html).toContain("<figcaption>top1</figcaption>");
    expect(html).toContain("From 0.100 at step 1 to 0.900 at step 9");
    expect(html).toContain("<figcaption>loss siglip</figcaption>");
  });

  test("one step", async () => {
    const html = await renderReport({ ...emptyReport, curve: curveOf(1) });
    expect(html).toContain("From 2.000 at step 1 to 2.000 at step 1.");
    expect(html).not.toContain("NaN");
  });

  test("steps whose loss is not finite are counted", async () => {
    const curve = curveOf(40).map((point) => (point.step > 30 ? { ...point, loss: Number.NaN } : point));
    const html = await renderReport({ ...emptyReport, curve });
    expect(html).toContain("At 10 of 40 steps the loss is not a finite number.");
    expect(html).not.toContain("NaN");
    const lost = await renderReport({ ...emptyReport, curve: curve.slice(30) });
    expect(lost).toContain("At 10 of 10 steps");
    expect(lost).not.toContain("Loss over steps");
  });

  test("gradient norms over decades, and 0 among them", async () => {
    const curve = curveOf(50).map((point) => ({ ...point, gradientNorm: 10 ** (point.step % 7) }));
    expect(await renderReport({ ...emptyReport, curve })).toContain(">1000000</text>");
    const withZero = curve.map((point) => (point.step === 3 ? { ...point, gradientNorm: 0 } : point));
    expect(await renderReport({ ...emptyReport, curve: withZero })).not.toMatch(/NaN|Infinity/);
  });

  test("a hundred thousand steps make no larger page than a thousand", async () => {
    const short = await renderReport({ ...emptyReport, curve: curveOf(2000) });
    const long = await renderReport({ ...emptyReport, curve: curveOf(100_000) });
    expect(long.length).toBeLessThan(1.2 * short.length);
  });

  test("of many evaluations all are in the table of overall numbers, and the first and the last in the charts", async () => {
    const evaluations = [10, 20, 60].map((lift) => ({
      label: `lift ${lift}`,
      step: lift,
      evaluation: evaluationOf(["a", "b"], lift),
    }));
    const html = await renderReport({ ...emptyReport, evaluations });
    for (const lift of [10, 20, 60]) expect(html).toContain(`>lift ${lift} (step ${lift})</th>`);
    expect(html).toContain('<span class="key first">lift 10</span><span class="key last">lift 60</span>');
    expect(html).not.toContain("AUROC lift 20");
  });
});
