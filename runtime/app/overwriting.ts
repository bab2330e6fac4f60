import { type BigIntStats, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { peftFiles } from "../adapters/index.ts";
import type { Problem } from "../text/index.ts";
import { weightFiles } from "../weights/index.ts";
import { problem } from "./reporter.ts";
import { adapterFile } from "./weights/adapter-file.ts";

/** Why a result cannot be written to some paths: it would take the place of a file that it is made of. Null where it can. */
export function overwriting(written: readonly string[], sources: readonly (string | null)[]): Problem | null {
  for (const source of sources) {
    if (source === null) continue;
    const files = [source, adapterFile(source), ...weightFiles(source)];
    if (files.some((file) => written.some((path) => isSame(path, file)))) return wouldReplace(source);
  }
  return null;
}

/**
 * Why adapters cannot be written for PEFT into a folder: it is that of an adapter which they are made of, of which two files would be two
 * adapters' and the config beside it another's. `sources` are what else they are made of.
 */
export function overwritingAdapter(
  folder: string,
  adapters: readonly (string | null)[],
  sources: readonly (string | null)[] = [],
): Problem | null {
  for (const adapter of adapters)
    if (adapter !== null && [adapter, dirname(adapterFile(adapter))].some((each) => isSame(folder, each)))
      return wouldReplace(adapter);
  return overwriting(
    [peftFiles.tensors, peftFiles.config].map((name) => join(folder, name)),
    [...adapters, ...sources],
  );
}

function wouldReplace(source: string): Problem {
  return problem(`the result would be written over \`${source}\`, which it is made of`, "name another place for it");
}

/** Whether two paths are of one file, by whatever names and links. */
function isSame(one: string, two: string): boolean {
  if (resolve(one) === resolve(two)) return true;
  const [first, second] = [statusOf(one), statusOf(two)];
  return first !== null && second !== null && first.dev === second.dev && first.ino === second.ino && first.ino !== 0n;
}

function statusOf(path: string): BigIntStats | null {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false }) ?? null;
  } catch {
    // Whoever reads or writes it says why that cannot be.
    return null;
  }
}
