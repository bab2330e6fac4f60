import { readFileSync } from "node:fs";
import { compileSpec, type Plan } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { type Evaluation, evaluateScores } from "../../runtime/evaluate/index.ts";
import type { CurvePoint, HardestReport, LatentsReport, RunReport } from "../../runtime/report/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { Random } from "../random.ts";
import { namedRuns } from "./compare-sample.ts";

export function planOf(path: string): Plan {
  const { plan } = compileSpec(createSource(path, readFileSync(path, "utf8")), new SpecLibrary("specs/std", path));
  if (plan === null) throw new Error(`${path} compiles`);
  return plan;
}

/** Scores that say something of all classes but the last, which never occurs. */
export function evaluationOf(classes: readonly string[], lift: number): Evaluation {
  const random = new Random(lift);
  const labels = Array.from({ length: 40 }, () =>
    classes.map((_, index) => index < classes.length - 1 && random.below(3) === 0),
  );
  const scores = labels.map((row) => row.map((label) => (random.below(100) + (label ? lift : 0)) / (100 + lift)));
  return evaluateScores({ classes, scores, labels, bootstrap: { resamples: 60, seed: 2 } });
}

/** A map of so many volumes, in a ring around each class that they have alone; some labels are missing. */
export function latentsOf(classes: readonly string[], volumes: number): LatentsReport {
  const random = new Random(volumes);
  const rows = Array.from({ length: volumes }, (_, row) => row);
  const labels = rows.map((row) => classes.map((_, index) => (random.below(20) === 0 ? null : row % 4 === index % 4)));
  const places = rows.map((row) => {
    const angle = (random.below(100) * Math.PI) / 50;
    return [(row % 4) * 10 + 3 * Math.cos(angle), 3 * Math.sin(angle)] as const;
  });
  const nearest = rows.map((row) => [1, 2, 3].map((step) => (row + 4 * step) % volumes));
  const names = rows.map((row) => `valid_${row}_a_1.nii.gz`);
  return { mapped: { kind: "map", rows, places, nearest }, names, classes, labels };
}

export function curveOf(steps: number): readonly CurvePoint[] {
  return Array.from({ length: steps }, (_, index) => ({
    step: index + 1,
    loss: 2 / (index + 1) + (index % 2) / 10,
    learningRate: 1e-4,
    gradientNorm: 1 + (index % 3),
    metrics: new Map(),
  }));
}

export const emptyReport: RunReport = {
  title: "Nothing yet",
  command: null,
  startedAt: null,
  elapsedMs: null,
  specPath: "",
  specText: null,
  plan: null,
  curve: [],
  validation: [],
  evaluations: [],
  tasks: [],
  hardest: null,
  latents: null,
  environment: [],
  warnings: [],
  skipped: [],
};

const classes = ["Effusion", "Nodule", "Never"];

/** Some volumes of an evaluation, of which nothing is to be seen. */
function hardestOf(names: readonly string[]): HardestReport {
  const [run] = namedRuns({ classes: names });
  if (run === undefined) throw new Error("there are two");
  const { label, evaluation, scores } = run;
  return { ...scores, runs: [{ label, evaluation, scores: scores.scores }], cases: new Map() };
}

/** A report with every section. */
export function fullReport(): RunReport {
  const path = "specs/medct-small.vlm";
  return {
    title: "A run",
    command: `medctc train ${path}`,
    startedAt: "2026-03-01T09:30:00Z",
    elapsedMs: 7_512_345,
    specPath: path,
    specText: readFileSync(path, "utf8"),
    plan: planOf(path),
    curve: curveOf(90),
    validation: [0, 45, 90].map((step) => ({ step, values: new Map([["loss", 2.5 - step / 60]]) })),
    evaluations: [
      { label: "before", step: 0, evaluation: evaluationOf(classes, 10) },
      { label: "after", step: 90, evaluation: evaluationOf(classes, 60) },
    ],
    tasks: [],
    hardest: hardestOf(classes),
    latents: latentsOf(classes, 40),
    environment: [["seed", "7"]],
    warnings: ["no --weights: <all> is random"],
    skipped: [{ subject: "a.nii.gz", message: "the data ends early", help: null }],
  };
}
