import { expect, test } from "vitest";
import { groupsOf, patientsOf } from "../../runtime/app/evaluate/grouping.ts";
import { groupBy } from "../../runtime/evaluate/index.ts";

const named = (...names: readonly string[]) => names.map((name) => ({ name, texts: [`of ${name}`] }));
const ofPatients = named("train_2_a_1", "train_1_a_1", "train_1_a_2", "train_1_b_1");

test("patients stay together where intervals are by scan or by volume", () => {
  for (const kind of ["known", "patient", "scan", "volume"] as const) {
    const groups = groupsOf({ kind }, ofPatients);
    if (groups.kind !== "ok") throw new Error("names say it");
    expect(groups.value.count).toBe({ known: 2, patient: 2, scan: 3, volume: 4 }[kind]);
    expect([...patientsOf({ kind }, ofPatients, groups.value).of]).toEqual([1, 0, 0, 0]);
  }
});

test("patients are what a column says, and volumes where nothing says it", () => {
  const column = { kind: "column", name: "Person" } as const;
  const people = groupBy("Person", ["a", "a", "b", "b"]);
  expect(patientsOf(column, ofPatients, people)).toEqual(people);
  const others = named("x", "y");
  expect([...patientsOf({ kind: "volume" }, others, groupBy("volume", ["x", "y"])).of]).toEqual([0, 1]);
});
