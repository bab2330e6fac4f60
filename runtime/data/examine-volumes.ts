import type { DataSettings, Units } from "../../compiler/index.ts";
import { at } from "../at.ts";
import { ok, type Problem } from "../text/index.ts";
import { type StoredFile, storedPath } from "./archive-member.ts";
import type { CacheSettings } from "./cache.ts";
import { readSlices, readVolumeHeader, type VolumeHeader } from "./readers/index.ts";
import { rememberUnits, type UnitsDecision } from "./remember-units.ts";
import { storedPlace } from "./stored-place.ts";
import type { VolumeMetadata } from "./transforms/index.ts";
import { percent, type Reading, readingOf, scales, shownScaling } from "./units.ts";
import { VolumeSample } from "./volume-sample.ts";

/** A volume's file, and what tables say of it. */
export interface VolumeFile {
  readonly file: StoredFile;
  readonly metadata: VolumeMetadata;
}

/** What the volumes of a data set are, beyond what each says by itself. */
export interface Examination {
  /** Never `auto`. */
  readonly units: Exclude<Units, "auto">;
  /** The orientation that volumes come out in, where it is known of all of them. */
  readonly orientation: string | null;
  /** What was found and decided. */
  readonly notes: readonly string[];
  /** Why they are no data set together. */
  readonly problems: readonly Problem[];
  /** That some cannot be reordered, which each of them is refused for as well. */
  readonly unknown: Problem | null;
  /** The volumes whose headers could be read. */
  readonly read: readonly ReadVolume[];
  /** Those whose values were looked at to decide on units; none where that was decided before. */
  readonly sampled: readonly SampledVolume[];
}

/** A volume whose header is known. */
export interface ReadVolume extends VolumeFile {
  readonly header: VolumeHeader;
}

/** One whose values were looked at, and what they are by themselves. */
export interface SampledVolume extends ReadVolume {
  /** A sample of its values after the header's own scaling. */
  readonly values: readonly number[];
  readonly reading: Reading;
}

/** Volumes whose values decide on units: enough to meet each kind of a mixture, few enough to be read before anything else. */
const mostSampled = 16;
const headersAtOnce = 32;
const samplesAtOnce = 2;
/** Axes that are further from what they are called are worth a word. */
const obliqueFrom = 5;

type ExaminedSettings = Pick<DataSettings, "units" | "orientation" | "assumeOrientation">;

/** Looks at the headers of all volumes, and at the values of some where they decide on units. What cannot be read is left out. */
export async function examineVolumes(
  volumes: readonly VolumeFile[],
  settings: ExaminedSettings,
  tell: (progress: string) => void,
  cache: CacheSettings | null = null,
): Promise<Examination> {
  const headers = await inTurns(volumes, headersAtOnce, async (volume, index) => {
    if (index % 1000 === 999) tell(`header ${index + 1} of ${volumes.length}`);
    return readVolumeHeader(volume.file);
  });
  const read = volumes.flatMap((volume, index) => {
    const header = headers[index] ?? null;
    return header === null ? [] : [{ ...volume, header }];
  });
  const orientation = examineOrientation(read, settings);
  let sampled: readonly SampledVolume[] = [];
  const units = await rememberUnits(settings.units === "auto" ? cache : null, read, async () => {
    const { sampled: decidedBy, ...decision } = await decideUnits(read, settings.units, tell);
    sampled = decidedBy;
    return decision;
  });
  return {
    units: units.units,
    orientation: orientation.orientation,
    notes: [...units.notes, ...orientation.notes],
    problems: [...units.problems, ...orientation.problems],
    unknown: orientation.unknown,
    read,
    sampled,
  };
}

