import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { Problem } from "../../runtime/text/index.ts";
import { SkippedFiles } from "../../runtime/train/skipped-files.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-skipped-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** As the training folder has it. */
const lineOfCut = '{"file":"é/a.nii.gz","rule":"it is cut off","help":"copy it again"}';
const cut: Problem = { subject: "é/a.nii.gz", message: "it is cut off", help: "copy it again" };
const nan: Problem = { subject: "b.nii.gz", message: "1 of its voxels is NaN", help: null };

function open(path: string, goesOn: boolean): SkippedFiles {
  const opened = SkippedFiles.open(path, goesOn);
  if (opened.kind === "failed") throw new Error(opened.problem.message);
  return opened.value;
}

test("a training that goes on lists what was found before, each file once and in order", () => {
  const path = join(folder, "list");
  const first = open(path, false);
  for (const problem of [cut, nan, cut]) expect(first.add(problem).kind).toBe("ok");
  expect(first.list()).toEqual([cut, nan]);
  const again = open(path, true);
  expect(again.list()).toEqual([cut, nan]);
  again.add(nan);
  expect(readFileSync(path, "utf8").split("\n")).toHaveLength(3);
  expect(readFileSync(path, "utf8")).toContain(`${lineOfCut}\n`);
});

test("a new training starts a new list, and one without skipped files has none", () => {
  const path = join(folder, "new");
  open(path, false).add(cut);
  expect(open(path, false).list()).toEqual([]);
  expect(open(path, true).list()).toEqual([]);
});

test("a line that a killed process left half written, or that is something else, goes", () => {
  const path = join(folder, "half");
  writeFileSync(path, `7\n{"file":"c","rule":3,"help":null}\n${lineOfCut}\n{"file":"b.ni`);
  const list = open(path, true);
  expect(list.list()).toEqual([cut]);
  list.add(nan);
  appendFileSync(path, "\n");
  expect(open(path, true).list()).toEqual([cut, nan]);
});

test("what cannot be written is said", () => {
  const list = open(join(folder, "gone", "list"), false);
  expect(list.add(cut)).toMatchObject({ kind: "failed", problem: { code: "ENOENT" } });
});
