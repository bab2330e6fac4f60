import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compareEvaluations } from "../../runtime/app/evaluate/comparison-page.ts";
import { collectSweep } from "../../runtime/app/sweep/collect.ts";
import { terminalReporter } from "../../runtime/cli/terminal-reporter.ts";
import {
  lightPalette,
  renderDataPage,
  renderDiagram,
  renderGraphPage,
  renderReport,
} from "../../runtime/report/index.ts";
import { listeningTerminal } from "../cli/listening-terminal.ts";
import { namedRuns, sampleCases } from "../report/compare-sample.ts";
import { fullData } from "../report/data-sample.ts";
import { emptyReport, evaluationOf, fullReport, latentsOf, planOf } from "../report/sample.ts";
import { writeFolder } from "../sweep/made-runs.ts";

const specs = [
  "specs/medct.vlm",
  "specs/clip-vit-b32.vlm",
  "specs/medct-small.vlm",
  "examples/placements/bottleneck.vlm",
  "examples/placements/bias-only.vlm",
  "examples/placements/rank-per-stage.vlm",
  "test/browser/deep.vlm",
];

/** The classes of the reference spec's `eval` block, with their long names. */
function classesOf(spec: string): readonly string[] {
  const [, list = ""] = /classes = \[([^\]]*)\]/.exec(readFileSync(spec, "utf8")) ?? [];
  return [...list.matchAll(/"([^"]*)"/g)].map(([, name = ""]) => name);
}

/** Writes the pages and pictures that a browser is to open into a folder: reports of made-up runs, graphs of specs. */
export async function writePages(folder: string): Promise<void> {
  const classes = classesOf("specs/medct.vlm");
  const training = fullReport();
  const evaluation = { label: "evaluation", step: null, evaluation: evaluationOf(classes, 60) };

  writeFileSync(join(folder, "training.html"), await renderReport(training));
  writeFileSync(
    join(folder, "evaluation.html"),
    await renderReport({
      ...emptyReport,
      title: "medct",
      specPath: "specs/medct.vlm",
      plan: planOf("specs/medct.vlm"),
      evaluations: [evaluation],
      latents: latentsOf(classes, 400),
      environment: training.environment,
      skipped: [
        {
          subject: "valid/a/very/long/path/of/a/volume_0001_a_1.nii.gz",
          message: "the data ends early",
          help: "get it again",
        },
      ],
    }),
  );
  writeFileSync(join(folder, "data.html"), await renderDataPage(fullData()));
  writeFileSync(
    join(folder, "data-long-names.html"),
    await renderDataPage(fullData("a-very-long-name-without-any-blank-".repeat(6), 60)),
  );
  await writeComparisons(folder, classes);
  const sweep = mkdtempSync(join(tmpdir(), "medctc-sweep-"));
  writeFolder(sweep, readFileSync("specs/medct-small.vlm", "utf8"));
  await collectSweep(sweep, terminalReporter(listeningTerminal().terminal));
  copyFileSync(join(sweep, "index.html"), join(folder, "sweep.html"));
  rmSync(sweep, { recursive: true });
  for (const spec of specs) {
    const name = spec.replace(/^.*\//, "").replace(/\.vlm$/, "");
    const plan = planOf(spec);
    const specText = readFileSync(spec, "utf8");
    writeFileSync(
      join(folder, `graph-${name}.html`),
      await renderGraphPage({ plan, specPath: spec, specText, width: 1072, isDark: false }),
    );
    for (const width of [320, 700, 1072, 1600]) {
      const svg = renderDiagram(plan, { width, palette: lightPalette, hasPaper: true });
      writeFileSync(join(folder, `graph-${name}-${width}.svg`), svg);
    }
  }
}

/** Two runs with pictures and reports of the hardest volumes, and many runs with long names. */
async function writeComparisons(folder: string, classes: readonly string[]): Promise<void> {
  const runs = namedRuns({ classes });
  const { page } = await compareEvaluations("Base and adapted", runs, () => Promise.resolve(sampleCases(runs)));
  writeFileSync(join(folder, "comparison.html"), page);
  const long = "a-very-long-name-without-any-blank-".repeat(3);
  const labels = Array.from({ length: 8 }, (_, run) => `${run === 0 ? "base" : long}${run}`);
  const many = namedRuns({ classes: ["Effusion", long, "Never"], labels, threshold: { kind: "youden", on: null } });
  writeFileSync(join(folder, "comparison-many.html"), (await compareEvaluations(long, many)).page);
}
