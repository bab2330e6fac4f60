import { resolve } from "node:path";
import type { Problem } from "../text/index.ts";
import { problem } from "./reporter.ts";
import { adapterFile } from "./weights/adapter-file.ts";

/** Why a result cannot be written to some paths: it would take the place of a file that it is made of. Null where it can. */
export function overwriting(written: readonly string[], sources: readonly (string | null)[]): Problem | null {
  const taken = new Set(written.map((path) => resolve(path)));
  for (const source of sources)
    if (source !== null && (taken.has(resolve(source)) || taken.has(resolve(adapterFile(source)))))
      return problem(
        `the result would be written over \`${source}\`, which it is made of`,
        "name another place for it",
      );
  return null;
}
