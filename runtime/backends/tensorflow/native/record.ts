import { readFileText, storageProblem, writeAtomically } from "../../../files/index.ts";
import { type Fingerprint, fingerprint } from "./fingerprint.ts";
import type { NativeFiles } from "./native-files.ts";
import { versions } from "./versions.ts";

/** What was installed, by the names of its parts. */
export type InstallRecord = ReadonlyMap<string, Fingerprint>;

export type RecordFile =
  | { readonly kind: "record"; readonly record: InstallRecord }
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

/** Reads what an install left when it was done. */
export function readRecord(path: string): RecordFile {
  try {
    const parsed: unknown = JSON.parse(readFileText(path));
    const parts = typeof parsed === "object" && parsed !== null && "parts" in parsed ? parsed.parts : null;
    if (typeof parts !== "object" || parts === null) {
      return { kind: "unreadable", reason: "it does not say what was installed" };
    }
    const record = Object.entries(parts).flatMap(([name, value]: [string, unknown]) =>
      isFingerprint(value) ? [[name, value] as const] : [],
    );
    return { kind: "record", record: new Map(record) };
  } catch (error) {
    if (error instanceof SyntaxError) return { kind: "unreadable", reason: "it is not JSON" };
    const { code, message: reason } = storageProblem(path, error);
    return code === "ENOENT" || code === "ENOTDIR" ? { kind: "absent" } : { kind: "unreadable", reason };
  }
}

/** Writes what is there now as what was installed. */
export function writeRecord(files: NativeFiles): void {
  const parts = Object.fromEntries(recordedFiles(files).map(([name, path]) => [name, fingerprint(path)]));
  writeAtomically(files.record, `${JSON.stringify({ ...versions, parts }, null, 2)}\n`);
}

function isFingerprint(value: unknown): value is Fingerprint {
  if (typeof value !== "object" || value === null) return false;
  if (!("sizeBytes" in value && "modifiedMs" in value && "ends" in value && "sha256" in value)) return false;
  const { sizeBytes, modifiedMs, ends, sha256 } = value;
  const areNumbers = typeof sizeBytes === "number" && typeof modifiedMs === "number";
  return areNumbers && typeof ends === "string" && typeof sha256 === "string";
}
