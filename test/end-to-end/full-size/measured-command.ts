import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

export interface MeasuredCommand {
  readonly stdout: string;
  readonly seconds: number;
  readonly peakBytes: number;
}

/** Runs a command, and watches how much memory it and what it starts have at most. */
export function runMeasured(command: string, words: readonly string[]): Promise<MeasuredCommand> {
  process.stderr.write(`${new Date().toISOString()} ${[command, ...words].join(" ")}\n`);
  const start = Date.now();
  const child = spawn(command, words, { stdio: ["ignore", "pipe", "inherit"] });
  let peakBytes = 0;
  const watch = setInterval(() => {
    if (child.pid !== undefined) peakBytes = Math.max(peakBytes, highWater(child.pid));
  }, 200);
  let stdout = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    stdout += text;
  });
  return new Promise((done, fail) => {
    child.on("error", fail);
    child.on("close", (code) => {
      clearInterval(watch);
      if (code === 0) done({ stdout, seconds: (Date.now() - start) / 1000, peakBytes });
      else fail(new Error(`${command} ${words.join(" ")} ended with ${code}`));
    });
  });
}

/** The largest resident size so far of a process and of those that it started, each by itself; 0 once they have ended. */
function highWater(pid: number): number {
  try {
    const [, kilobytes = "0"] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
    const started = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    // `medctc train` watches the process that trains.
    const others = started === "" ? [] : started.split(" ").map((each) => highWater(Number(each)));
    return Math.max(Number(kilobytes) * 1024, ...others);
  } catch {
    return 0;
  }
}
