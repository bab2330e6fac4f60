import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import type { DataSynthRequest } from "../../runtime/app/data/synth.ts";
import { run } from "../../runtime/cli/program.ts";
import { listeningTerminal } from "../cli/listening-terminal.ts";
import { filesBelow, hashOf } from "./synth-set.ts";

const root = mkdtempSync(join(tmpdir(), "medctc-synth-folder-"));
afterAll(() => rmSync(root, { recursive: true }));

const small = { pairs: 2, valid: 1, seed: 4 };

/** Runs the command, and gives its exit code and what it said. */
async function synth(folder: string, { pairs, valid, seed }: Omit<DataSynthRequest, "folder">) {
  const { terminal, said } = listeningTerminal();
  const size = ["--pairs", String(pairs), ...(valid === null ? [] : ["--valid", String(valid)])];
  const code = await run(["data", "synth", folder, ...size, "--seed", String(seed)], terminal);
  return { code, out: said.out, err: said.err };
}

test("a set is made in a folder that is not there yet, and its findings are counted", async () => {
  const folder = join(root, "made", "here");
  const { code, out, err } = await synth(folder, small);
  expect({ code, err }).toEqual({ code: 0, err: "volume 1 of 3\n" });
  expect(out).toMatch(/^2 training volumes with reports and 1 held out in .*: \d+\.\d MB, \d+\.\d s\n {2}planted/);
  expect(out.split("\n").filter((line) => /^ {2}[A-Z].* [0-2] +[01]$/.test(line))).toHaveLength(6);
});

test("without a number, a third of the pairs is held out, and at least 24", async () => {
  const folder = join(root, "default");
  await synth(folder, { pairs: 1, valid: null, seed: 4 });
  expect(filesBelow(join(folder, "valid"))).toHaveLength(24);
});

test("a whole set of the same parameters is left alone", async () => {
  const folder = join(root, "twice");
  await synth(folder, small);
  const volume = join(folder, "train/train_1/train_1_a/train_1_a_1.nii.gz");
  const { ino } = statSync(volume);
  const { code, out, err } = await synth(folder, small);
  expect({ code, err }).toEqual({ code: 0, err: "" });
  expect(out).toContain("already");
  expect(statSync(volume).ino).toBe(ino);
});

test("a set that was interrupted, or lacks a file, is made again with the same bytes", async () => {
  const folder = join(root, "interrupted");
  await synth(folder, small);
  const whole = hashOf(folder);
  const inside = join(folder, "valid/valid_1/valid_1_a");
  rmSync(join(inside, "valid_1_a_1.nii.gz"));
  expect((await synth(folder, small)).out).not.toContain("already");
  expect(hashOf(folder)).toBe(whole);
  const marker = readFileSync(join(folder, "synth.json"), "utf8");
  writeFileSync(join(folder, "synth.json"), marker.replace('"complete": true', '"complete": false'));
  writeFileSync(join(inside, "valid_1_a_1.nii.gz"), "half");
  writeFileSync(join(inside, ".valid_1_a_1.nii.gz.123.tmp"), "half");
  expect((await synth(folder, small)).code).toBe(0);
  expect(hashOf(folder)).toBe(whole);
});

test("a set of other parameters is replaced, and what else is in the folder stays", async () => {
  const folder = join(root, "replaced");
  await synth(folder, { pairs: 3, valid: 2, seed: 9 });
  writeFileSync(join(folder, "notes.txt"), "mine");
  writeFileSync(join(folder, "train/train_3/notes.txt"), "mine too");
  expect((await synth(folder, small)).code).toBe(0);
  expect(readFileSync(join(folder, "train/train_3/notes.txt"), "utf8")).toBe("mine too");
  rmSync(join(folder, "train/train_3"), { recursive: true });
  rmSync(join(folder, "notes.txt"));
  const fresh = join(root, "fresh");
  await synth(fresh, small);
  expect(hashOf(folder)).toBe(hashOf(fresh));
});

test("a folder with something else in it is refused and stays as it is", async () => {
  for (const [name, content] of [
    ["thesis.txt", "years of work"] as const,
    ["synth.json", '{"pairs": 1e99}'] as const,
  ]) {
    const folder = join(root, `foreign-${name}`);
    mkdirSync(folder);
    writeFileSync(join(folder, name), content);
    const { code, err } = await synth(folder, small);
    expect(code).toBe(1);
    expect(err).toContain("is not empty");
    expect(filesBelow(folder)).toEqual([name]);
    expect(readFileSync(join(folder, name), "utf8")).toBe(content);
  }
});

test("what an interrupted first write left in an empty folder does not count as something else", async () => {
  const folder = join(root, "barely");
  mkdirSync(folder);
  writeFileSync(join(folder, ".synth.json.123.tmp"), "{");
  expect((await synth(folder, small)).code).toBe(0);
  expect(existsSync(join(folder, ".synth.json.123.tmp"))).toBe(false);
});

test("a folder that cannot be made is named", async () => {
  writeFileSync(join(root, "file"), "");
  for (const folder of [join(root, "file"), join(root, "file", "below")]) {
    const { code, out, err } = await synth(folder, small);
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain(`error: ${join(root, "file")}`);
  }
});

test("a set that cannot be finished stays marked as unfinished", async () => {
  const folder = join(root, "blocked");
  await synth(folder, { ...small, seed: 5 });
  rmSync(join(folder, "valid"), { recursive: true });
  writeFileSync(join(folder, "valid"), "in the way");
  const { code, err } = await synth(folder, small);
  expect(code).toBe(1);
  expect(err).toContain(`error: ${join(folder, "valid")}`);
  expect(readFileSync(join(folder, "synth.json"), "utf8")).toContain('"complete": false');
});

test("more volumes than a set can have are wrong usage", async () => {
  expect((await synth(join(root, "many"), { pairs: 1_000_000, valid: null, seed: 1 })).code).toBe(2);
  expect(existsSync(join(root, "many"))).toBe(false);
});
