import type { DataSettings, TracedSpec } from "../../../compiler/index.ts";
import { at } from "../../at.ts";
import {
  type CacheSettings,
  contractOf,
  type DataContract,
  type DataInputs,
  type Dataset,
  examineVolumes,
} from "../../data/index.ts";
import type { Reporter } from "../reporter.ts";

/** What a `data` block leaves open, settled by the data. */
export interface SettledData {
  /** Their units are decided. */
  readonly settings: DataSettings;
  /** The orientation that volumes come out in; null where it is not known of all of them. */
  readonly orientation: string | null;
}

/**
 * Decides from data sets what the `data` block leaves open, and reports what was found; null after reporting why the volumes
 * cannot be used together. What was decided is remembered in the cache.
 */
export async function settleData(
  settings: DataSettings,
  datasets: readonly (Dataset | null)[],
  { inputs }: Pick<DataInputs, "inputs">,
  skipBad: boolean,
  reporter: Pick<Reporter, "note" | "problem" | "progress" | "progressEnd">,
  cache: CacheSettings | null = null,
): Promise<SettledData | null> {
  const places = inputs.flatMap((input) => (input.kind === "volume" ? [input.file] : []));
  const examples = datasets.flatMap((dataset) => dataset?.examples ?? []);
  // What was preprocessed before leaves nothing open.
  const volumes = examples.flatMap(({ files, metadata }) =>
    places.flatMap((place) => {
      const file = at(files, place);
      return metadata === null ? [] : [{ file, metadata }];
    }),
  );
  const found = await examineVolumes(volumes, settings, reporter.progress, cache);
  reporter.progressEnd();
  for (const note of found.notes) reporter.note(note);
  const refused = [...found.problems, ...(found.unknown === null || skipBad ? [] : [found.unknown])];
  for (const each of refused) reporter.problem(each);
  if (refused.length > 0) return null;
  const packed = datasets.find((dataset) => dataset !== null && dataset.orientation !== null);
  const orientation = found.orientation ?? packed?.orientation ?? null;
  return { settings: { ...settings, units: found.units }, orientation };
}

/** A spec with settled data. */
export function withData(spec: TracedSpec, { settings }: SettledData): TracedSpec {
  return { ...spec, data: settings };
}

/** What the network of a spec takes. */
export function contractWith({ settings, orientation }: SettledData, inputs: DataInputs): DataContract {
  return contractOf(settings, orientation, inputs);
}
