import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root } from "../../runtime/setup/prepare.mjs";

const program = join(root, "dist/medctc.js");

/** Wall time in milliseconds of an empty Node program, against which the others are measured. */
export function emptyMs() {
  return measure(10, ["-e", "0"]).ms;
}

/** Median wall time and largest memory of the command, as a user starts it. */
export function measureCommand(runs, args) {
  return measure(runs, [program, ...args]);
}

function measure(runs, args) {
  const times = [];
  let peakMiB = 0;
  for (let run = 0; run < runs; run++) {
    const start = process.hrtime.bigint();
    const { status, stderr } = spawnSync(process.execPath, ["--import", join(root, "test/bench/memory.mjs"), ...args], {
      cwd: root,
      stdio: ["ignore", "ignore", "pipe"],
      encoding: "utf8",
    });
    times.push(Number(process.hrtime.bigint() - start) / 1e6);
    if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}: ${stderr}`);
    peakMiB = Math.max(peakMiB, Number(stderr.trim().split("\n").at(-1)) / 1024);
  }
  times.sort((a, b) => a - b);
  return { ms: (times[Math.ceil(runs / 2) - 1] + times[Math.floor(runs / 2)]) / 2, peakMiB };
}