function examineOrientation(
  volumes: readonly ReadVolume[],
  { orientation: wanted, assumeOrientation: assumed }: ExaminedSettings,
): Pick<Examination, "orientation" | "notes" | "problems" | "unknown"> {
  const known = new Map<string, { readonly file: string; count: number }>();
  const unknown: { readonly file: string; readonly why: string }[] = [];
  const oblique: { readonly file: string; readonly degrees: number }[] = [];
  for (const { file: stored, header, metadata } of volumes) {
    const file = storedPath(stored);
    const place = storedPlace(header, metadata);
    if (place.kind === "unknown") {
      unknown.push({ file, why: place.why });
      continue;
    }
    const found = known.get(place.orientation) ?? { file, count: 0 };
    found.count++;
    known.set(place.orientation, found);
    if (place.obliqueDegrees >= obliqueFrom) oblique.push({ file, degrees: place.obliqueDegrees });
  }
  const all = volumes.length;
  const kinds = [...known].toSorted(([, a], [, b]) => b.count - a.count);
  const [firstKind] = kinds;
  const [firstUnknown] = unknown;
  const notes: string[] = [];
  const problems: Problem[] = [];
  let refused: Problem | null = null;
  const whyUnknown = firstUnknown === undefined ? "" : `(${firstUnknown.file}: ${firstUnknown.why})`;
  const statesNone = `${shareOf(unknown.length, all)} ${unknown.length === 1 ? "states" : "state"} no orientation`;
  if (wanted === null) {
    if (firstKind !== undefined && kinds.length > 1) {
      const shown = kinds.map(([codes, { file, count }]) => `${codes} (${count}, such as ${file})`).join(" and ");
      const message = `the volumes are stored in several orientations: ${shown}`;
      const help = `write \`orientation = "${firstKind[0]}"\` in the \`data\` block: the others are then reordered`;
      problems.push({ subject: "", message, help });
    } else if (firstKind !== undefined)
      notes.push(
        `${shareOf(firstKind[1].count, all)} ${areStored(firstKind[1].count)} ${firstKind[0]}, and used as stored`,
      );
    if (firstUnknown !== undefined)
      notes.push(`${statesNone} ${whyUnknown}, and ${unknown.length === 1 ? "is" : "are"} used as stored`);
  } else {
    for (const [codes, { count }] of kinds)
      if (codes !== wanted)
        notes.push(
          `${shareOf(count, all)} ${areStored(count)} ${codes}, and ${count === 1 ? "is" : "are"} reordered to ${wanted}`,
        );
    if (firstUnknown !== undefined && assumed === null) {
      const message = `${statesNone} ${whyUnknown}, and the spec needs ${wanted}`;
      const help = "say how they are stored with `assume_orientation` in the `data` block, or correct their headers";
      refused = { subject: "", message, help };
    } else if (firstUnknown !== undefined) {
      const how = assumed === wanted ? "" : `, and reordered to ${wanted}`;
      notes.push(`${statesNone} ${whyUnknown}, and ${unknown.length === 1 ? "is" : "are"} taken as ${assumed}${how}`);
    }
  }
  const [farthest] = oblique.toSorted((a, b) => b.degrees - a.degrees);
  if (farthest !== undefined) {
    const by = `${farthest.file} by ${farthest.degrees.toFixed(0)} degrees`;
    notes.push(
      `${shareOf(oblique.length, all)} ${oblique.length === 1 ? "is" : "are"} oblique (${by}); the nearest axes are used`,
    );
  }
  const common = firstKind !== undefined && kinds.length === 1 && unknown.length === 0 ? firstKind[0] : null;
  return { orientation: wanted ?? common, notes, problems, unknown: refused };
}

/** `all 14 volumes`, `2 of 14 volumes`, `1 of 14 volumes`. */
function shareOf(count: number, all: number): string {
  if (count === all) return all === 1 ? "the volume" : `all ${all} volumes`;
  return `${count} of ${all} volumes`;
}

function areStored(count: number): string {
  return count === 1 ? "is stored" : "are stored";
}

/** Looks at the values of some of the volumes, as many as decide on units. What cannot be read is left out. */
export async function sampleVolumes(
  volumes: readonly ReadVolume[],
  tell: (place: number, count: number) => void,
): Promise<readonly SampledVolume[]> {
  const chosen = spread(volumes, mostSampled);
  const samples = await inTurns(chosen, samplesAtOnce, async (volume, index): Promise<SampledVolume | null> => {
    tell(index + 1, chosen.length);
    const read = await readSlices(volume.file, (header) => {
      const sample = new VolumeSample(header);
      return ok({ take: (slice, z) => sample.take(slice, z), result: sample });
    });
    if (read.kind === "failed") return null;
    const { values } = read.value.result;
    return { ...volume, values, reading: readingOf(values, volume.metadata) };
  });
  return samples.filter((each) => each !== null);
}

