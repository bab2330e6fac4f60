import { dirname } from "node:path";
import * as v from "valibot";
import {
  type Attempt,
  attempt,
  errorCode,
  type FileSystem,
  machineFiles,
  readBytes,
  syncFolder,
  writeAll,
  writeAtomically,
} from "../files/index.ts";
import { readOwnJson } from "../json/index.ts";

/** What is known of a step: `loss`, `gradient_norm`, `learning_rate` and so on. NaN and infinities become null, as in JSON. */
export interface MetricsRecord {
  readonly step: number;
  readonly epoch: number;
  readonly [name: string]: number | string | null;
}

/** Bytes of a log that is gone on with: some ten million steps. */
const longestLog = 2 ** 31;

/**
 * `metrics.jsonl`: one JSON object a line, in the order of steps. It may have seconds in it, so unlike a checkpoint it is
 * not the same bytes for the same training.
 */
export class MetricsLog {
  private readonly path: string;
  private readonly handle: number;
  private readonly files: FileSystem;
  private length: number;

  private constructor(path: string, handle: number, length: number, files: FileSystem) {
    this.path = path;
    this.handle = handle;
    this.length = length;
    this.files = files;
  }

  /**
   * Opens the log to go on after a step, 0 for a new training: lines of later steps go, and so does what is no whole
   * line, as a process that was ended leaves it. A reader sees the log before or after that.
   */
  static open(path: string, lastStep: number, files: FileSystem = machineFiles): Attempt<MetricsLog> {
    const read = attempt(path, () => readLog(path, files));
    if (read.kind === "failed") return read;
    if (read.value === null) {
      const message = "it is not a metrics file that can be continued";
      return { kind: "failed", problem: { subject: path, code: "DAMAGED", message, help: "move it away" } };
    }
    const bytes = read.value;
    return attempt(path, () => {
      const kept = linesUpTo(bytes, lastStep);
      const length = kept.reduce((sum, line) => sum + line.length, 0);
      if (length !== bytes.length) writeAtomically(path, kept, files);
      const handle = files.append(path);
      try {
        syncFolder(dirname(path), files);
      } catch (error) {
        files.close(handle);
        throw error;
      }
      return new MetricsLog(path, handle, length, files);
    });
  }

  /** Adds a line; one that could not be written as a whole is taken back. */
  append(record: MetricsRecord): Attempt<void> {
    const line = new TextEncoder().encode(`${JSON.stringify(record)}\n`);
    const written = attempt(this.path, () => writeAll(this.handle, line, this.files));
    if (written.kind === "ok") this.length += line.length;
    // Where even that fails, the next start drops the part of a line.
    else attempt(this.path, () => this.files.truncate(this.handle, this.length));
    return written;
  }

  /** Waits until all lines are on disk, so that no checkpoint is of a later step than the log. */
  sync(): Attempt<void> {
    return attempt(this.path, () => this.files.sync(this.handle));
  }

  close(): Attempt<void> {
    return attempt(this.path, () => this.files.close(this.handle));
  }
}

/** The bytes of a log; none when it is not there, null when it is no file or too long. */
function readLog(path: string, files: FileSystem): Uint8Array | null {
  try {
    return readBytes(path, longestLog, files);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return new Uint8Array();
    throw error;
  }
}

const newline = 0x0a;

/** The lines that are records of steps up to one, each with its end. */
function linesUpTo(bytes: Uint8Array, lastStep: number): readonly Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(newline, start);
    if (end === -1) break;
    const line = bytes.subarray(start, end + 1);
    const step = stepOf(line);
    if (step !== null && step <= lastStep) lines.push(line);
    start = end + 1;
  }
  return lines;
}

const record = v.object({ step: v.pipe(v.number(), v.safeInteger()) });

/** The step that a line is of; null for what is no record. */
function stepOf(line: Uint8Array): number | null {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(line);
  } catch {
    return null;
  }
  return readOwnJson(text, record)?.step ?? null;
}
