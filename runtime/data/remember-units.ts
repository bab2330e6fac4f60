import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, utimesSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import type { Units } from "../../compiler/index.ts";
import { writeAtomically } from "../files/index.ts";
import { parseJson } from "../json/index.ts";
import type { Problem } from "../text/index.ts";
import type { StoredFile } from "./archive-member.ts";
import { type CacheSettings, fileState, isSettled } from "./cache.ts";
import type { VolumeMetadata } from "./transforms/index.ts";
import { scales } from "./units.ts";

/** What was decided of a data set's units. */
export interface UnitsDecision {
  readonly units: Exclude<Units, "auto">;
  readonly notes: readonly string[];
  readonly problems: readonly Problem[];
}

interface ScaledVolume {
  readonly file: StoredFile;
  readonly metadata: VolumeMetadata;
}

/** Goes up with every change of how it is decided. */
const formatVersion = 1;

const entrySchema = v.object({ units: v.picklist(["stored", "hounsfield"]), notes: v.array(v.string()) });

/**
 * Decides on the units of volumes, or remembers what was decided of the same files with the same tables, which takes no reading of
 * values. A decision against a data set is not kept: its files are to change.
 */
export async function rememberUnits(
  cache: CacheSettings | null,
  volumes: readonly ScaledVolume[],
  decide: () => Promise<UnitsDecision>,
): Promise<UnitsDecision> {
  const open = volumes.filter(({ metadata }) => scales(metadata));
  const before = cache === null || open.length === 0 ? null : keyOf(open);
  if (cache === null || before === null) return decide();
  const path = join(cache.folder, `${before.key}.units`);
  const kept = readKept(path);
  if (kept !== null) {
    return {
      units: kept.units,
      notes: kept.notes.map((note) => `${note} (decided before, of the same files)`),
      problems: [],
    };
  }
  const decided = await decide();
  // Content that another program was just changing is decided on again.
  if (decided.problems.length === 0 && before.isSettled && keyOf(open)?.key === before.key) {
    const { units, notes } = decided;
    try {
      mkdirSync(cache.folder, { recursive: true });
      writeAtomically(path, encode(JSON.stringify({ units, notes })));
    } catch {
      // What keeps this from the cache keeps volumes from it too, which is reported.
    }
  }
  return decided;
}

/** A name for the state of files and what tables say of them; null where one cannot be looked at. */
function keyOf(volumes: readonly ScaledVolume[]): { readonly key: string; readonly isSettled: boolean } | null {
  const hash = createHash("sha256").update(`${formatVersion}\n`);
  const nowMs = Date.now();
  let areSettled = true;
  for (const { file, metadata } of volumes) {
    const state = stateOf(file);
    if (state === null) return null;
    areSettled &&= isSettled(state, nowMs);
    const { slope, intercept, xySpacing, zSpacing } = metadata;
    hash.update(`${JSON.stringify([state.path, state.numbers, slope, intercept, xySpacing, zSpacing])}\n`);
  }
  return { key: hash.digest("hex"), isSettled: areSettled };
}

function stateOf(file: StoredFile): ReturnType<typeof fileState> {
  try {
    return fileState(file);
  } catch {
    return null;
  }
}

/** A line with SHA-256 of what follows it, so that what is damaged is not taken for a decision. */
function encode(text: string): string {
  return `${createHash("sha256").update(text).digest("hex")}\n${text}`;
}

/** A decision, marked as used now; null where there is none, or a damaged one. */
function readKept(path: string): v.InferOutput<typeof entrySchema> | null {
  try {
    const bytes = readFileSync(path, "utf8");
    const text = bytes.slice(bytes.indexOf("\n") + 1);
    if (bytes !== encode(text)) return null;
    const parsed = parseJson(text, { depth: 4 });
    const read = v.safeParse(entrySchema, parsed.kind === "ok" ? parsed.value : null);
    if (!read.success) return null;
    utimesSync(path, new Date(), new Date());
    return read.output;
  } catch {
    // It is not there, or another process removed it.
    return null;
  }
}
