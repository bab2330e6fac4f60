import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import protobuf from "protobufjs/minimal.js";
import { afterEach, beforeEach, expect, test } from "vitest";
import { machineFiles } from "../../runtime/files/index.ts";
import { EventLog, type EventLogOptions } from "../../runtime/train/events.ts";
import { crc32c } from "../../runtime/train/tfrecord.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "medctc-events-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

function open(options: Partial<EventLogOptions> = {}): EventLog {
  const opened = EventLog.open(folder, { seconds: 1_700_000_000.5, host: "node 1", lastStep: 0, ...options });
  if (opened.kind === "failed") throw new Error(opened.problem.message);
  return opened.value;
}

/** The records of a TFRecord file, with their checksums computed bit by bit. */
function recordsOf(path: string): readonly Uint8Array[] {
  const bytes = readFileSync(path);
  const records: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    expect(bytes.readUInt32LE(at + 8)).toBe(masked(bytes.subarray(at, at + 8)));
    const record = bytes.subarray(at + 12, at + 12 + length);
    expect(bytes.readUInt32LE(at + 12 + length)).toBe(masked(record));
    records.push(record);
    at += length + 16;
  }
  return records;
}

function masked(bytes: Uint8Array): number {
  let crc = 0xffffffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = (crc >> 1n) ^ (crc & 1n ? 0x82f63b78n : 0n);
  }
  crc ^= 0xffffffffn;
  return Number((((crc >> 15n) | (crc << 17n)) + 0xa282ead8n) & 0xffffffffn);
}

/** An Event, read field by field. */
function decodeEvent(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  const reader = protobuf.Reader.create(bytes);
  const event: Record<string, unknown> = {};
  while (reader.pos < reader.len) {
    const tag = reader.uint32();
    if (tag === 0x09) event["seconds"] = reader.double();
    else if (tag === 0x10) event["step"] = Number(reader.int64());
    else if (tag === 0x1a) event["version"] = reader.string();
    else if (tag === 0x2a) event["values"] = decodeSummary(reader.bytes());
    else if (tag === 0x3a) event["session"] = [...reader.bytes()];
    else throw new Error(`the field of tag ${tag} is not known`);
  }
  return event;
}

function decodeSummary(bytes: Uint8Array): readonly (readonly [string, number])[] {
  const reader = protobuf.Reader.create(bytes);
  const values: [string, number][] = [];
  while (reader.pos < reader.len) {
    expect(reader.uint32()).toBe(0x0a);
    const end = reader.uint32() + reader.pos;
    expect(reader.uint32()).toBe(0x0a);
    const name = reader.string();
    expect(reader.uint32()).toBe(0x15);
    values.push([name, reader.float()]);
    expect(reader.pos).toBe(end);
  }
  return values;
}

function eventsOf(log: EventLog): readonly Readonly<Record<string, unknown>>[] {
  return recordsOf(log.path).map(decodeEvent);
}

test("CRC-32C gives what the standard gives", () => {
  expect(crc32c(new TextEncoder().encode("123456789"))).toBe(0xe3069283);
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
  expect(crc32c(new Uint8Array())).toBe(0);
});

test("what is logged is there, under the version that TensorBoard reads", () => {
  const log = open();
  const values = new Map([
    ["train/loss", 0.25],
    ["train/gradient_norm", Number.POSITIVE_INFINITY],
  ]);
  expect(log.append(1, 1_700_000_001.25, values).kind).toBe("ok");
  expect(log.append(2 ** 40, 1_700_000_002, new Map([["train/loss", Number.NaN]])).kind).toBe("ok");
  expect([log.sync().kind, log.close().kind]).toEqual(["ok", "ok"]);
  expect(readdirSync(folder)).toEqual(["events.out.tfevents.1700000000.node-1"]);
  expect(eventsOf(log)).toEqual([
    { seconds: 1_700_000_000.5, step: 0, version: "brain.Event:2" },
    { seconds: 1_700_000_001.25, step: 1, values: [...values] },
    { seconds: 1_700_000_002, step: 2 ** 40, values: [["train/loss", Number.NaN]] },
  ]);
});

test("a run that goes on has a file of its own, which drops the steps that come again", () => {
  open().close();
  const log = open({ lastStep: 120 });
  log.close();
  expect(eventsOf(log)).toEqual([
    { seconds: 1_700_000_000.5, step: 0, version: "brain.Event:2" },
    { seconds: 1_700_000_000.5, step: 121, session: [0x08, 1] },
  ]);
});

test("a run that starts anew beside an earlier log drops all that is in it", () => {
  open().close();
  const log = open();
  log.close();
  expect(eventsOf(log)[1]).toMatchObject({ step: 1, session: [0x08, 1] });
});

test("a later file's name comes last, also when the clock was set back, and another's name counts as none", () => {
  writeFileSync(join(folder, "events.out.tfevents.notes"), "");
  const names = [1_700_000_000, 1_700_000_000, 1_600_000_000, 1_700_000_009].map((seconds) => {
    const log = open({ seconds });
    log.close();
    return log.path;
  });
  expect(names.toSorted()).toEqual(names);
  expect(new Set(names).size).toBe(4);
});

test("a record that does not fit on the disk is taken back, so that the next one is read", () => {
  let isFull = false;
  const write = (handle: number, bytes: Uint8Array): number => {
    if (!isFull) return machineFiles.write(handle, bytes);
    machineFiles.write(handle, bytes.subarray(0, 5));
    throw Object.assign(new Error("full"), { code: "ENOSPC" });
  };
  const log = open({ files: { ...machineFiles, write } });
  isFull = true;
  expect(log.append(1, 1, new Map([["a", 1]]))).toMatchObject({ problem: { subject: log.path, code: "ENOSPC" } });
  isFull = false;
  log.append(2, 2, new Map([["a", 1]]));
  log.close();
  expect(eventsOf(log).map(({ step }) => step)).toEqual([0, 2]);
});
