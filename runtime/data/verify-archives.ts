import { createHash } from "node:crypto";
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import type { Problem } from "../text/index.ts";
import type { RecordedArchive } from "./dataset.ts";
import { reasonOf } from "./reasons.ts";

export type Verified =
  | { readonly kind: "progress"; readonly text: string }
  | { readonly kind: "problem"; readonly problem: Problem };

const pieceBytes = 2 ** 22;
/** Bytes after which is said how far it is. */
const toldBytes = 2 ** 28;

/** Reads archives and holds them against their record, one after the other. */
export async function* verifyArchives(archives: readonly RecordedArchive[]): AsyncGenerator<Verified> {
  const all = archives.reduce((sum, { bytes }) => sum + bytes, 0);
  let [done, told] = [0, -toldBytes];
  for (const { path, bytes, sha256 } of archives) {
    const hash = createHash("sha256");
    let read = 0;
    try {
      for await (const piece of piecesOf(path)) {
        if (done + read - told >= toldBytes) {
          told = done + read;
          yield { kind: "progress", text: `verifying shards, ${all === 0 ? 0 : Math.floor((100 * told) / all)} %` };
        }
        read += piece.length;
        hash.update(piece);
      }
      if (hash.digest("hex") !== sha256) yield { kind: "problem", problem: { subject: path, message, help } };
    } catch (error) {
      const reason = `it cannot be read: ${reasonOf(error)}`;
      yield { kind: "problem", problem: { subject: path, message: reason, help: null } };
    }
    done += bytes;
  }
}

const message = "its content is not what was packed: its SHA-256 differs from the recorded one";
const help = "copy or download it again, or pack the data set again, which replaces such shards";

/** The bytes of a file, in pieces that are overwritten by the next; neither a device nor a pipe can make it wait. */
async function* piecesOf(path: string): AsyncGenerator<Uint8Array> {
  const handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const piece = new Uint8Array(pieceBytes);
    for (;;) {
      const { bytesRead } = await handle.read(piece, 0, piece.length);
      if (bytesRead === 0) return;
      yield piece.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}
