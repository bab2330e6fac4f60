import * as zlib from "node:zlib";

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  return crc;
});

/** Node 20's first versions have none in zlib. */
const native: ((bytes: Uint8Array, before: number) => number) | undefined = zlib.crc32;

/** The checksum of PNG and zip files of some bytes, which follow others of the checksum `before`. */
export function crc32(bytes: Uint8Array, before = 0): number {
  if (native !== undefined) return native(bytes, before);
  let crc = ~before;
  for (const byte of bytes) crc = (crc >>> 8) ^ (table[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
}
