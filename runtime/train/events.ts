import { join } from "node:path";
import {
  type Attempt,
  attempt,
  type FileSystem,
  machineFiles,
  removeQuietly,
  syncFolder,
  writeAll,
} from "../files/index.ts";
import { encodeEvent, type LogEvent } from "./event-message.ts";
import { frameRecord } from "./tfrecord.ts";

export interface EventLogOptions {
  /** Seconds since 1970. */
  readonly seconds: number;
  readonly host: string;
  /** The steps that were done when a run goes on; 0 for a new one. */
  readonly lastStep: number;
  readonly files?: FileSystem;
}

/**
 * A log for TensorBoard. Each start of a run has a file of its own, as TensorBoard reads them: by name, one after the
 * other, each only appended to. A record that was cut off ends a file, and TensorBoard ignores it.
 */
export class EventLog {
  readonly path: string;
  private readonly handle: number;
  private readonly files: FileSystem;
  private length = 0;

  private constructor(path: string, handle: number, files: FileSystem) {
    this.path = path;
    this.handle = handle;
    this.files = files;
  }

  /** Starts a file in a folder, which is made. Where a run goes on, steps after the last one are logged again. */
  static open(folder: string, options: EventLogOptions): Attempt<EventLog> {
    const { seconds, host, lastStep, files = machineFiles } = options;
    return attempt(folder, () => {
      files.makeFolder(folder);
      const names = files.list(folder);
      const path = join(folder, nameAfter(names, seconds, host));
      const log = new EventLog(path, files.create(path, 0o666), files);
      try {
        log.write({ seconds, step: 0, what: { kind: "version" } });
        const goesOn = lastStep > 0 || names.some((name) => timeOf(name) > 0);
        if (goesOn) log.write({ seconds, step: lastStep + 1, what: { kind: "start" } });
        syncFolder(folder, files);
      } catch (error) {
        attempt(path, () => files.close(log.handle));
        removeQuietly(path, files);
        throw error;
      }
      return log;
    });
  }

  /** Logs numbers of a step by their tags, such as `train/loss`. */
  append(step: number, seconds: number, values: ReadonlyMap<string, number>): Attempt<void> {
    const written = attempt(this.path, () => this.write({ seconds, step, what: { kind: "scalars", values } }));
    // Behind a part of a record TensorBoard would read nothing more.
    if (written.kind === "failed") attempt(this.path, () => this.files.truncate(this.handle, this.length));
    return written;
  }

  /** Waits until all is on disk. */
  sync(): Attempt<void> {
    return attempt(this.path, () => this.files.sync(this.handle));
  }

  close(): Attempt<void> {
    return attempt(this.path, () => this.files.close(this.handle));
  }

  private write(event: LogEvent): void {
    const record = frameRecord(encodeEvent(event));
    writeAll(this.handle, record, this.files);
    this.length += record.length;
  }
}

/**
 * `events.out.tfevents.TIME.HOST`. TensorBoard goes through files by name, so a name comes after those that are there,
 * also within a second and where the clock was set back.
 */
function nameAfter(names: readonly string[], seconds: number, host: string): string {
  const last = Math.max(0, ...names.map(timeOf));
  const time = Math.max(Math.floor(seconds), last + 1);
  return `events.out.tfevents.${String(time).padStart(10, "0")}.${host.replaceAll(/[^\w.-]/g, "-")}`;
}

/** The time in the name of a log; 0 for what is none. */
function timeOf(name: string): number {
  const time = Number(/^events\.out\.tfevents\.(\d{10})\./.exec(name)?.[1] ?? 0);
  return time;
}
