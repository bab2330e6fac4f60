import * as v from "valibot";
import { readFileText, storageProblem, writeAtomically } from "../../../files/index.ts";
import { readOwnJson } from "../../../json/index.ts";
import { sessionOptionsOf } from "./addon.ts";
import { type Fingerprint, fingerprint } from "./fingerprint.ts";
import type { NativeFiles } from "./native-files.ts";
import { versions } from "./versions.ts";

/** What was installed, by the names of its parts. */
export type InstallRecord = ReadonlyMap<string, Fingerprint>;

export type RecordFile =
  | { readonly kind: "record"; readonly record: InstallRecord; readonly sessionOptions: string }
  | { readonly kind: "absent" }
  | { readonly kind: "unreadable"; readonly reason: string };

/** The files that make an install, and that its record describes. */
export function recordedFiles(files: NativeFiles): readonly (readonly [name: string, path: string])[] {
  return [
    ["library", files.library],
    ["framework", files.framework],
    ["addon", files.addon],
  ];
}

const record = v.object({
  /** As `sessionOptionsOf` has them; records of before had none. */
  sessionOptions: v.optional(v.string(), "usual"),
  // A part that is not described as it is now is as if it were not known.
  parts: v.record(
    v.string(),
    v.fallback(
      v.nullable(v.object({ sizeBytes: v.number(), modifiedMs: v.number(), ends: v.string(), sha256: v.string() })),
      null,
    ),
  ),
});

/** Reads what an install left when it was done. */
export function readRecord(path: string): RecordFile {
  try {
    const read = readOwnJson(readFileText(path), record);
    if (read === null) return { kind: "unreadable", reason: "it does not say what was installed" };
    const known = Object.entries(read.parts).flatMap(([name, part]) => (part === null ? [] : [[name, part] as const]));
    return { kind: "record", record: new Map(known), sessionOptions: read.sessionOptions };
  } catch (error) {
    const { code, message: reason } = storageProblem(path, error);
    return code === "ENOENT" || code === "ENOTDIR" ? { kind: "absent" } : { kind: "unreadable", reason };
  }
}

/** Writes what is there now as what was installed. */
export function writeRecord(files: NativeFiles): void {
  const parts = Object.fromEntries(recordedFiles(files).map(([name, path]) => [name, fingerprint(path)]));
  writeAtomically(
    files.record,
    `${JSON.stringify({ ...versions, sessionOptions: sessionOptionsOf(files), parts }, null, 2)}\n`,
  );
}
