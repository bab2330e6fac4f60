import { spreadOf } from "../../runtime/bench/index.ts";
import { program, run } from "../command.ts";
import { turnsOf } from "./turns.ts";

/** Loaded before a program, prints at its end how much memory it had at most, in KiB, as the last line of standard error. */
const memory = 'process.on("exit", () => process.stderr.write("\\n" + process.resourceUsage().maxRSS + "\\n"))';

interface Measured {
  readonly ms: number;
  readonly peakMiB: number;
}

/** Wall time in milliseconds of an empty Node program, against which the others are measured. */
export function emptyMs(): number {
  return measure(10, ["-e", "0"]).ms;
}

/** Median wall time and largest memory of the command, as a user starts it. */
export function measureCommand(runs: number, args: readonly string[]): Measured {
  return measure(runs, [program, ...args]);
}

function measure(runs: number, args: readonly string[]): Measured {
  const measured = Array.from({ length: turnsOf(runs) }, () => {
    const start = performance.now();
    const { status, stderr } = run(process.execPath, ["--import", `data:text/javascript,${memory}`, ...args]);
    const ms = performance.now() - start;
    if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}: ${stderr}`);
    return { ms, peakMiB: Number(stderr.trim().split("\n").at(-1)) / 1024 };
  });
  const { medianMs } = spreadOf(measured.map(({ ms }) => ms));
  return { ms: medianMs, peakMiB: Math.max(...measured.map(({ peakMiB }) => peakMiB)) };
}
