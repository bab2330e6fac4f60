import { describe, expect, test } from "vitest";
import { type ClassifyTask, evaluatedColumns, type ProbeTask, type RetrievalTask } from "../../compiler/index.ts";
import { at } from "../../runtime/at.ts";
import { type EncodedVolumes, evaluateTask, groupBy, probeScores, scoreTask } from "../../runtime/evaluate/index.ts";
import { generator } from "../../runtime/random.ts";
import { unstopped, unwatched } from "./unwatched.ts";

const random = generator(5);
const count = 40;
/** Every fourth volume is another reconstruction of the scan before it, and has its report. */
const scans = Array.from({ length: count }, (_, index) => index - (index % 4 === 3 ? 1 : 0));
const labels = scans.map((scan) => [scan % 3 === 0, scan % 5 === 0, scan === 0]);
const directionOf = (): Float32Array => Float32Array.from({ length: 6 }, () => random() - 0.5);
const ofScans = scans.map(directionOf);
const images = labels.map(([first = false], index) =>
  Float32Array.from(at(ofScans, index), (value, place) => value + (place === 0 && first ? 0.8 : 0)),
);
const classes = ["Common", "Rarer", "Once"];
const volumes: EncodedVolumes = {
  names: scans.map((_, index) => `volume ${index}`),
  classes,
  scored: { classes, columns: evaluatedColumns({ classes, columns: null }) },
  labels,
  groups: groupBy("scan", scans.map(String)),
  patients: groupBy("scan", scans.map(String)),
  images,
  reports: scans.map((scan) => at(images, scan)),
  reportTexts: scans.map((scan) => `report ${scan}`),
  logits: new Map([["head", images.map((image) => Float32Array.of(at(image, 0), 0, -2))]]),
};
const fixed = { kind: "fixed", value: 0.5 } as const;
const settings = {
  ...unwatched,
  tellMeasuring: () => undefined,
  texts: null,
  bootstrap: null,
  thresholdsOf: () => ({ policy: fixed, chosen: null }),
};

test("scores are by the columns of the labels, and a probe is of these", async () => {
  const columns = [{ name: "Any", of: ["Common", "Once"] }];
  const ofAny = labels.map(([common = false, , once = false]) => [common || once]);
  const external = { ...volumes, classes: ["Any"], scored: { classes, columns }, labels: ofAny };
  const task: ClassifyTask = { kind: "classify", name: "head", logits: "logits", threshold: fixed };
  const whole = await unstopped(scoreTask(task, volumes, null, unwatched));
  const found = await unstopped(scoreTask(task, external, null, unwatched));
  expect(found).toMatchObject({ classes: ["Any"], labels: ofAny });
  expect(found.scores.map((row) => [...Array.from(row)])).toEqual(
    whole.scores.map((row) => [Math.max(at(row, 0), at(row, 2))]),
  );
  const probe: ProbeTask = { kind: "probe", name: "probe", folds: 4, strengths: [0.1], threshold: fixed };
  const examples = { latents: images, labels: ofAny, groups: volumes.groups };
  const fitted = await unstopped(probeScores(examples, probe, unwatched));
  const byProbe = await unstopped(scoreTask(probe, external, null, unwatched));
  expect(byProbe.scores).toEqual(fitted.scores.map((row) => Array.from(row)));
});

test("classification is by the sigmoid of the task's logits", async () => {
  const task: ClassifyTask = { kind: "classify", name: "head", logits: "logits", threshold: fixed };
  const { scores, classes } = await unstopped(scoreTask(task, volumes, null, unwatched));
  expect(classes).toEqual(volumes.classes);
  for (const [row, image] of images.entries()) {
    const [first, second, third] = Array.from(at(scores, row));
    expect(first).toBeCloseTo(1 / (1 + Math.exp(-at(image, 0))), 12);
    expect(second).toBe(0.5);
    expect(third).toBeCloseTo(0.119_202_922, 9);
  }
});

