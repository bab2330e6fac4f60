import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import * as v from "valibot";
import { medctc, program, run } from "../command.ts";
import { judge } from "../judge.ts";

/**
 * The eight placements of examples/synthetic/sweep.yaml on what `npm start` has made: the sweep is done within ten minutes,
 * comes to the same bytes when it was killed on the way, and to those of eight trainings by hand:
 * `node test/run.mjs test/sweep/placements.ts`.
 */
const file = "examples/synthetic/sweep.yaml";
const folder = mkdtempSync(join(tmpdir(), "medctc-sweep-"));
const mostSeconds = 600;
const holder = v.object({ pid: v.number() });

try {
  const started = Date.now();
  sweep("whole");
  const seconds = (Date.now() - started) / 1000;
  judge(seconds < mostSeconds, `eight placements in ${seconds.toFixed(0)} s`);

  await killOnTheWay("killed", 2, true);
  await killOnTheWay("killed", 4, false);
  const before = Number(/(\d+) of 8 runs are already done/.exec(sweep("killed"))?.[1] ?? 0);
  judge(before >= 4 && before < 8, `killed twice; ${before} of 8 runs were done before the last start`);
  for (const name of ["results.csv", "results.json"]) {
    judge(isSame(join("whole", name), join("killed", name)), `${name} is the same`);
  }

  const names = readdirSync(join(folder, "whole/runs")).sort();
  judge(names.length === 8, `${names.length} entries`);
  for (const name of names) {
    const alone = join("alone", name);
    const spec = join(folder, "whole/runs", name, "spec.vlm");
    const given = ["--weights", "runs/start/encoders.safetensors", "--allow-missing", "heads.*", "--seed", "1"];
    medctc("train", spec, "--data", "runs/start/ct", ...given, "-o", join(folder, alone));
    const evaluations = readdirSync(join(folder, alone, "evaluations")).map((each) => join("evaluations", each));
    const files = ["adapter.safetensors", ...evaluations];
    const same = files.every((each) => isSame(join(alone, each), join("whole/runs", name, "seed-1", each)));
    judge(same, `${name}: ${files.length} files are those of a training by hand`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function isSame(a: string, b: string): boolean {
  return readFileSync(join(folder, a)).equals(readFileSync(join(folder, b)));
}

/** Runs the sweep to its end; gives what it says on the way. */
function sweep(name: string): string {
  const { status, stderr } = run(process.execPath, [program, "sweep", file, "-o", join(folder, name)]);
  if (status !== 0) throw new Error(`medctc sweep ended with ${status}\n${stderr}`);
  return stderr;
}

/** Starts a sweep and kills it when so many runs are done; its trainings too, or they go on by themselves. */
async function killOnTheWay(name: string, runs: number, withTrainings: boolean): Promise<void> {
  const child = spawn(process.execPath, [program, "sweep", file, "-o", join(folder, name)], { stdio: "ignore" });
  const inside = (): readonly string[] =>
    existsSync(join(folder, name, "runs")) ? readdirSync(join(folder, name, "runs")) : [];
  const isDone = (each: string): boolean => existsSync(join(folder, name, "runs", each, "seed-1/report.html"));
  while (inside().filter(isDone).length < runs && child.exitCode === null) await sleep(50);
  child.kill("SIGKILL");
  if (!withTrainings) return;
  for (const each of inside()) {
    const lock = join(folder, name, "runs", each, "seed-1/run.lock/holder.json");
    if (existsSync(lock)) process.kill(v.parse(holder, JSON.parse(readFileSync(lock, "utf8"))).pid, "SIGKILL");
  }
}
