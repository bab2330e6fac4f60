import * as zlib from "node:zlib";
import { type Compressors, snappyUncompress } from "hyparquet";

/** Bytes of an unpacked page; writers make them of one megabyte. */
const largestPage = 2 ** 28;

/** Newer Nodes alone have it. */
const zstd: unknown = Reflect.get(zlib, "zstdDecompressSync");

/** What unpacks pages, each to as many bytes as its header says and no more. */
export const codecs: Compressors = {
  SNAPPY: (packed, bytes) => {
    const page = new Uint8Array(checked(bytes));
    snappyUncompress(packed, page);
    return page;
  },
  GZIP: (packed, bytes) => zlib.gunzipSync(packed, limit(bytes)),
  BROTLI: (packed, bytes) => zlib.brotliDecompressSync(packed, limit(bytes)),
  ...(typeof zstd === "function"
    ? { ZSTD: (packed, bytes) => bytesOf(Reflect.apply(zstd, zlib, [packed, limit(bytes)])) }
    : {}),
};

/** Whether pages of a codec can be read. */
export function isRead(codec: string): boolean {
  return codec === "UNCOMPRESSED" || codec in codecs;
}

function limit(bytes: number): { readonly maxOutputLength: number } {
  return { maxOutputLength: Math.max(1, checked(bytes)) };
}

function checked(bytes: number): number {
  if (bytes >= 0 && bytes <= largestPage) return bytes;
  throw new Error(`a page of ${bytes} bytes is larger than any that is read`);
}

function bytesOf(unpacked: unknown): Uint8Array {
  if (unpacked instanceof Uint8Array) return unpacked;
  throw new Error("invariant: zlib unpacks to bytes");
}
