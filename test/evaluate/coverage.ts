/**
 * How often intervals at 95 % contain the truth, in simulated studies with three scans a patient, and how often a test at 5 % finds a
 * difference where there is none. Usage: node test/run.mjs test/evaluate/coverage.ts [STUDIES [PATIENTS]]. Some minutes; ends with 1
 * where intervals by patient, or tests, are off.
 */
import { at } from "../../runtime/at.ts";
import { compareAurocs } from "../../runtime/evaluate/delong.ts";
import { type ClassMetric, type Evaluation, evaluateScores, groupBy } from "../../runtime/evaluate/index.ts";
import { print } from "../print.ts";
import { Random } from "../random.ts";

const scansOfPatient = 3;
const threshold = 0.5;
const measured = [
  "auroc",
  "averagePrecision",
  "brier",
  "accuracy",
  "sensitivity",
  "specificity",
  "f1",
  "mcc",
] as const satisfies ClassMetric[];

/** One patient's scans, which mostly show the same and have much of their scores in common. */
function drawPatient(random: Random) {
  const isIll = random.below(1000) < 350;
  const own = normal(random);
  return Array.from({ length: scansOfPatient }, () => {
    const label = random.below(1000) < 900 ? isIll : !isIll;
    const shared = 0.8 * own + (label ? 1 : 0);
    // Two models of the same worth, whose scores have something in common beside the patient.
    const scan = 0.4 * normal(random);
    const score = (): number => 1 / (1 + Math.exp(-(shared + scan + 0.5 * normal(random) - 0.5)));
    return { label, scores: [score(), score()] as const };
  });
}

function normal(random: Random): number {
  const [u, v] = [(1 + random.below(2 ** 30)) / (2 ** 30 + 1), random.below(2 ** 30) / 2 ** 30];
  return Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * v);
}

function drawStudy(random: Random, patients: number) {
  const scans = Array.from({ length: patients }, (_, patient) =>
    drawPatient(random).map((scan) => ({ ...scan, patient: `train_${patient}` })),
  ).flat();
  const groups = groupBy(
    "patient",
    scans.map(({ patient }) => patient),
  );
  return { scans, groups };
}

function evaluate(
  { scans, groups }: ReturnType<typeof drawStudy>,
  by: "patient" | "volume" | null,
  seed: number,
): Evaluation {
  return evaluateScores({
    classes: ["a"],
    scores: scans.map(({ scores }) => [scores[0]]),
    labels: scans.map(({ label }) => [label]),
    threshold: { kind: "fixed", value: threshold },
    ...(by === "patient" ? { groups } : {}),
    bootstrap: by === null ? null : { resamples: 1000, seed },
  });
}

function numberOf({ classes }: Evaluation, metric: ClassMetric) {
  const found = at(classes, 0).metrics[metric];
  if (found.value === null) throw new Error("a study has both");
  return found;
}

const [studies = 1000, patients = 150] = process.argv.slice(2).map(Number);
const truth = evaluate(drawStudy(new Random(1), 400_000), null, 0);
const random = new Random(2);
const hits = new Map(measured.map((metric) => [metric, { patient: 0, volume: 0 }]));
let rejected = { clustered: 0, each: 0 };
for (let study = 0; study < studies; study++) {
  const drawn = drawStudy(random, patients);
  for (const by of ["patient", "volume"] as const) {
    const found = evaluate(drawn, by, study);
    for (const [metric, counts] of hits) {
      const { interval } = numberOf(found, metric);
      const { value } = numberOf(truth, metric);
      if (interval !== null && interval.low <= value && value <= interval.high) counts[by]++;
    }
  }
  const [a, b] = [0, 1].map((run) => Float64Array.from(drawn.scans, ({ scores }) => scores[run] ?? 0));
  if (a === undefined || b === undefined) throw new Error("there are two");
  const labels = drawn.scans.map(({ label }) => label);
  const each = groupBy(
    "volume",
    drawn.scans.map((_, index) => String(index)),
  );
  rejected = {
    clustered: rejected.clustered + Number((compareAurocs(a, b, labels, drawn.groups)?.p ?? 1) < 0.05),
    each: rejected.each + Number((compareAurocs(a, b, labels, each)?.p ?? 1) < 0.05),
  };
}
const percent = (count: number): string => `${((100 * count) / studies).toFixed(1)} %`;
print(
  `${studies} studies of ${patients} patients with ${scansOfPatient} scans each; intervals at 95 % that contain the truth`,
);
for (const [metric, { patient, volume }] of hits) {
  print(
    `  ${metric.padEnd(18)} ${numberOf(truth, metric).value.toFixed(4)}  by patient ${percent(patient)}  by volume ${percent(volume)}`,
  );
}
print(
  `DeLong's test at 5 % of two models of the same worth: by patient ${percent(rejected.clustered)}, by volume ${percent(rejected.each)}`,
);
const off = [...hits]
  .filter(([, { patient }]) => patient < 0.93 * studies || patient > 0.97 * studies)
  .map(([metric]) => metric);
if (rejected.clustered < 0.03 * studies || rejected.clustered > 0.07 * studies) print("DeLong's test is off");
if (off.length > 0) print(`off: ${off.join(", ")}`);
process.exitCode = off.length > 0 ? 1 : 0;
