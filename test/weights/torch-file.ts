import { crc32 } from "../../runtime/files/index.ts";

/** A file of an archive; what is said besides its name and bytes goes into its records as it is. */
export interface Entry {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly method?: number;
  readonly flags?: number;
  /** Of what it is unpacked, where that is not its bytes. */
  readonly checksum?: number;
  /** What the directory says instead of the truth. */
  readonly listed?: {
    readonly name?: string;
    readonly size?: number;
    readonly packed?: number;
    readonly local?: number;
  };
}

/** A zip archive of some files, stored as they are. */
export function zipOf(entries: readonly Entry[], { comment = "" }: { readonly comment?: string } = {}): Uint8Array {
  const parts: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const { name, bytes, method = 0, flags = 0, checksum = crc32(bytes), listed = {} } of entries) {
    const plain = utf8(name);
    const local = [
      u32(0x04034b50),
      u16(20),
      u16(flags),
      u16(method),
      u32(0),
      u32(checksum),
      u32(bytes.length),
      u32(bytes.length),
    ];
    const written = join([...local, u16(plain.length), u16(0), plain, bytes]);
    const named = utf8(listed.name ?? name);
    const sizes = [u32(listed.packed ?? bytes.length), u32(listed.size ?? bytes.length)];
    const record = [u32(0x02014b50), u16(20), u16(20), u16(flags), u16(method), u32(0), u32(checksum), ...sizes];
    const tail = [u16(named.length), u16(0), u16(0), u16(0), u16(0), u32(0), u32(listed.local ?? at), named];
    directory.push(join([...record, ...tail]));
    parts.push(written);
    at += written.length;
  }
  const listing = join(directory);
  const count = u16(entries.length);
  const end = [u32(0x06054b50), u16(0), u16(0), count, count, u32(listing.length), u32(at)];
  return join([...parts, listing, ...end, u16(comment.length), utf8(comment)]);
}

/** A checkpoint of a pickle and storages by their keys. */
export function torchFile(pickle: Uint8Array, storages: Readonly<Record<string, Uint8Array>> = {}): Uint8Array {
  const data = Object.entries(storages).map(([key, bytes]) => ({ name: `archive/data/${key}`, bytes }));
  return zipOf([
    { name: "archive/data.pkl", bytes: pickle },
    { name: "archive/byteorder", bytes: utf8("little") },
    ...data,
    { name: "archive/version", bytes: utf8("3\n") },
  ]);
}

/** A pickle of some instructions. */
export function pickleOf(...instructions: readonly (string | Uint8Array)[]): Uint8Array {
  return join(["\x80\x02", ...instructions, "."].map((each) => (typeof each === "string" ? latin1(each) : each)));
}

/** A dict of one tensor, `weight`. */
export function dictOf(tensor: string): Uint8Array {
  return pickleOf("}(", text("weight"), tensor, "u");
}

/** What makes a tensor of 32-bit floats: its storage's key and elements, where it starts, its shape and strides. */
export function tensorOf(
  key: string,
  count: number,
  offset: number,
  shape: readonly number[],
  strides: readonly number[],
): string {
  const storage = `(${text("storage")}ctorch\nFloatStorage\n${text(key)}${text("cpu")}${long(count)}tQ`;
  const rest = `${long(offset)}(${shape.map(long).join("")}t(${strides.map(long).join("")}t\x89}`;
  return `ctorch._utils\n_rebuild_tensor_v2\n(${storage}${rest}tR`;
}

/** A text of a pickle. */
export function text(value: string): string {
  return `X${bytesAsText(u32(utf8(value).length))}${bytesAsText(utf8(value))}`;
}

/** A whole number of eight bytes. */
export function long(value: number): string {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value), true);
  return `\x8a\x08${bytesAsText(bytes)}`;
}

export function floatBytes(...values: readonly number[]): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}

export function utf8(value: string): Uint8Array {
  return new TextEncoder().encode(value);
}

function latin1(value: string): Uint8Array {
  return Uint8Array.from(value, (character) => character.charCodeAt(0));
}

function bytesAsText(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}

function u16(value: number): Uint8Array {
  return Uint8Array.of(value & 0xff, value >> 8);
}

function u32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  return Uint8Array.from(Buffer.concat(parts));
}