/** Decides whether a data set's table is applied, by the values of some of the volumes for which that makes a difference. */
async function decideUnits(
  volumes: readonly ReadVolume[],
  units: Units,
  tell: (progress: string) => void,
): Promise<UnitsDecision & Pick<Examination, "sampled">> {
  if (units !== "auto") return { units, notes: [], problems: [], sampled: [] };
  const open = volumes.filter(({ header, metadata }) => header.units === "stored" && scales(metadata));
  if (open.length === 0) return { units: "stored", notes: [], problems: [], sampled: [] };
  const sampled = await sampleVolumes(open, (place, count) =>
    tell(`values of volume ${place} of ${count} to find their units`),
  );
  return { ...decideBy(sampled), sampled };
}

/** What the values of sampled volumes say together. */
function decideBy(sampled: readonly SampledVolume[]): UnitsDecision {
  const stored = sampled.filter(({ reading }) => reading.units === "stored");
  const hounsfield = sampled.filter(({ reading }) => reading.units === "hounsfield");
  const [oneStored, oneHounsfield] = [stored[0], hounsfield[0]];
  if (oneStored !== undefined && oneHounsfield !== undefined) return mixture(stored, hounsfield);
  const [decided, found] =
    oneHounsfield === undefined ? [stored, "stored" as const] : [hounsfield, "hounsfield" as const];
  if (decided.length === 0) return undecided(sampled.length);
  const count = sampled.length === 1 ? "the sampled volume" : `${decided.length} of ${sampled.length} sampled volumes`;
  const table = commonScaling(decided);
  const meanOf = (reading: "asStored" | "rescaled", share: "air" | "tissue"): string =>
    percent(decided.reduce((sum, each) => sum + each.reading[reading][share], 0) / decided.length);
  const asStored = `as stored, ${meanOf("asStored", "air")} of voxels near -1000 and ${meanOf("asStored", "tissue")} near 0`;
  const numbers = `${asStored}; after ${table}, ${meanOf("rescaled", "air")} and ${meanOf("rescaled", "tissue")}`;
  const holds = decided.length === 1 && sampled.length === 1 ? "holds" : "hold";
  const [what, then] =
    found === "hounsfield"
      ? ["Hounsfield units already", "are not applied"]
      : ["stored values, not Hounsfield units", "are applied"];
  const note = `units = auto: ${count} ${holds} ${what} (${numbers}): the table's slope and intercept ${then}`;
  return { units: found, notes: [note], problems: [] };
}

function mixture(stored: readonly SampledVolume[], hounsfield: readonly SampledVolume[]): UnitsDecision {
  const message = `some volumes hold Hounsfield units already (${storedPath(at(hounsfield, 0).file)}), and others values that the table's slope and intercept make Hounsfield units of (${storedPath(at(stored, 0).file)})`;
  const help =
    "keep volumes of one release in a data set, or give those in Hounsfield units a RescaleSlope of 1 and a RescaleIntercept of 0";
  return { units: "stored", notes: [], problems: [{ subject: "", message, help }] };
}

function undecided(sampled: number): UnitsDecision {
  const which = sampled === 1 ? "the sampled volume" : `${sampled} sampled volumes`;
  const note = `units = auto: the values of ${which} do not show whether they are Hounsfield units already: the table's slope and intercept are applied, as with \`units = stored\``;
  return { units: "stored", notes: [note], problems: [] };
}

function commonScaling(volumes: readonly SampledVolume[]): string {
  const shown = new Set(volumes.map(({ metadata }) => shownScaling(metadata)));
  const [only = ""] = shown;
  return shown.size === 1 ? `the table's ${only}` : "the table's slopes and intercepts";
}

/** At most so many, evenly spread, the first and the last among them. */
function spread<Item>(items: readonly Item[], most: number): readonly Item[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, index) => at(items, Math.round((index * (items.length - 1)) / (most - 1))));
}

/** Does something with each item, a few at a time; results are in the order of the items. */
async function inTurns<Item, Made>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item, index: number) => Promise<Made>,
): Promise<readonly Made[]> {
  const made: Made[] = [];
  const entries = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of entries) made[index] = await work(item, index);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return made;
}
