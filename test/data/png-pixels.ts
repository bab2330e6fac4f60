import { crc32, inflateSync } from "node:zlib";
import { expect } from "vitest";

/** Pixels of a PNG file of 8 bits of grey, or of each of three colours, without filters, by the format's description. */
export function decodePng(file: Buffer): { readonly width: number; readonly height: number; readonly pixels: Buffer } {
  expect(file.subarray(0, 8).toString("hex")).toBe("89504e470d0a1a0a");
  const chunks = new Map<string, Buffer>();
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at);
    const named = file.subarray(at + 4, at + 8 + length);
    expect(file.readUInt32BE(at + 8 + length)).toBe(crc32(named));
    chunks.set(named.toString("latin1", 0, 4), named.subarray(4));
    at += 12 + length;
  }
  expect([...chunks.keys()]).toEqual(["IHDR", "IDAT", "IEND"]);
  const head = chunks.get("IHDR") ?? Buffer.alloc(0);
  const [bits, type, ...rest] = head.subarray(8);
  expect([bits, ...rest]).toEqual([8, 0, 0, 0]);
  expect([0, 2]).toContain(type);
  const [width, height] = [head.readUInt32BE(0), head.readUInt32BE(4)];
  const bytes = width * (type === 2 ? 3 : 1);
  const rows = inflateSync(chunks.get("IDAT") ?? Buffer.alloc(0));
  expect(rows.length).toBe(height * (bytes + 1));
  const pixels = Array.from({ length: height }, (_, row) => {
    expect(rows[row * (bytes + 1)]).toBe(0);
    return rows.subarray(row * (bytes + 1) + 1, (row + 1) * (bytes + 1));
  });
  return { width, height, pixels: Buffer.concat(pixels) };
}
