import type { Example, VolumeLoader } from "../../data/index.ts";
import type { CaseMaterial } from "../../report/index.ts";
import type { SettledData } from "../data/contract.ts";
import { rowsOf } from "../data/example-pictures.ts";
import type { Reporter } from "../reporter.ts";
import type { DrawCases } from "./comparison-page.ts";

/** Volumes of which slices are drawn: of all that a page lists, they would make it too large to be sent. */
const mostDrawn = 6;

export interface CaseSource {
  readonly examples: readonly Example[];
  readonly data: SettledData;
  readonly loader: Pick<VolumeLoader, "load">;
  /** Reads the examples whose texts are their reports; nothing where the model takes none. */
  readonly readReports: () => Promise<readonly Pick<Example, "name" | "texts">[]>;
  /** Whether the user asked to stop: what is not drawn by then is left out. */
  readonly isStopped: () => boolean;
}

/**
 * Draws slices of the hardest volumes as the network sees them, of the first window of the first input, with their reports. What cannot
 * be read has its report alone: the evaluation is done by then.
 */
export function caseDrawing(
  { examples, data, loader, readReports, isStopped }: CaseSource,
  reporter: Pick<Reporter, "progress" | "progressEnd">,
): DrawCases {
  let reports: Promise<ReadonlyMap<string, string>> | null = null;
  return async (names) => {
    const found = new Map<string, CaseMaterial>();
    const byName = new Map(examples.map((example) => [example.name, example]));
    for (const name of names.slice(0, mostDrawn)) {
      const example = byName.get(name);
      if (example === undefined || isStopped()) continue;
      reporter.progress(`slices of ${name}`);
      reports ??= readReports().then(byVolume);
      const text = (await reports).get(name) ?? null;
      const rows = await rowsOf(loader, example, null, data);
      found.set(name, { pictures: (rows ?? []).slice(0, 1), text });
    }
    reporter.progressEnd();
    return found;
  };
}

function byVolume(examples: readonly Pick<Example, "name" | "texts">[]): ReadonlyMap<string, string> {
  return new Map(examples.map(({ name, texts }) => [name, texts.join("\n")]));
}
