import { readFileSync, statSync } from "node:fs";
import type { NativeFiles } from "./cache.ts";

/** The command that repairs whatever is wrong with native TensorFlow. */
export const repair = "medctc backend install";

export type NativeState =
  | { readonly kind: "ready"; readonly files: NativeFiles }
  | { readonly kind: "missing" | "broken" | "unsupported"; readonly reason: string; readonly repair: string };

const oldestNode = 20;

/**
 * Says whether an installed TensorFlow can be loaded, without loading it: a library that is cut off would end the process
 * and not only the call.
 */
export function inspectNative(files: NativeFiles, node: string = process.versions.node): NativeState {
  if (Number(node.split(".")[0]) < oldestNode) {
    return {
      kind: "unsupported",
      reason: `the addon needs Node ${oldestNode} or newer, and this is Node ${node}`,
      repair: "install a newer Node",
    };
  }
  let sizes: ReadonlyMap<string, number>;
  try {
    sizes = readRecord(readFileSync(files.record, "utf8"));
  } catch (error) {
    const isAbsent = error instanceof Error && "code" in error && error.code === "ENOENT";
    return isAbsent
      ? { kind: "missing", reason: "native TensorFlow is not installed", repair }
      : { kind: "broken", reason: `${files.record} cannot be read`, repair };
  }
  for (const [name, path] of installedFiles(files)) {
    const size = statSync(path, { throwIfNoEntry: false })?.size;
    if (size === undefined) return { kind: "broken", reason: `${path} is missing`, repair };
    if (size !== sizes.get(name)) {
      return {
        kind: "broken",
        reason: `${path} has ${size} bytes, not ${sizes.get(name) ?? "a known number of"}`,
        repair,
      };
    }
  }
  return { kind: "ready", files };
}

/** The files whose sizes are recorded. */
export function installedFiles(files: NativeFiles): readonly (readonly [name: string, path: string])[] {
  return [
    ["library", files.library],
    ["framework", files.framework],
    ["addon", files.addon],
  ];
}

function readRecord(text: string): ReadonlyMap<string, number> {
  const parsed: unknown = JSON.parse(text);
  if (typeof parsed !== "object" || parsed === null) throw new Error("the record is an object");
  return new Map(Object.entries(parsed).flatMap(([name, size]) => (typeof size === "number" ? [[name, size]] : [])));
}
