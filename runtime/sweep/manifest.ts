import { existsSync } from "node:fs";
import { join } from "node:path";
import { readFileText } from "../files/index.ts";
import type { EntryEdits } from "./entries.ts";
import { fieldOf, fieldsOf } from "./fields.ts";

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

/** The manifest of a folder; null where there is none, or it is not such a file. */
export function readManifest(root: string): Manifest | null {
  const path = manifestPath(root);
  const fields = existsSync(path) ? fieldsOf(readFileText(path)) : null;
  const title = fields?.("title");
  const entries = fields?.("entries");
  if (typeof title !== "string" || !Array.isArray(entries)) return null;
  const read = entries.map(readEntry);
  const whole = read.filter((entry) => entry !== null);
  return whole.length === read.length ? { title, entries: whole } : null;
}

function readEntry(value: unknown): ManifestEntry | null {
  const [name, placement] = [fieldOf(value, "name"), fieldOf(value, "placement")];
  const [settings, seeds] = [fieldOf(value, "settings"), fieldOf(value, "seeds")];
  // The name is one of a folder, and must not lead out of it.
  if (typeof name !== "string" || !/^[A-Za-z0-9_.-]+$/.test(name) || /^\.+$/.test(name)) return null;
  if (!Array.isArray(settings) || !Array.isArray(seeds)) return null;
  const [placementName, lines] = [fieldOf(placement, "name"), fieldOf(placement, "lines")];
  const isPlaced = typeof placementName === "string" && typeof lines === "string";
  if (placement !== null && !isPlaced) return null;
  const pairs = settings.map((pair: unknown) => [fieldOf(pair, "0"), fieldOf(pair, "1")] as const);
  const named = pairs.flatMap(([setting, text]) =>
    typeof setting === "string" && typeof text === "string" ? [[setting, text] as const] : [],
  );
  const counts = seeds.filter((seed: unknown): seed is number => Number.isSafeInteger(seed));
  if (named.length < pairs.length || counts.length < seeds.length) return null;
  return {
    name,
    placement: isPlaced ? { name: placementName, lines } : null,
    settings: new Map(named),
    seeds: counts,
  };
}
