import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { root } from "../../runtime/setup/prepare.mjs";

/**
 * The eight placements of examples/synthetic/sweep.yaml on what `npm start` has made: the sweep is done within ten minutes,
 * comes to the same bytes when it was killed on the way, and to those of eight trainings by hand:
 * `node test/sweep/placements.mjs`.
 */
const program = join(root, "dist/medctc.js");
const file = "examples/synthetic/sweep.yaml";
const folder = mkdtempSync(join(tmpdir(), "medctc-sweep-"));
const mostSeconds = 600;
let failed = 0;

try {
  const started = Date.now();
  sweep("whole");
  const seconds = (Date.now() - started) / 1000;
  judge(seconds < mostSeconds, `eight placements in ${seconds.toFixed(0)} s`);

  await killOnTheWay("killed", 2, true);
  await killOnTheWay("killed", 4, false);
  const again = sweep("killed");
  const before = Number(/(\d+) of 8 runs are already done/.exec(again)?.[1] ?? 0);
  judge(before >= 4 && before < 8, `killed twice; ${before} of 8 runs were done before the last start`);
  for (const name of ["results.csv", "results.json"]) judge(isSame("whole", "killed", name), `${name} is the same`);

  const names = readdirSync(join(folder, "whole/runs")).sort();
  judge(names.length === 8, `${names.length} entries`);
  for (const name of names) {
    const spec = join(folder, "whole/runs", name, "spec.vlm");
    const given = ["--weights", "runs/start/encoders.safetensors", "--allow-missing", "heads.*", "--seed", "1"];
    medctc(["train", spec, "--data", "runs/start/ct", ...given, "-o", join(folder, "alone", name)]);
    const files = [
      "adapter.safetensors",
      ...readdirSync(join(folder, "alone", name, "evaluations"), {}).map((each) => `evaluations/${each}`),
    ];
    const same = files.every((each) =>
      readFileSync(join(folder, "alone", name, each)).equals(
        readFileSync(join(folder, "whole/runs", name, "seed-1", each)),
      ),
    );
    judge(same, `${name}: ${files.length} files are those of a training by hand`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;

function judge(holds, text) {
  process.stdout.write(`${holds ? "holds" : "FAILED"}  ${text}\n`);
  if (!holds) failed++;
}

function isSame(a, b, name) {
  return readFileSync(join(folder, a, name)).equals(readFileSync(join(folder, b, name)));
}

function sweep(name) {
  return medctc(["sweep", file, "-o", join(folder, name)]);
}

function medctc(words) {
  const { status, stderr } = spawnSync(process.execPath, [program, ...words], { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`medctc ${words.join(" ")}\n${stderr}`);
  return stderr;
}

/** Starts a sweep and kills it when so many runs are done; its trainings too, or they go on by themselves. */
async function killOnTheWay(name, runs, withTrainings) {
  const words = [program, "sweep", file, "-o", join(folder, name)];
  const child = spawn(process.execPath, words, { cwd: root, stdio: "ignore" });
  const isDone = (each) => existsSync(join(folder, name, "runs", each, "seed-1/report.html"));
  const inside = () => (existsSync(join(folder, name, "runs")) ? readdirSync(join(folder, name, "runs")) : []);
  while (inside().filter(isDone).length < runs && child.exitCode === null) await sleep(50);
  child.kill("SIGKILL");
  if (!withTrainings) return;
  for (const each of inside()) {
    const holder = join(folder, name, "runs", each, "seed-1/run.lock/holder.json");
    if (existsSync(holder)) process.kill(JSON.parse(readFileSync(holder, "utf8")).pid, "SIGKILL");
  }
}
