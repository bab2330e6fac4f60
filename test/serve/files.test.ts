import { spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { findRuns } from "../../runtime/serve/find-runs.ts";
import { GrowingFile } from "../../runtime/serve/growing-file.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-serve-files-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("a file that grows", () => {
  test("is read on from where it was, and a half-written line waits for its end", async () => {
    const path = join(folder, "grows.jsonl");
    const file = new GrowingFile(path);
    expect(await file.readOn()).toBe(null);
    writeFileSync(path, "one\ntw");
    expect(await file.readOn()).toMatchObject({ isNew: true, lines: ["one"], hasMore: false });
    appendFileSync(path, "o\nthrée\n".slice(0, 5));
    expect(await file.readOn()).toMatchObject({ isNew: false, lines: ["two"] });
    // Between the two bytes of a character.
    appendFileSync(path, Buffer.from("é").subarray(0, 1));
    expect(await file.readOn()).toMatchObject({ lines: [] });
    appendFileSync(path, Buffer.concat([Buffer.from("é").subarray(1), Buffer.from("e\n")]));
    expect(await file.readOn()).toMatchObject({ lines: ["thrée"] });
    expect(await file.readOn()).toMatchObject({ isNew: false, lines: [] });
  });

  test("is read anew when another one took its place, or it became shorter", async () => {
    const path = join(folder, "replaced.jsonl");
    writeFileSync(path, "one\ntwo\n");
    const file = new GrowingFile(path);
    await file.readOn();
    writeFileSync(`${path}.new`, "three\nfour\nfive\n");
    renameSync(`${path}.new`, path);
    expect(await file.readOn()).toMatchObject({ isNew: true, lines: ["three", "four", "five"] });
    writeFileSync(path, "six\n");
    expect(await file.readOn()).toMatchObject({ isNew: true, lines: ["six"] });
    rmSync(path);
    expect(await file.readOn()).toBe(null);
  });

  test("gives pieces of a long one, and leaves out a line without end", async () => {
    const path = join(folder, "long.jsonl");
    writeFileSync(path, `${"x".repeat(9_000_000)}\n${"short\n".repeat(1000)}`);
    const file = new GrowingFile(path);
    const lines: string[] = [];
    for (let read = await file.readOn(); read !== null; read = await file.readOn()) {
      lines.push(...read.lines);
      if (!read.hasMore) break;
    }
    expect(lines).toEqual(Array.from({ length: 1000 }, () => "short"));
  });

  test.runIf(process.platform !== "win32")(
    "is neither a pipe, which would wait, nor a link, which leads anywhere",
    async () => {
      const pipe = join(folder, "pipe");
      expect(spawnSync("mkfifo", [pipe]).status).toBe(0);
      expect(await new GrowingFile(pipe).readOn()).toBe(null);
      symlinkSync("/etc/passwd", join(folder, "link"));
      expect(await new GrowingFile(join(folder, "link")).readOn()).toBe(null);
      expect(await new GrowingFile(folder).readOn()).toBe(null);
    },
  );
});

describe("runs are found", () => {
  const root = join(folder, "found");
  const make = (name: string, file = "metrics.jsonl"): void => {
    mkdirSync(join(root, name), { recursive: true });
    writeFileSync(join(root, name, file), "");
  };

  test("at any depth to the eighth, each once, without links, hidden folders and what runs have inside", async () => {
    make("a");
    make("a/checkpoints/step-00000001");
    make("sweep/runs/rank-8/seed-1", "run.json");
    make(".hidden/run");
    make("node_modules/run");
    make("1/2/3/4/5/6/7/8");
    make("1/2/3/4/5/6/7/8/9");
    symlinkSync(join(root, "a"), join(root, "linked"));
    symlinkSync(root, join(root, "a/loop"));
    const { runs, notes } = await findRuns([root]);
    expect(runs.map(({ name }) => name)).toEqual(["a", "sweep/runs/rank-8/seed-1", "1/2/3/4/5/6/7/8"]);
    expect(notes).toEqual([]);
    const linked = await findRuns([join(root, "linked"), join(root, "a")]);
    expect(linked.runs).toHaveLength(1);
    expect((await findRuns([join(root, "missing")])).runs).toEqual([]);
  });

  test("with the pages of evaluations, comparisons and sweeps, and never more than 500", async () => {
    make("eval", "results.json");
    make("eval", "report.html");
    make("without-page", "results.json");
    make("sweep", "sweep.json");
    make("sweep", "index.html");
    const { pages } = await findRuns([root]);
    expect(pages.map(({ name, file }) => `${name}/${file}`)).toEqual(["eval/report.html", "sweep/index.html"]);
    for (let number = 0; number < 510; number++) make(`many/${number}`);
    const { runs, notes } = await findRuns([root]);
    expect(runs).toHaveLength(500);
    expect(notes).toEqual(["more than 500 runs; the first are shown"]);
  });
});
