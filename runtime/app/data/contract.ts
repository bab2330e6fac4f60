import type { DataSettings } from "../../../compiler/index.ts";
import { at } from "../../at.ts";
import {
  type CacheSettings,
  type DataInputs,
  type Dataset,
  examineVolumes,
  hasSettingsOf,
  isPacked,
  type ModelContract,
  modelContractOf,
  type VolumeFile,
  type VolumeInput,
} from "../../data/index.ts";
import { problem, type Reporter } from "../reporter.ts";

/** What the settings of inputs leave open, settled by the data. */
export interface SettledData {
  /** Their volumes' units are decided. */
  readonly inputs: DataInputs;
  /** The orientation that the volumes of each input come out in; null where it is not known of all of them. */
  readonly orientations: ReadonlyMap<string, string | null>;
}

/**
 * Decides from data sets what is left open of the volumes of each input, since these may come from different sources, and reports what
 * was found; null after reporting why the volumes cannot be used together. What was decided is remembered in the cache.
 */
export async function settleData(
  data: DataSettings,
  datasets: readonly (Dataset | null)[],
  inputs: DataInputs,
  skipBad: boolean,
  reporter: Pick<Reporter, "note" | "problem" | "progress" | "progressEnd">,
  cache: CacheSettings | null = null,
): Promise<SettledData | null> {
  const unpacked = archiveProblem(data, datasets, inputs);
  if (unpacked !== null) {
    reporter.problem(unpacked);
    return null;
  }
  const packed = datasets.find((dataset) => dataset !== null && dataset.orientation !== null);
  const settled = new Map<string, VolumeInput>();
  const orientations = new Map<string, string | null>();
  const groups = alikeVolumes(inputs);
  let isRefused = false;
  for (const group of groups) {
    const { file, settings } = group[0];
    const found = await examineVolumes(filesAt(file, datasets), settings, reporter.progress, cache);
    reporter.progressEnd();
    const whose = groups.length === 1 ? "" : `${group.map(({ name }) => `\`${name}\``).join(", ")}: `;
    for (const note of found.notes) reporter.note(`${whose}${note}`);
    const refused = [...found.problems, ...(found.unknown === null || skipBad ? [] : [found.unknown])];
    for (const each of refused) reporter.problem({ ...each, message: `${whose}${each.message}` });
    isRefused ||= refused.length > 0;
    for (const input of group) {
      settled.set(input.name, { ...input, settings: { ...input.settings, units: found.units } });
      orientations.set(input.name, found.orientation ?? packed?.orientation ?? null);
    }
  }
  if (isRefused) return null;
  return {
    inputs: { ...inputs, inputs: inputs.inputs.map((input) => settled.get(input.name) ?? input) },
    orientations,
  };
}

/** Inputs of volumes of which the same has to be decided. */
function alikeVolumes({ inputs }: DataInputs): readonly (readonly [VolumeInput, ...VolumeInput[]])[] {
  const groups = new Map<string, [VolumeInput, ...VolumeInput[]]>();
  for (const input of inputs) {
    if (input.kind !== "volume") continue;
    const { units, orientation, assumeOrientation } = input.settings;
    const key = JSON.stringify([input.file, units, orientation, assumeOrientation]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [input]);
    else group.push(input);
  }
  return [...groups.values()];
}

/** The volumes at a place of examples; what was preprocessed before leaves nothing open. */
function filesAt(place: number, datasets: readonly (Dataset | null)[]): readonly VolumeFile[] {
  const examples = datasets.flatMap((dataset) => dataset?.examples ?? []);
  return examples.flatMap(({ files, metadata }) => {
    const file = at(files, place);
    return metadata === null || isPacked(file) ? [] : [{ file, metadata }];
  });
}

/** Shards hold preprocessed volumes as the `data` block has them: why others cannot be read from there; null where there are none. */
function archiveProblem(data: DataSettings, datasets: readonly (Dataset | null)[], { inputs }: DataInputs) {
  const examples = datasets.flatMap((dataset) => dataset?.examples ?? []);
  const own = inputs.find((input) => {
    if (isOfShards(input, data) || !("file" in input)) return false;
    const places = input.kind === "segmentation" ? [input.file, input.volume] : [input.file];
    return examples.some(({ files }) => places.some((place) => isPacked(at(files, place))));
  });
  return own === undefined ? null : shardsProblem(own);
}

/** What of a model shards do not hold; null where they hold all of it. */
export function unpackable({ inputs }: Pick<DataInputs, "inputs">, data: DataSettings) {
  const own = inputs.find((input) => !isOfShards(input, data));
  return own === undefined ? null : shardsProblem(own);
}

function isOfShards(input: DataInputs["inputs"][number], data: DataSettings): boolean {
  switch (input.kind) {
    case "segmentation":
      return false;
    case "volume":
      return hasSettingsOf(input, data);
    case "image":
    case "tokens":
    case "prompts":
    case "mask":
    case "table":
    case "known":
    case "balance":
      return true;
  }
}

function shardsProblem({ kind, name }: DataInputs["inputs"][number]) {
  const what = kind === "segmentation" ? "takes a segmentation" : "has settings of its own";
  const message = `\`${name}\` ${what}, and shards hold volumes as the \`data\` block prepares them`;
  return problem(message, "train on the data set itself");
}

/** What the network of a spec takes. */
export function contractWith({ inputs, orientations }: SettledData): ModelContract {
  return modelContractOf(inputs, orientations);
}
