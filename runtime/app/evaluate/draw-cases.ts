import type { Example, VolumeLoader } from "../../data/index.ts";
import type { CaseMaterial } from "../../report/index.ts";
import type { SettledData } from "../data/contract.ts";
import { rowsOf } from "../data/example-pictures.ts";
import type { DrawCases } from "./comparison-page.ts";

/** Volumes of which slices are drawn: of all that a page lists, they would make it too large to be sent. */
const mostDrawn = 6;

export interface CaseSource {
  readonly examples: readonly Example[];
  readonly data: SettledData;
  readonly loader: Pick<VolumeLoader, "load">;
  /** How many of the texts of an example, from the first on, are its report; 0 where none was read. */
  readonly reportTexts: number;
  /** What is heard while volumes are read. */
  readonly tell: (progress: string) => void;
}

/**
 * Draws slices of the hardest volumes as the network sees them, of the first window of the first input, with their reports. What cannot
 * be read has its report alone: the evaluation is done by then.
 */
export function caseDrawing({ examples, data, loader, reportTexts, tell }: CaseSource): DrawCases {
  return async (names) => {
    const byName = new Map(examples.map((example) => [example.name, example]));
    const found = new Map<string, CaseMaterial>();
    for (const name of names.slice(0, mostDrawn)) {
      const example = byName.get(name);
      if (example === undefined) continue;
      tell(`slices of ${name}`);
      const rows = await rowsOf(loader, example, null, data);
      const text = example.texts.slice(0, reportTexts).join("\n");
      found.set(name, { pictures: (rows ?? []).slice(0, 1), text: text === "" ? null : text });
    }
    return found;
  };
}
