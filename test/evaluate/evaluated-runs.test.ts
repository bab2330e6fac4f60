import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { weightsRuns } from "../../runtime/app/evaluate/evaluated-runs.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-runs-"));
afterAll(() => rmSync(folder, { recursive: true }));

function labelsOf(adapters: readonly string[], withBase = false): readonly string[] {
  return weightsRuns(adapters, withBase, "out").map(({ label }) => label);
}

test("one is written into the folder itself, several into folders in it", () => {
  const exported = null;
  expect(weightsRuns([], false, "out")).toEqual([{ label: "base", adapter: null, exported, output: "out" }]);
  expect(weightsRuns(["runs/a"], false, "out")).toEqual([{ label: "a", adapter: "runs/a", exported, output: "out" }]);
  expect(weightsRuns(["runs/a"], true, "out")).toEqual([
    { label: "base", adapter: null, exported, output: join("out", "base") },
    { label: "a", adapter: "runs/a", exported, output: join("out", "a") },
  ]);
  expect(weightsRuns(["runs/a"], true, null).map(({ output }) => output)).toEqual([null, null]);
});

test("the file of a folder of adapters has the folder's name, another file its own", () => {
  const run = join(folder, "rank 8");
  mkdirSync(run);
  for (const name of ["adapter.safetensors", "other.safetensors"]) writeFileSync(join(run, name), "");
  expect(labelsOf([join(run, "adapter.safetensors")])).toEqual(["rank-8"]);
  expect(labelsOf([join(run, "other.safetensors")])).toEqual(["other"]);
});

test("no two labels are the same, whatever the folders are called", () => {
  expect(labelsOf(["a/run", "b/run", "c/RUN", "base"], true)).toEqual(["base", "run", "run-2", "RUN-3", "base-2"]);
  expect(labelsOf([".", "..", "ß/…"])).toEqual(["adapter", "adapter-2", "adapter-3"]);
});
