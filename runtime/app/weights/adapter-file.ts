import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { type Diagnostic, report } from "../../../grammar/index.ts";
import { peftFiles } from "../../adapters/index.ts";
import { kindOfPath } from "../../files/index.ts";
import { averageFile } from "../../train/index.ts";
import type { Reporter } from "../reporter.ts";

/** Folders that are named. */
const mostNamed = 8;

/** What a folder with adapters may have, in this order: medctc's own, of which the averages are what was evaluated, and PEFT's. */
const names = [averageFile, "adapter.safetensors", peftFiles.tensors, peftFiles.olderTensors];

/**
 * The file of adapters at a path: that of a folder, or of its only subfolder that has one. PEFT writes an adapter into a folder named for
 * it, and a trainer into one for each checkpoint. Of several the folder is given back, which cannot be opened.
 */
export function adapterFile(path: string): string {
  if (kindOfPath(path) !== "folder") return path;
  const own = fileIn(path);
  if (own !== null) return own;
  const [only, ...others] = foldersWithAdapters(path);
  if (only === undefined) return join(path, "adapter.safetensors");
  return others.length > 0 ? path : (fileIn(only) ?? path);
}

/** The folder of an adapter that is asked for by its name, where PEFT wrote one beside others; else the path itself. */
export function adapterNamed(path: string, name: string | undefined): string {
  // A name is a part of a path, and no path.
  if (name === undefined || name === "" || basename(name) !== name || name === ".." || name === ".") return path;
  const folder = join(path, name);
  return kindOfPath(folder) === "folder" && fileIn(folder) !== null ? folder : path;
}

/** Says that a folder has several adapters, each in a folder of its own; null for everything else. */
export function severalAdapters(path: string): Diagnostic | null {
  const folders = kindOfPath(path) === "folder" && fileIn(path) === null ? foldersWithAdapters(path) : [];
  const [first] = folders;
  if (first === undefined || folders.length === 1) return null;
  const named = folders.slice(0, mostNamed).map((folder) => `\`${basename(folder)}\``);
  const more = folders.length - named.length;
  const names = `${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
  return report(
    "several-adapters",
    path,
    { path, names },
    { help: `name the folder of one of them, such as ${first}` },
  );
}

/** The subfolders of a folder that have adapters, in the order of their names. */
function foldersWithAdapters(path: string): readonly string[] {
  try {
    const folders = readdirSync(path).map((name) => join(path, name));
    return folders.filter((each) => kindOfPath(each) === "folder" && fileIn(each) !== null).toSorted();
  } catch {
    // Opening it says why it cannot be read.
    return [];
  }
}

function fileIn(folder: string): string | null {
  return names.map((name) => join(folder, name)).find((file) => kindOfPath(file) === "file") ?? null;
}

/** Says which file is taken where a folder has several, or has it in another folder. */
export function reportAdapterFile(adapter: string | null, reporter: Pick<Reporter, "note">): void {
  if (adapter === null || kindOfPath(adapter) !== "folder") return;
  const file = adapterFile(adapter);
  if (fileIn(adapter) === null && file !== adapter && kindOfPath(file) === "file")
    reporter.note(`taking ${file}, the only adapter in ${adapter}`);
  if (basename(file) !== averageFile) return;
  reporter.note(
    `taking the averages, ${join(adapter, averageFile)}; the last step's parameters are in adapter.safetensors beside it`,
  );
}
