import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type EmittedJob, type EmittedOptions, emitJobs } from "../../runtime/sweep/jobs.ts";

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "medctc-jobs-"));
});
afterEach(() => rmSync(root, { recursive: true }));

const jobs = [1, 2].map(
  (seed): EmittedJob => ({
    name: "qkv",
    seed,
    spec: "runs/qkv/spec.vlm",
    output: `runs/qkv/seed-${seed}`,
    log: `runs/qkv/seed-${seed}.log`,
  }),
);
const options: EmittedOptions = {
  data: "../some data/it's",
  weights: "../w.safetensors",
  adapter: null,
  vocab: null,
  allowMissing: ["heads.*", "a'b"],
  skipBad: true,
  backend: "auto",
};

function write(system: "slurm" | "ray"): void {
  mkdirSync(join(root, "jobs"));
  mkdirSync(join(root, "runs/qkv"), { recursive: true });
  for (const [name, content] of emitJobs(system, jobs, options)) writeFileSync(join(root, "jobs", name), content);
}

/** Runs a task of the array as Slurm does, with a command that prints a word a line; gives the words. */
function task(index: number, environment: Readonly<Record<string, string>> = {}): readonly string[] {
  const { status, stdout, stderr } = spawnSync("bash", [join(root, "jobs/array.sh")], {
    cwd: root,
    env: {
      ...process.env,
      SLURM_SUBMIT_DIR: root,
      SLURM_ARRAY_TASK_ID: String(index),
      MEDCTC: "printf %s\\n",
      ...environment,
    },
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([0, ""]);
  const log = join(root, `runs/qkv/seed-${index + 1}.log`);
  return stdout === "" ? readFileSync(log, "utf8").trim().split("\n") : [stdout.trim()];
}

describe("a job array", () => {
  test("has a task for each run, which is the command that a sweep runs, whatever its words are made of", () => {
    write("slurm");
    expect(readFileSync(join(root, "jobs/array.sh"), "utf8")).toContain("#SBATCH --array=0-1\n");
    expect(task(1)).toEqual([
      ...["train", "runs/qkv/spec.vlm", "--data", "../some data/it's", "--weights", "../w.safetensors"],
      ...["--allow-missing", "heads.*", "a'b", "--skip-bad", "--backend", "auto"],
      ...["-o", "runs/qkv/seed-2", "--seed", "2", "--resume"],
    ]);
  });

  test("takes data from where the machine has them", () => {
    write("slurm");
    expect(task(0, { MEDCTC_DATA: "/elsewhere/ct data" })).toContain("/elsewhere/ct data");
  });

  test("does nothing again that is done", () => {
    write("slurm");
    mkdirSync(join(root, "runs/qkv/seed-1"));
    for (const name of ["adapter.safetensors", "report.html"]) writeFileSync(join(root, "runs/qkv/seed-1", name), "");
    expect(task(0)).toEqual(["qkv, seed 1: already done"]);
    expect(task(1)).toContain("--resume");
  });

  test("is requeued, and told to save two minutes before its time is up", () => {
    write("slurm");
    const script = readFileSync(join(root, "jobs/array.sh"), "utf8");
    expect(script).toContain("#SBATCH --requeue\n");
    // To the training itself, which takes the shell's place.
    expect(script).toContain("#SBATCH --signal=B:TERM@120\n");
    expect(script).toMatch(/^exec \$MEDCTC train/m);
  });
});

test("a Ray script has the same words, as texts of Python", () => {
  write("ray");
  const script = readFileSync(join(root, "jobs/ray_sweep.py"), "utf8");
  expect(script).toContain('"--data", os.environ.get("MEDCTC_DATA", "../some data/it\'s"),');
  // Ray reads it when it is imported.
  expect(script).toMatch(/RAY_USAGE_STATS_ENABLED"\] = "0"\n\nimport ray\n/);
  expect(script).toContain('"--allow-missing", "heads.*", "a\'b", "--skip-bad", "--backend", "auto",');
  expect(readFileSync(join(root, "jobs/runs.tsv"), "utf8").split("\n")[0]).toBe(
    "qkv\t1\truns/qkv/spec.vlm\truns/qkv/seed-1\truns/qkv/seed-1.log",
  );
});
