import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { run } from "../../runtime/cli/program.ts";
import { emitJob, type TrainingJob } from "../../runtime/train/jobs/index.ts";
import { listeningTerminal } from "../cli/listening-terminal.ts";
import { outputOf } from "../command.ts";

/** Words that a shell or Python would take for something else. */
const hostile = ["it's", '"$(touch harm)"', "`touch harm`", "a\\b\nc", "$HOME", "*", '"""', ""];

const job: TrainingJob = {
  name: "medct",
  model: "medct",
  spec: ["specs/medct.vlm", "--set", "train.batch=8"],
  train: ["specs/medct.vlm", "--set", "train.batch=8", "--data", "ct rate", "--allow-missing", "heads.*", "to_*"],
  output: "runs/medct",
  nodes: 2,
  processes: 4,
  gpus: 4,
  cpus: 32,
  time: "24:00:00",
  partition: "gpu",
};

let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "medctc-jobs-"));
});
afterEach(() => rmSync(root, { recursive: true }));

/** Writes a program into the folder of those that a script finds. */
function program(name: string, script: string): void {
  const path = join(root, "bin", name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `#!/bin/bash\n${script}\n`);
  chmodSync(path, 0o755);
}

function write(system: "slurm" | "ray", changes: Partial<TrainingJob> = {}): string {
  const { name, content } = emitJob(system, { ...job, ...changes });
  const path = join(root, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

test.each(["slurm", "ray"] as const)("a job for %s is written as it was reviewed", async (system) => {
  const { name, content } = emitJob(system, job);
  await expect(content).toMatchFileSnapshot(join("../golden", name));
});

describe("a batch script", () => {
  /** Runs it as Slurm does, on two machines, with a command that ends with some status and prints its words. */
  function batch(path: string, status: number, environment: Readonly<Record<string, string>> = {}) {
    program(
      "scontrol",
      `if [ "$1 $2" = "show hostnames" ]; then printf 'n%s\\n' 7 9; else echo "$@" >> '${root}/requeued'; fi`,
    );
    const task = 'while [ "$1" != bash ] && [ "$1" != medctc ]; do echo "srun $1" >> "$log"; shift; done; "$@"';
    program(
      "srun",
      `for SLURM_NODEID in 0 1; do export SLURM_NODEID; (log='${root}/srun' ; ${task}); code=$?; done; exit $code`,
    );
    program("medctc", `printf '[%s]' "$@"; echo " $SRUN_CPUS_PER_TASK"; exit ${status}`);
    const ended = spawnSync("bash", [path], {
      cwd: root,
      encoding: "utf8",
      env: {
        PATH: `${join(root, "bin")}:${process.env["PATH"] ?? ""}`,
        SLURM_JOB_ID: "123456",
        SLURM_JOB_NODELIST: "n[7,9]",
        SLURM_NNODES: "2",
        SLURM_CPUS_PER_TASK: "32",
        ...environment,
      },
    });
    expect([ended.stdout, ended.stderr]).toEqual(["", ""]);
    const log = readFileSync(join(root, job.output, "slurm-123456.log"), "utf8");
    return { status: ended.status, log, isRequeued: existsSync(join(root, "requeued")) };
  }

  const words = (rank: number): string =>
    [
      ...[
        "train",
        "specs/medct.vlm",
        "--set",
        "train.batch=8",
        "--data",
        "ct rate",
        "--allow-missing",
        "heads.*",
        "to_*",
      ],
      ...["-o", "runs/medct", "--resume", "--backend", "pytorch", "--processes", "4"],
      ...["--nodes", "2", "--rendezvous", "n7:13456", "--node-rank", String(rank)],
    ]
      .map((word) => `[${word}]`)
      .join("");

  test("runs the same training on each machine, which meet at the first", () => {
    const { status, log, isRequeued } = batch(write("slurm"), 0);
    expect(log).toBe(`${words(0)} 32\n${words(1)} 32\n`);
    expect([status, isRequeued]).toEqual([0, false]);
    expect(readFileSync(join(root, "srun"), "utf8")).toContain("--kill-on-bad-exit=0\n");
  });

  test.each([
    [143, true],
    [1, false],
    [130, false],
  ])("that ended with %s is requeued: %s", (ended, expected) => {
    const { status, isRequeued } = batch(write("slurm"), ended);
    expect([status, isRequeued]).toEqual([ended, expected]);
  });

  test("takes the run from what it was before, and from nobody else", () => {
    const lock = join(root, job.output, "run.lock");
    mkdirSync(lock, { recursive: true });
    const path = write("slurm");
    batch(path, 0);
    expect(existsSync(lock)).toBe(true);
    batch(path, 0, { SLURM_RESTART_COUNT: "1" });
    expect(existsSync(lock)).toBe(false);
  });

  test("of one machine meets nobody", () => {
    const { log } = batch(write("slurm", { nodes: 1 }), 0);
    expect(log.split("\n")[0]).toMatch(/\[--processes\]\[4\] 32$/);
    expect(log).not.toContain("--rendezvous");
  });

  test("asks for no GPUs where there are none, and for the cluster's own partition", () => {
    const script = readFileSync(write("slurm", { gpus: 0, partition: null }), "utf8");
    expect(script).not.toMatch(/gpus|partition/);
  });

  test("gives any words as they are", () => {
    const path = write("slurm", { train: ["a spec.vlm", ...hostile], output: job.output });
    const { log } = batch(path, 0);
    expect(log).toContain(["[train]", "[a spec.vlm]", ...hostile.map((word) => `[${word}]`), "[-o]"].join(""));
    expect(existsSync(join(root, "harm"))).toBe(false);
  });
});

describe("a script for Ray", () => {
  /** The value of a name of the script, which is only read. */
  function assigned(path: string, name: string): unknown {
    const reading =
      "import ast, json, sys\n" +
      "for each in ast.parse(open(sys.argv[1]).read()).body:\n" +
      '    if isinstance(each, ast.Assign) and getattr(each.targets[0], "id", None) == sys.argv[2]:\n' +
      "        print(json.dumps(ast.literal_eval(each.value)))\n";
    return JSON.parse(outputOf("python3", ["-c", reading, path, name]));
  }

  test("has any words as texts of Python", () => {
    const path = write("ray", { train: ["a spec.vlm", ...hostile], output: "runs/it's\n" });
    outputOf("python3", ["-m", "py_compile", path]);
    expect(assigned(path, "TRAIN")).toEqual(["a spec.vlm", ...hostile]);
    expect(assigned(path, "RUN")).toBe("runs/it's\n");
    expect(assigned(path, "PACKAGE")).toBe("medctc_model.medct.worker");
  });

  test("sends no statistics: that is said before Ray is imported", () => {
    expect(readFileSync(write("ray"), "utf8")).toMatch(/RAY_USAGE_STATS_ENABLED"\] = "0"\n\nimport ray\n/);
  });
});

describe("`medctc train --emit-jobs`", () => {
  async function train(...given: readonly string[]) {
    const { terminal, said } = listeningTerminal();
    const spec = join(root, "spec.vlm");
    cpSync("test/train/tiny.vlm", spec);
    const code = await run(["train", spec, "-o", join(root, "run"), ...given], terminal);
    return { code, said };
  }

  test("writes the job into the folder of the run, runs nothing, and prints what starts it", async () => {
    const { code, said } = await train("--emit-jobs", "slurm", "--data", "ct", "--seed", "3", "--gpus", "0");
    expect([code, said.err]).toEqual([0, ""]);
    const path = join(root, "run/jobs/train.sh");
    expect(said.out).toBe(`start it with\n  sbatch ${path}\n`);
    const script = readFileSync(path, "utf8");
    expect(script).toContain("  --data ct\n  --seed 3\n  --cache-size 20000MB\n");
    expect(script).toContain("#SBATCH --cpus-per-task=8\n#SBATCH --time=24:00:00\n#SBATCH --requeue\n");
    expect(existsSync(join(root, "run/metrics.jsonl"))).toBe(false);
  });

  test("passes on every option of a training", async () => {
    const given = ["--data=d", "--weights=w", "--adapter=a", "--vocab=v", "--seed=1", "--skip-bad", "--cache=c"];
    const more = ["--cache-size=0", "--workers=2", "--steps=5", "--set=train.lr=1e-3", "--python=/p y/python"];
    const { code } = await train("--emit-jobs", "slurm", ...given, ...more, "--allow-missing", "x.*", "y");
    expect(code).toBe(0);
    const [, words = ""] =
      /train=\(\n\s+\S+\n(.*?)\n\s+-o /s.exec(readFileSync(join(root, "run/jobs/train.sh"), "utf8")) ?? [];
    expect(words.split("\n").map((line) => line.trim())).toEqual([
      ...["--set train.lr=1e-3", "--data d", "--weights w", "--adapter a", "--allow-missing 'x.*' y", "--vocab v"],
      ...[
        "--seed 1",
        "--skip-bad",
        "--cache c",
        "--cache-size 0",
        "--workers 2",
        "--steps 5",
        "--python '/p y/python'",
      ],
    ]);
  });

  test("refuses a spec with mistakes", async () => {
    const { code, said } = await train("--emit-jobs", "ray", "--set", "train.batch=none");
    expect(code).toBe(1);
    expect(said.err).toContain("error");
    expect(existsSync(join(root, "run"))).toBe(false);
  });

  test.each([
    [["--partition", "gpu"], "--partition is of a job"],
    [["--emit-jobs", "slurm", "--partition", "a\n#SBATCH --harm"], "name of a partition"],
    [["--emit-jobs", "slurm", "--time", "soon"], "24:00:00"],
    [["--emit-jobs", "slurm", "--backend", "onnx"], "jobs train on pytorch, not on onnx"],
    [["--emit-jobs", "ray", "--python", "python3"], "a Python of their own"],
    [["--emit-jobs", "lsf"], "slurm, ray"],
    [["--emit-jobs", "slurm", "--rendezvous", "n1:29500"], "cannot be used with option"],
  ])("%j is wrong usage", async (given, message) => {
    const { code, said } = await train(...given);
    expect(code).toBe(2);
    expect(said.err).toContain(message);
  });
});
