import protobuf from "protobufjs/minimal.js";

/** An entry of a TensorBoard log: when, of which step, and what. */
export interface LogEvent {
  /** Seconds since 1970. */
  readonly seconds: number;
  readonly step: number;
  readonly what:
    | { readonly kind: "version" }
    /** A run goes on: what was logged of this step and later ones counts no more. */
    | { readonly kind: "start" }
    | { readonly kind: "scalars"; readonly values: ReadonlyMap<string, number> };
}

const fixed64 = 1;
const varint = 0;
const lengthDelimited = 2;
const fixed32 = 5;

/** The bytes of an Event. The numbers of fields are those of TensorFlow's event.proto and summary.proto. */
export function encodeEvent({ seconds, step, what }: LogEvent): Uint8Array {
  const writer = protobuf.Writer.create();
  writer.uint32(tag(1, fixed64)).double(seconds);
  writer.uint32(tag(2, varint)).int64(step);
  switch (what.kind) {
    case "version":
      // The second version: with it TensorBoard drops later steps where a run goes on.
      writer.uint32(tag(3, lengthDelimited)).string("brain.Event:2");
      break;
    case "start":
      writer.uint32(tag(7, lengthDelimited)).fork().uint32(tag(1, varint)).int32(sessionStart).ldelim();
      break;
    case "scalars":
      writer.uint32(tag(5, lengthDelimited)).fork();
      for (const [name, value] of what.values) {
        writer.uint32(tag(1, lengthDelimited)).fork();
        writer.uint32(tag(1, lengthDelimited)).string(name);
        writer.uint32(tag(2, fixed32)).float(value);
        writer.ldelim();
      }
      writer.ldelim();
      break;
  }
  return writer.finish();
}

/** SessionLog.START */
const sessionStart = 1;

function tag(field: number, wireType: number): number {
  return field * 8 + wireType;
}
