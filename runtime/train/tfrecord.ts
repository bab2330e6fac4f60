import { at } from "../at.ts";

/**
 * A record of a TFRecord file (tensorflow.org/tutorials/load_data/tfrecord): eight bytes of length, their checksum, the
 * bytes, their checksum, all little-endian.
 */
export function frameRecord(bytes: Uint8Array): Uint8Array {
  const frame = new Uint8Array(bytes.length + 16);
  const view = new DataView(frame.buffer);
  view.setBigUint64(0, BigInt(bytes.length), true);
  view.setUint32(8, maskedChecksum(frame.subarray(0, 8)), true);
  frame.set(bytes, 12);
  view.setUint32(12 + bytes.length, maskedChecksum(bytes), true);
  return frame;
}

/** CRC-32C, rotated and shifted as TFRecord has it, so that the checksum of data with checksums inside is no trivial one. */
function maskedChecksum(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

/** CRC-32C, of Castagnoli's polynomial (RFC 3720, B.4), bits reversed. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ at(table, (crc ^ byte) & 0xff);
  return ~crc >>> 0;
}

const polynomial = 0x82f63b78;

/** What each byte does to a checksum. */
const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
  return crc;
});
