import { join } from "node:path";
import * as v from "valibot";
import { readText, writeAtomically } from "../../files/index.ts";
import { readOwnJson } from "../../json/index.ts";
import { type DatasetParameters, mostVolumes } from "./layout.ts";

/** The file that says what a folder was filled with, and whether that came to its end. */
export const markerFile = "synth.json";

/** Goes up when the same parameters give other files. */
const edition = 2;

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

const upTo = (most: number) => v.pipe(v.number(), v.safeInteger(), v.minValue(0), v.maxValue(most));
const marker = v.object({
  pairs: upTo(mostVolumes),
  valid: upTo(mostVolumes),
  seed: upTo(Number.MAX_SAFE_INTEGER),
  complete: v.unknown(),
  edition: v.unknown(),
});

/** What a folder's marker says; null where there is none, or none that can be read. */
export function readMarker(folder: string): Marker | null {
  const file = readText(join(folder, markerFile));
  if (file.kind !== "text") return null;
  const read = readOwnJson(file.text, marker);
  if (read === null) return null;
  const { pairs, valid, seed } = read;
  return { parameters: { pairs, valid, seed }, complete: read.complete === true && read.edition === edition };
}
