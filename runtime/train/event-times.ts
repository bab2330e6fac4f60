import { join } from "node:path";
import protobuf from "protobufjs/minimal.js";
import { attempt, machineFiles } from "../files/index.ts";
import { readRecords } from "./tfrecord.ts";

/** Steps whose times are kept; a log of more is damaged. */
const mostSteps = 2 ** 24;

/**
 * When each step was done, in seconds since 1970 by its number, as a run's log for TensorBoard has it; NaN where it does not say.
 * Steps that were done again after the run was resumed have the time of the last start.
 */
export function readEventTimes(folder: string): Float64Array {
  const times = new StepTimes();
  const names = attempt(folder, () => machineFiles.list(folder));
  for (const name of names.kind === "ok" ? [...names.value].sort() : []) {
    if (!/^events\.out\.tfevents\.\d{10}\./.test(name)) continue;
    attempt(folder, () => {
      for (const record of readRecords(join(folder, name))) times.add(record);
    });
  }
  return times.all();
}

class StepTimes {
  private seconds = new Float64Array(1024).fill(Number.NaN);
  private count = 0;

  add(record: Uint8Array): void {
    const { seconds, step, isStart } = decodeEvent(record);
    if (!(step >= 0 && step < mostSteps)) return;
    if (isStart) {
      // Where nothing was done yet, step 0 is evaluated again.
      const from = step <= 1 ? 0 : step;
      this.seconds.fill(Number.NaN, from, this.count);
      this.count = Math.min(this.count, from);
      return;
    }
    if (step >= this.seconds.length) this.grow(step);
    // What was evaluated after a step is logged of it, too, and later.
    if (Number.isNaN(this.seconds[step])) this.seconds[step] = seconds;
    this.count = Math.max(this.count, step + 1);
  }

  all(): Float64Array {
    return this.seconds.subarray(0, this.count);
  }

  private grow(step: number): void {
    const larger = new Float64Array(2 ** Math.ceil(Math.log2(step + 2))).fill(Number.NaN);
    larger.set(this.seconds);
    this.seconds = larger;
  }
}

/** What an Event says of its step, by the field numbers of TensorFlow's event.proto; step -1 for one that only names the version. */
function decodeEvent(bytes: Uint8Array) {
  const reader = protobuf.Reader.create(bytes);
  let [seconds, step, isStart, isVersion] = [Number.NaN, 0, false, false];
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 0x09) seconds = reader.double();
    else if (tag === 0x10) step = Number(reader.int64());
    else {
      isVersion ||= tag >>> 3 === 3;
      isStart ||= tag >>> 3 === 7;
      reader.skipType(tag & 7);
    }
  }
  return { seconds, step: isVersion ? -1 : step, isStart };
}
