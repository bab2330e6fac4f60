import { at } from "../at.ts";
import { machineFiles, readAll } from "../files/index.ts";

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

/** Bytes that are read at once, and that a record may have. */
const bytesAtOnce = 2 ** 20;

/**
 * The records of a TFRecord file, read in pieces, up to the first that is damaged or cut off, as TensorBoard reads them. The bytes are
 * good until the next one is asked for. Throws what the file system says.
 */
export function* readRecords(path: string): Generator<Uint8Array, void, undefined> {
  const handle = machineFiles.open(path);
  try {
    const size = machineFiles.size(handle) ?? 0;
    const window = new Uint8Array(2 * bytesAtOnce);
    for (let offset = 0; offset < size; ) {
      const bytes = window.subarray(0, Math.min(window.length, size - offset));
      if (!readAll(handle, bytes, offset, machineFiles)) return;
      let used = 0;
      for (const record of recordsIn(bytes)) {
        yield record;
        used += record.length + 16;
      }
      if (used === 0) return;
      offset += used;
    }
  } finally {
    machineFiles.close(handle);
  }
}

/** The whole records that bytes begin with. */
function* recordsIn(bytes: Uint8Array): Generator<Uint8Array, void, undefined> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let start = 0; start + 16 <= bytes.length; ) {
    const length = Number(view.getBigUint64(start, true));
    const end = start + 12 + length;
    if (length > bytesAtOnce || end + 4 > bytes.length) return;
    const record = bytes.subarray(start + 12, end);
    if (view.getUint32(start + 8, true) !== maskedChecksum(bytes.subarray(start, start + 8))) return;
    if (view.getUint32(end, true) !== maskedChecksum(record)) return;
    yield record;
    start = end + 4;
  }
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
