import protobuf from "protobufjs/minimal.js";

/** A value under a name, or under names inside each other, as JSON; NaN is the bare word, as Python writes it. */
export interface NamedValue {
  readonly names: readonly string[];
  readonly json: string;
}

/** A record of W&B's log. */
export type WandbRecord =
  | { readonly kind: "header"; readonly producer: string }
  | {
      readonly kind: "run";
      readonly id: string;
      readonly project: string;
      readonly group: string | null;
      readonly name: string;
      readonly tags: readonly string[];
      readonly config: readonly NamedValue[];
      /** Seconds since 1970. */
      readonly startedAt: number;
    }
  | { readonly kind: "files"; readonly paths: readonly string[] }
  | { readonly kind: "history"; readonly step: number; readonly values: readonly NamedValue[] }
  | { readonly kind: "summary"; readonly values: readonly NamedValue[] }
  | { readonly kind: "exit"; readonly code: number; readonly runtimeSeconds: number };

const varint = 0;
const lengthDelimited = 2;

/** The bytes of a Record. The numbers of fields are those of W&B's wandb_internal.proto. */
export function encodeRecord(record: WandbRecord, number: number): Uint8Array {
  const writer = protobuf.Writer.create();
  writer.uint32(tag(1, varint)).int64(number);
  switch (record.kind) {
    case "header":
      writer.uint32(tag(21, lengthDelimited)).fork();
      writer.uint32(tag(1, lengthDelimited)).fork();
      text(writer, 1, record.producer);
      writer.ldelim().ldelim();
      break;
    case "run":
      writer.uint32(tag(17, lengthDelimited)).fork();
      encodeRun(writer, record);
      writer.ldelim();
      break;
    case "files":
      writer.uint32(tag(6, lengthDelimited)).fork();
      for (const path of record.paths) {
        writer.uint32(tag(1, lengthDelimited)).fork();
        text(writer, 1, path);
        // END of PolicyType: when the run is uploaded.
        writer.uint32(tag(2, varint)).int32(1).ldelim();
      }
      writer.ldelim();
      break;
    case "history":
      writer.uint32(tag(2, lengthDelimited)).fork();
      for (const value of record.values) encodeValue(writer, value);
      writer.uint32(tag(2, lengthDelimited)).fork().uint32(tag(1, varint)).int64(record.step).ldelim();
      writer.ldelim();
      break;
    case "summary":
      writer.uint32(tag(3, lengthDelimited)).fork();
      for (const value of record.values) encodeValue(writer, value);
      writer.ldelim();
      break;
    case "exit":
      writer.uint32(tag(18, lengthDelimited)).fork();
      writer.uint32(tag(1, varint)).int32(record.code).uint32(tag(2, varint)).int32(Math.round(record.runtimeSeconds));
      writer.ldelim();
      break;
  }
  return writer.finish();
}

function encodeRun(writer: protobuf.Writer, run: WandbRecord & { readonly kind: "run" }): void {
  text(writer, 1, run.id);
  text(writer, 3, run.project);
  writer.uint32(tag(4, lengthDelimited)).fork();
  for (const value of run.config) encodeValue(writer, value);
  writer.ldelim();
  if (run.group !== null) text(writer, 6, run.group);
  text(writer, 7, "train");
  text(writer, 8, run.name);
  for (const each of run.tags) text(writer, 10, each);
  const seconds = Math.floor(run.startedAt);
  writer.uint32(tag(17, lengthDelimited)).fork();
  writer.uint32(tag(1, varint)).int64(seconds);
  writer.uint32(tag(2, varint)).int32(Math.floor((run.startedAt - seconds) * 1e9));
  writer.ldelim();
}

/** An item of a history, a summary or a config, which have the same numbers. */
function encodeValue(writer: protobuf.Writer, { names, json }: NamedValue): void {
  writer.uint32(tag(1, lengthDelimited)).fork();
  for (const name of names) text(writer, 2, name);
  text(writer, 16, json);
  writer.ldelim();
}

function text(writer: protobuf.Writer, field: number, value: string): void {
  writer.uint32(tag(field, lengthDelimited)).string(value);
}

function tag(field: number, wireType: number): number {
  return field * 8 + wireType;
}
