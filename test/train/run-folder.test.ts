import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { RunFolder } from "../../runtime/train/run-folder.ts";
import { readSafetensors } from "../../runtime/weights/index.ts";
import { checkpointAt } from "./made-checkpoint.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-run-"));
afterAll(() => rmSync(folder, { recursive: true }));

function open(path: string): RunFolder {
  const opened = RunFolder.open(path);
  if (opened.kind !== "open") throw new Error(opened.problem.message);
  return opened.run;
}

test("a folder that is written into is refused, with who has it, until it is given back", () => {
  const path = join(folder, "held");
  const run = open(path);
  const second = RunFolder.open(path);
  expect(second).toMatchObject({
    kind: "held",
    holder: { pid: process.pid },
    problem: { subject: join(path, "run.lock"), code: "HELD" },
  });
  expect(second.kind === "held" && second.problem.help).toContain("use another folder");
  run.close();
  open(path).close();
});

test("what a process that was ended left half done is removed, and nothing else", () => {
  const path = join(folder, "stale");
  const run = open(path);
  run.checkpoints.save(checkpointAt(1));
  run.checkpoints.save(checkpointAt(2));
  run.close();
  const gone = 2 ** 22 + 1;
  writeFileSync(join(path, `.adapter.safetensors.${gone}.tmp`), "a");
  writeFileSync(join(path, `.metrics.jsonl.${process.pid}.tmp`), "a");
  mkdirSync(join(path, `.run.lock.${gone}.tmp`));
  mkdirSync(join(path, "checkpoints/.step-00000003.new"));
  mkdirSync(join(path, "checkpoints/.step-00000001.gone"));
  const others = [join(path, ".notes.1.tmp"), join(path, "checkpoints/.notes"), join(path, "notes")];
  for (const other of others) writeFileSync(other, "a");
  open(path).close();
  expect(readdirSync(path)).toEqual([".notes.1.tmp", "checkpoints", "notes"]);
  expect(readdirSync(join(path, "checkpoints"))).toEqual([".notes", "step-00000001", "step-00000002"]);
});

test("a checkpoint that was set aside comes back when the one that replaces it never came", () => {
  const path = join(folder, "aside");
  const run = open(path);
  run.checkpoints.save(checkpointAt(1, { metric: 0.5 }));
  run.close();
  const { checkpoints } = run;
  mkdirSync(join(path, "checkpoints/.step-00000001.new"));
  // As a process leaves it that is ended between two renames.
  const aside = join(path, "checkpoints/.step-00000001.old");
  mkdirSync(aside);
  for (const name of readdirSync(checkpoints.folderOf(1))) {
    writeFileSync(join(aside, name), readFileSync(join(checkpoints.folderOf(1), name)));
  }
  rmSync(checkpoints.folderOf(1), { recursive: true });
  const again = open(path);
  expect(again.checkpoints.latest()).toMatchObject({ kind: "found", checkpoint: { state: { metric: 0.5 } } });
  expect(readdirSync(join(path, "checkpoints"))).toEqual(["step-00000001"]);
  again.close();
});

test("the adapter is a safetensors file, the same bytes for the same values", () => {
  const path = join(folder, "adapter");
  const run = open(path);
  const { parameters } = checkpointAt(3);
  expect(run.saveAdapter(parameters)).toEqual({ kind: "ok", value: undefined });
  const first = readFileSync(run.adapterPath);
  expect(readSafetensors("adapter", first).size).toBe(3);
  run.saveAdapter(new Map([...parameters].toReversed()));
  expect(readFileSync(run.adapterPath)).toEqual(first);
  run.close();
});

test("a path that a file is in the way of is refused with the path", () => {
  const path = join(folder, "file");
  writeFileSync(path, "");
  expect(RunFolder.open(join(path, "run"))).toMatchObject({ kind: "failed", problem: { code: "ENOTDIR" } });
});
