import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { CheckpointStore } from "../../runtime/train/checkpoint-store.ts";
import { prepareProgram, type Run, runHere } from "./medctc.ts";
import { SmallTraining } from "./small-training.ts";

const small = new SmallTraining();
const undisturbed = small.path("undisturbed");
const train = (folder: string, ...more: readonly string[]) => runHere(small.arguments("train", "-o", folder, ...more));

beforeAll(async () => {
  prepareProgram();
  expect((await train(undisturbed)).code).toBe(0);
});

/** Runs the program where no file may become larger than so many KiB, as on a disk that is full. */
function trainWithin(kibibytes: number, folder: string, ...more: readonly string[]): Run {
  const command = 'ulimit -f "$1"; shift; exec "$@"';
  const program = [process.execPath, resolve("dist/medctc.js"), ...small.arguments("train", "-o", folder, ...more)];
  const { status, stdout, stderr } = spawnSync("bash", ["-c", command, "bash", String(kibibytes), ...program], {
    encoding: "utf8",
  });
  return { code: status, out: stdout, err: stderr };
}

/** Makes a copy of the training as if it had done ten of its twelve steps. */
function begun(name: string): string {
  const folder = small.path(name);
  cpSync(undisturbed, folder, { recursive: true });
  for (const step of ["step-00000011", "step-00000012"]) rmSync(join(folder, "checkpoints", step), { recursive: true });
  for (const file of ["adapter.safetensors", "report.html", "evaluations/step-00000012.json"])
    rmSync(join(folder, file));
  expect(lastStep(folder)).toBe(10);
  return folder;
}

function lastStep(folder: string): number {
  const latest = new CheckpointStore(join(folder, "checkpoints")).latest();
  expect(latest).toMatchObject({ kind: "found", problems: [] });
  return latest.kind === "found" ? latest.checkpoint.state.step : -1;
}

async function expectSameAfterResume(folder: string): Promise<void> {
  expect((await train(folder, "--resume")).code).toBe(0);
  const adapter = (path: string) => readFileSync(join(path, "adapter.safetensors"));
  expect(adapter(folder).equals(adapter(undisturbed))).toBe(true);
  expect(readdirSync(folder).filter((name) => name.startsWith(".") || name === "run.lock")).toEqual([]);
}

describe.runIf(process.platform !== "win32")("a file that becomes too large", () => {
  test("for the first programs ends the training with what to do, and leaves nothing behind", () => {
    const folder = small.path("none");
    const { code, err } = trainWithin(8, folder);
    expect(code).toBe(1);
    expect(err).toContain(
      `error: ${folder}/.work/weights.data: the file is larger than the disk or its limit allows\n  help: use a folder on a disk`,
    );
    expect(readdirSync(folder)).toEqual(["checkpoints"]);
  });

  test("in the midst of the training ends it with what to do; the last checkpoint goes on to the same adapters", async () => {
    const folder = begun("midst");
    const log = join(folder, "metrics.jsonl");
    // A log that is as long as a file may be.
    appendFileSync(log, `${JSON.stringify({ step: 1, epoch: 0, note: "x".repeat(600_000) })}\n`);
    const { code, err } = trainWithin(512, folder, "--resume");
    expect(code).toBe(1);
    expect(err).toContain(
      `error: ${log}: the file is larger than the disk or its limit allows\n  help: use a folder on a disk`,
    );
    expect(lastStep(folder)).toBe(10);
    await expectSameAfterResume(folder);
  });
});

/** Root may write everywhere; a process of nobody's may not. */
const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};

describe.runIf(process.platform !== "win32")("what may not be written", () => {
  function trainAsNobody(folder: string, ...more: readonly string[]): Run {
    const program = [
      resolve("dist/medctc.js"),
      ...small.arguments("train", "-o", folder, ...more),
      "--cache-size",
      "0",
    ];
    const { status, stdout, stderr } = spawnSync(process.execPath, program, {
      ...nobody,
      encoding: "utf8",
      env: { ...process.env, MEDCTC_CACHE: small.path("nobody") },
    });
    return { code: status, out: stdout, err: stderr };
  }

  test("is said of a folder before anything is read", () => {
    chmodSync(small.folder, 0o755);
    const closed = small.path("closed");
    mkdirSync(closed, { mode: 0o555 });
    const folder = join(closed, "run");
    expect(trainAsNobody(folder)).toMatchObject({
      code: 1,
      err: `error: ${folder}: permission denied\n  help: let this user read and write it, or use another path\n`,
    });
  });
});

test("a file where a folder should be is named", async () => {
  const file = small.write("file", "");
  const { code, err } = await train(join(file, "run"));
  expect(code).toBe(1);
  expect(err).toContain(`error: ${join(file, "run")}: a part of its path is not a folder\n`);
});

test("a damaged last checkpoint is named, and the one before it goes on to the same adapters", async () => {
  const folder = begun("damaged");
  expect((await train(folder, "--resume", "--steps", "12")).code).toBe(0);
  rmSync(join(folder, "adapter.safetensors"));
  const last = join(folder, "checkpoints/step-00000012/optimizer.safetensors");
  truncateSync(last, 100);
  const { code, err } = await train(folder, "--resume");
  expect(code).toBe(0);
  expect(err).toContain(`note: ${last} is not used: it has 100 bytes, and `);
  expect(err).toContain("resuming from step 11 of 12\n");
  await expectSameAfterResume(folder);
});

test("a cache that cannot be written costs time and nothing else", async () => {
  const folder = small.path("uncached");
  const { code, err } = await train(folder, "--cache", join(small.write("no-cache", ""), "volumes"));
  expect(code).toBe(0);
  expect(err).toContain("note: preprocessed volumes are not kept: ");
  const adapter = (path: string) => readFileSync(join(path, "adapter.safetensors"));
  expect(adapter(folder).equals(adapter(undisturbed))).toBe(true);
});

test("results of `eval` that cannot be written are named", async () => {
  const file = small.write("results", "");
  const { code, err } = await runHere(small.arguments("eval", "-o", join(file, "inside")));
  expect(code).toBe(1);
  expect(err).toContain(`error: ${join(file, "inside")}: a part of its path is not a folder\n`);
  writeFileSync(small.path("kept"), "");
});
