import { join } from "node:path";
import { readText, writeAtomically } from "../../files/index.ts";
import { type DatasetParameters, mostVolumes } from "./layout.ts";

/** The file that says what a folder was filled with, and whether that came to its end. */
export const markerFile = "synth.json";

/** Goes up when the same parameters give other files. */
const edition = 1;

export interface Marker {
  readonly parameters: DatasetParameters;
  /** All files were written, by an edition that writes them as this one does. */
  readonly complete: boolean;
}

export function writeMarker(folder: string, { pairs, valid, seed }: DatasetParameters, complete: boolean): void {
  const about = "Painted chests and made-up reports: nobody's data. `medctc data synth` makes these files again.";
  const content = { about, edition, pairs, valid, seed, complete };
  writeAtomically(join(folder, markerFile), `${JSON.stringify(content, null, 2)}\n`);
}

/** What a folder's marker says; null where there is none, or none that can be read. */
export function readMarker(folder: string): Marker | null {
  const file = readText(join(folder, markerFile));
  if (file.kind !== "text") return null;
  let content: unknown;
  try {
    content = JSON.parse(file.text);
  } catch {
    return null;
  }
  if (typeof content !== "object" || content === null) return null;
  const fields = new Map<string, unknown>(Object.entries(content));
  const [pairs, valid, seed] = ["pairs", "valid", "seed"].map((name) => fields.get(name));
  if (!isUpTo(pairs, mostVolumes) || !isUpTo(valid, mostVolumes)) return null;
  if (!isUpTo(seed, Number.MAX_SAFE_INTEGER)) return null;
  const complete = fields.get("complete") === true && fields.get("edition") === edition;
  return { parameters: { pairs, valid, seed }, complete };
}

function isUpTo(value: unknown, most: number): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= most;
}
