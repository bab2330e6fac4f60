import { expect, test } from "vitest";
import {
  type EncodedVolumes,
  evaluateTask,
  groupBy,
  retrievalRows,
  type TaskResult,
} from "../../runtime/evaluate/index.ts";
import { renderReport } from "../../runtime/report/index.ts";
import { unstopped, unwatched } from "../evaluate/unwatched.ts";
import { Random } from "../random.ts";
import { readElements } from "./markup-check.ts";
import { emptyReport, evaluationOf } from "./sample.ts";

const random = new Random(3);
const count = 30;
const vectors = () =>
  Array.from({ length: count }, () => Float32Array.from({ length: 4 }, () => random.below(100) - 50));
const classes = ["Effusion", "<b>Nodule</b>"];
const patients = groupBy(
  "patient",
  Array.from({ length: count }, (_, index) => String(index >> 1)),
);
const volumes: EncodedVolumes = {
  names: Array.from({ length: count }, (_, index) => `volume ${index}`),
  classes,
  scored: { classes, columns: classes.map((name) => ({ name, of: [name] })) },
  labels: Array.from({ length: count }, () => [random.below(2) === 0, random.below(3) === 0]),
  groups: patients,
  patients,
  images: vectors(),
  reports: vectors(),
  reportTexts: Array.from({ length: count }, (_, index) => `report ${index}`),
  logits: new Map([["head", Array.from({ length: count }, () => Float32Array.of(random.below(5) - 2, 0))]]),
};
const policy = { kind: "fixed", value: 0.5 } as const;
const settings = {
  ...unwatched,
  tellMeasuring: () => undefined,
  texts: null,
  bootstrap: null,
  thresholdsOf: () => ({ policy, chosen: null }),
};
const tasks: readonly TaskResult[] = [
  await unstopped(
    evaluateTask({ kind: "classify", name: "head", logits: "findings", threshold: policy }, volumes, settings),
  ),
  await unstopped(
    evaluateTask({ kind: "retrieval", name: "retrieval", recallAt: [1, 50], mapAt: [2] }, volumes, settings),
  ),
];
const evaluations = [{ label: "zero_shot", step: null, evaluation: evaluationOf(["Effusion", "Nodule"], 20) }];

test("each task has sections of its own, with the numbers that it came to", async () => {
  const html = await renderReport({ ...emptyReport, evaluations, tasks });
  const elements = readElements(html);
  const ids = elements.filter(({ name }) => name === "h2").map(({ attributes }) => attributes.get("id"));
  expect(ids).toEqual([
    ...["evaluation-zero_shot", "classes-zero_shot", "roc-zero_shot"],
    ...["evaluation-head", "classes-head", "roc-head", "retrieval-retrieval"],
  ]);
  const all = elements.flatMap(({ attributes }) => attributes.get("id") ?? []);
  expect(new Set(all).size).toBe(all.length);
  expect(elements.filter(({ name }) => name === "b")).toEqual([]);
  const [, found] = tasks;
  if (found?.kind !== "retrieval") throw new Error("the second is retrieval");
  for (const { title, value } of retrievalRows(found.evaluation)) {
    expect(html).toContain(title);
    expect(html).toContain(value);
  }
  expect(html).toContain("recall at 50: there are only 30 examples");
});