describe("a probe", () => {
  const task: ProbeTask = { kind: "probe", name: "probe", folds: 4, strengths: [0.1, 1], threshold: fixed };

  test("has its own scores, and leaves out a class with too few examples, which it says", async () => {
    const found = await unstopped(scoreTask(task, volumes, null, unwatched));
    expect(found.classes).toEqual(["Common", "Rarer"]);
    expect(found.unscored.map(({ name }) => name)).toEqual(["Once"]);
    expect(found.unscored[0]?.why).toContain("too few for 4 folds");
    const { scores } = await unstopped(
      probeScores({ latents: images, labels, groups: volumes.groups }, task, unwatched),
    );
    expect(found.scores).toEqual(scores.map((row) => [...row.slice(0, 2)]));
    expect(found.labels).toEqual(labels.map((row) => row.slice(0, 2)));
  });

  test("has numbers over all classes of those that have scores", async () => {
    const result = await unstopped(evaluateTask(task, volumes, settings));
    if (result.kind !== "scores") throw new Error("a probe scores classes");
    expect(result.evaluation.overall.meanAuroc.value).toBeGreaterThan(0.5);
    expect(result.evaluation.classes.map(({ name }) => name)).toEqual(["Common", "Rarer"]);
  });
});

test("a probe can be stopped while it is fitted, and every task before it is measured", async () => {
  const stopped = { ...settings, isStopped: () => true };
  const probe: ProbeTask = { kind: "probe", name: "probe", folds: 4, strengths: [1], threshold: fixed };
  expect(await evaluateTask(probe, volumes, stopped)).toBe("stopped");
  const head: ClassifyTask = { kind: "classify", name: "head", logits: "logits", threshold: fixed };
  const retrieval: RetrievalTask = { kind: "retrieval", name: "retrieval", recallAt: [1], mapAt: [1] };
  for (const task of [head, retrieval]) expect(await evaluateTask(task, volumes, stopped)).toBe("stopped");
  const said: string[] = [];
  const tell = (done: number, total: number) => void said.push(`${done} of ${total}`);
  const tellMeasuring = () => void said.push("measuring");
  await evaluateTask({ ...probe, folds: 3 }, volumes, { ...settings, tell, tellMeasuring });
  const fits = said.length - 1;
  expect(said).toEqual([...Array.from({ length: fits }, (_, index) => `${index + 1} of ${fits}`), "measuring"]);
  for (const task of [head, retrieval]) {
    said.length = 0;
    await evaluateTask(task, volumes, { ...settings, tell, tellMeasuring });
    expect(said).toEqual(["measuring"]);
  }
});

test("thresholds that were chosen elsewhere are those of the class of the same name", async () => {
  const task: ClassifyTask = { kind: "classify", name: "head", logits: "logits", threshold: fixed };
  const chosen = new Map([
    ["Rarer", { value: 0.25 }],
    ["Common", { value: 0.75 }],
  ]);
  const policy = { kind: "youden", on: "training" } as const;
  const result = await unstopped(
    evaluateTask(task, volumes, { ...settings, thresholdsOf: () => ({ policy, chosen }) }),
  );
  if (result.kind !== "scores") throw new Error("a head scores classes");
  expect(result.evaluation.classes.map(({ threshold }) => threshold)).toEqual([0.75, 0.25, null]);
});

test("volumes with an equal report are right answers to each other", async () => {
  const task: RetrievalTask = { kind: "retrieval", name: "retrieval", recallAt: [1], mapAt: [1] };
  const result = await unstopped(evaluateTask(task, volumes, settings));
  if (result.kind !== "retrieval") throw new Error("it is retrieval");
  const { evaluation, names } = result;
  expect(names).toEqual(volumes.names);
  expect(evaluation.reports).toBe(30);
  // The latent of a report is that of the first volume of its scan, so that each report finds one of its volumes first.
  expect(evaluation.reportToImage.recall[0]?.recall.value).toBe(1);
  expect(evaluation.reportToImage.recall[0]?.ownPair).toBe(0.75);
});
