/** A member that tests put into an archive; what is left out makes a sound file. */
export interface TarPart {
  readonly name: string;
  readonly content?: string | Uint8Array;
  readonly type?: string;
  /** What the field of the size says, as it is written. */
  readonly size?: string;
  readonly checksum?: string;
  readonly magic?: string;
  readonly prefix?: string;
  readonly link?: string;
}

/** An archive in ustar, written from the format's description and by no code of the reader's or the writer's. */
export function tarFile(parts: readonly TarPart[], end = 1024): Buffer {
  return Buffer.concat([...parts.flatMap(blocksOf), Buffer.alloc(end)]);
}

function blocksOf(part: TarPart): readonly Buffer[] {
  const content = Buffer.from(part.content ?? "");
  const header = Buffer.alloc(512);
  header.write(part.name, 0, 100, "utf8");
  header.write("0000644\0" + "0000000\0" + "0000000\0", 100, "latin1");
  header.write(part.size ?? `${content.length.toString(8).padStart(11, "0")}\0`, 124, 12, "latin1");
  header.write("00000000000\0", 136, "latin1");
  header.write(part.type ?? "0", 156, 1, "latin1");
  header.write(part.link ?? "", 157, 100, "utf8");
  header.write(part.magic ?? "ustar\x0000", 257, 8, "latin1");
  header.write(part.prefix ?? "", 345, 155, "utf8");
  header.fill(" ", 148, 156);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(part.checksum ?? `${sum.toString(8).padStart(6, "0")}\0 `, 148, 8, "latin1");
  return [header, content, Buffer.alloc((512 - (content.length % 512)) % 512)];
}

/** A record of a pax header: its own length, a key and a value. */
export function paxRecord(key: string, value: string): string {
  const rest = ` ${key}=${value}\n`;
  const bytes = Buffer.byteLength(rest);
  let length = bytes + 1;
  while (String(length).length + bytes !== length) length = String(length).length + bytes;
  return `${length}${rest}`;
}

/** A NumPy file of floats, its header as NumPy writes it. */
export function npyFile(shape: readonly number[], values: readonly number[] | Float32Array, header?: string): Buffer {
  const text = header ?? `{'descr': '<f4', 'fortran_order': False, 'shape': (${shape.join(", ")},), }`;
  const length = Math.ceil((10 + text.length + 1) / 64) * 64 - 10;
  const start = Buffer.alloc(10 + length, " ");
  start.write("\x93NUMPY\x01\x00", 0, "latin1");
  start.writeUInt16LE(length, 8);
  start.write(text, 10, "latin1");
  start[9 + length] = 0x0a;
  return Buffer.concat([start, Buffer.from(Float32Array.from(values).buffer)]);
}
