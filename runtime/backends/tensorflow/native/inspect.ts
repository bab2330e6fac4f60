import { existsSync, lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { storageProblem } from "../../../files/index.ts";
import { differenceFrom } from "./fingerprint.ts";
import type { NativeFiles } from "./native-files.ts";
import { readRecord, recordedFiles } from "./record.ts";

/** The command that repairs whatever is wrong with native TensorFlow. */
export const repair = "medctc backend install";

/** The same for one of the two kinds. */
export function repairOf({ flavour }: NativeFiles): string {
  return flavour === "gpu" ? `${repair} --gpu` : repair;
}

/** Why native TensorFlow cannot be used, and the command or the deed that changes that. */
export interface NotReady {
  readonly kind: "missing" | "broken" | "unsupported";
  readonly reason: string;
  readonly repair: string;
}

export type NativeState = { readonly kind: "ready"; readonly files: NativeFiles } | NotReady;

const oldestNode = 20;

/** Says why a Node cannot use the addon, or null when it can. */
export function unsupportedNode(node: string): NotReady | null {
  if (Number(node.split(".")[0]) >= oldestNode) return null;
  return {
    kind: "unsupported",
    reason: `the addon needs Node ${oldestNode} or newer, and this is Node ${node}`,
    repair: `install Node ${oldestNode} or newer`,
  };
}

/**
 * Says whether an installed TensorFlow can be loaded, without loading it: a library that is cut off or another one would
 * end the process and not only the call. It takes some milliseconds.
 */
export function inspectNative(files: NativeFiles, node: string = process.versions.node): NativeState {
  const unsupported = unsupportedNode(node);
  if (unsupported !== null) return unsupported;
  const read = readRecord(files.record);
  const broken = (reason: string): NotReady => ({ kind: "broken", reason, repair: repairOf(files) });
  switch (read.kind) {
    case "absent":
      return { kind: "missing", reason: "native TensorFlow is not installed", repair: repairOf(files) };
    case "unreadable":
      return broken(`${files.record} cannot be read: ${read.reason}`);
    case "record": {
      for (const [name, path] of recordedFiles(files)) {
        const recorded = read.record.get(name);
        if (recorded === undefined) return broken(`${files.record} does not know ${path}`);
        const difference = differenceOf(path, () => differenceFrom(path, recorded));
        if (difference !== null) return broken(`${path} ${difference}`);
      }
      const lost = lostLink(files);
      return lost === null ? { kind: "ready", files } : broken(`${lost} leads to a folder that is gone`);
    }
  }
}

/** A look at a file, where that it cannot be read is an answer as well. */
function differenceOf(path: string, look: () => string | null): string | null {
  if (!existsSync(path)) return "is missing";
  try {
    return look();
  } catch (error) {
    return `cannot be read: ${storageProblem(path, error).message}`;
  }
}

/** A link to a package that leads nowhere, such as into a clone that was removed since; null when there is none. */
function lostLink({ modules }: NativeFiles): string | null {
  for (const name of readdirSync(modules)) {
    const inside = name.startsWith("@") ? readdirSync(join(modules, name)).map((each) => join(name, each)) : [name];
    for (const each of inside) {
      const path = join(modules, each);
      if (lstatSync(path).isSymbolicLink() && !existsSync(path)) return path;
    }
  }
  return null;
}
