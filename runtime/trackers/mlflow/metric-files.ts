import { mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { machineFiles, writeAll } from "../../files/index.ts";
import type { Problem } from "../../text/index.ts";
import type { TrackedRun } from "../tracked-run.ts";
import { cannotTake } from "../tracker.ts";
import { encodeMetric, whyNotKey } from "./names.ts";

/** Characters of a metric that are kept in memory before they are written. */
const mostWaiting = 2 ** 16;

/** The first metric that MLflow cannot have a file of; null where it takes all. */
export function wrongMetric(run: TrackedRun): Problem | null {
  for (const name of run.names) {
    const why = whyNotKey(encodeMetric(name));
    if (why !== null) return cannotTake(run, `the name of the metric \`${name}\` ${why}`, "use a shorter name");
  }
  return null;
}

/** Writes the history of each metric as a file, `MILLISECONDS VALUE STEP` a line, into a folder that has none yet. */
export function writeMetrics(folder: string, run: TrackedRun): void {
  const histories = new Map<string, HistoryFile>();
  for (const { step, seconds, values } of run.steps()) {
    const milliseconds = Math.round(seconds * 1000);
    for (const [name, value] of values) {
      let history = histories.get(name);
      if (history === undefined) {
        history = new HistoryFile(join(folder, encodeMetric(name)));
        histories.set(name, history);
      }
      history.add(`${milliseconds} ${numberText(value)} ${step}\n`);
    }
  }
  for (const history of histories.values()) history.flush();
}

/** As Python reads it. */
function numberText(value: number): string {
  return Number.isNaN(value) ? "nan" : String(value);
}

/** A file that is written in pieces and not held open: a model may have more metrics than a process may have files. */
class HistoryFile {
  private readonly path: string;
  private waiting: string[] = [];
  private length = 0;

  constructor(path: string) {
    this.path = path;
    mkdirSync(dirname(path), { recursive: true });
  }

  add(line: string): void {
    this.waiting.push(line);
    this.length += line.length;
    if (this.length > mostWaiting) this.flush();
  }

  flush(): void {
    const handle = machineFiles.append(this.path);
    try {
      writeAll(handle, new TextEncoder().encode(this.waiting.join("")), machineFiles);
    } finally {
      machineFiles.close(handle);
    }
    this.waiting = [];
    this.length = 0;
  }
}
