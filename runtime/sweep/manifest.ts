import { existsSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { readFileText } from "../files/index.ts";
import { readOwnJson } from "../json/index.ts";
import type { EntryEdits } from "./entries.ts";

/** What a sweep's folder is of: enough to gather its results where the sweep file is not. */
export interface Manifest {
  /** The sweep file as it was named. */
  readonly title: string;
  readonly entries: readonly ManifestEntry[];
}

export interface ManifestEntry extends EntryEdits {
  readonly seeds: readonly number[];
}

const manifestName = "sweep.json";

export function manifestPath(root: string): string {
  return join(root, manifestName);
}

/** An entry a line. */
export function encodeManifest({ title, entries }: Manifest): string {
  const lines = entries.map(({ name, placement, settings, seeds }) =>
    JSON.stringify({ name, placement, settings: [...settings], seeds }),
  );
  return `{\n  "title": ${JSON.stringify(title)},\n  "entries": [\n    ${lines.join(",\n    ")}\n  ]\n}\n`;
}

const manifest = v.object({
  title: v.string(),
  entries: v.array(
    v.object({
      // The name is one of a folder, and must not lead out of it.
      name: v.pipe(v.string(), v.regex(/^(?!\.+$)[A-Za-z0-9_.-]+$/)),
      placement: v.nullable(v.object({ name: v.string(), lines: v.string() })),
      settings: v.pipe(
        v.array(v.tuple([v.string(), v.string()])),
        v.transform((settings) => new Map(settings)),
      ),
      seeds: v.array(v.pipe(v.number(), v.safeInteger())),
    }),
  ),
});

/** The manifest of a folder; null where there is none, or it is not such a file. */
export function readManifest(root: string): Manifest | null {
  const path = manifestPath(root);
  return existsSync(path) ? readOwnJson(readFileText(path), manifest) : null;
}
