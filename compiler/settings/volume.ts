import type { ChannelWindow, ChannelWindows } from "../channel-windows.ts";
import type { SettingReader } from "./reader.ts";

/** Sizes along the axes of the network's volume, in their order: slices, height, width where `axes` is CT-CLIP's. */
export type Sizes = readonly [slices: number, height: number, width: number];

/** Two numbers, the lower one first. */
export type Interval = readonly [lowest: number, highest: number];

/** How the voxels of a preprocessed volume are kept: as they were computed, or rounded to 1/32767 in half the room. */
export type VoxelStorage = "f32" | "i16";

/**
 * What the values of files are: `stored`, which a table's slope and intercept make Hounsfield units of; `hounsfield` already; or
 * `auto`, which the values themselves decide.
 */
export type Units = "auto" | "stored" | "hounsfield";

/** Whether values beyond the window are clipped to its ends before a volume is resampled, so that none is mixed in, or after. */
export const clipTimes = ["before", "after"] as const;
export type ClipTime = (typeof clipTimes)[number];

/** The network's axes, in their order, by the letters of a volume's own. */
export const axisOrders = ["zxy", "zyx", "xyz", "xzy", "yxz", "yzx"] as const;
export type AxisOrder = (typeof axisOrders)[number];

/**
 * Whose rules give the voxels that a volume is resampled to: how many they are and where they lie, and which are the middle ones. `torch`
 * is interpolate of a size, with CT-CLIP's crop; the others are the libraries' resampling, cropping and padding.
 */
export const grids = ["torch", "torchio", "monai"] as const;
export type Grid = (typeof grids)[number];

/** What is kept of a volume before it is resampled: all of it, or the smallest box with every voxel above its smallest value. */
export const crops = ["none", "foreground"] as const;
export type Crop = (typeof crops)[number];

/** How a volume comes to its size: by its spacing, and the middle of that; or the whole of it, whatever shape that gives a voxel. */
export const volumeResizes = ["spacing", "squash"] as const;
export type VolumeResize = (typeof volumeResizes)[number];

/** What a network takes as a volume: the contract between files and an encoder. */
export interface VolumeSettings {
  readonly units: Units;
  /** Where x, y and z lead, as nibabel's codes have it: `LPS`. Null leaves volumes as they are stored. */
  readonly orientation: string | null;
  /** The orientation of files that do not state theirs; null refuses them where `orientation` is stated. */
  readonly assumeOrientation: string | null;
  /** Millimetres from voxel to voxel, along the network's axes, of files that do not state them; null refuses those. */
  readonly assumeSpacing: Sizes | null;
  /** Which of a volume's axes x, y and z each of the network's takes. */
  readonly axes: AxisOrder;
  readonly crop: Crop;
  readonly resize: VolumeResize;
  /** Millimetres from voxel to voxel after resampling; 1 along each axis where volumes are squashed, since it differs then. */
  readonly spacing: Sizes;
  readonly grid: Grid;
  /** Voxels after cropping and padding. */
  readonly size: Sizes;
  /** Hounsfield units that are kept; what lies outside becomes the nearer of both. */
  readonly window: ChannelWindow;
  /** Windows of the channels after the first. */
  readonly otherWindows: readonly Interval[];
  readonly clip: ClipTime;
  /** What the ends of each window become. */
  readonly range: Interval;
  /** The value around a volume that is smaller than `size`. */
  readonly pad: number;
  /** How volumes that are trained on are kept; those that are evaluated always stay as they were computed. */
  readonly storage: VoxelStorage;
}

/** CT-CLIP's own. */
export const defaultVolume: VolumeSettings = {
  units: "auto",
  orientation: null,
  assumeOrientation: null,
  assumeSpacing: null,
  axes: "zxy",
  crop: "none",
  resize: "spacing",
  spacing: [1.5, 0.75, 0.75],
  grid: "torch",
  size: [240, 480, 480],
  window: [-1000, 1000],
  otherWindows: [],
  clip: "before",
  range: [-1, 1],
  pad: -1,
  storage: "f32",
};

export const volumeSettingNames = [
  "units",
  "orientation",
  "assume_orientation",
  "assume_spacing",
  "axes",
  "crop",
  "resize",
  "spacing",
  "grid",
  "size",
  "window",
  "clip",
  "range",
  "pad",
  "storage",
] as const;

type Reader = SettingReader<(typeof volumeSettingNames)[number]>;

/** A network has that many channels at most. */
const mostWindows = 64;

/** Whether a text names where three axes lead, one of each pair: left or right, anterior or posterior, inferior or superior. */
function isOrientation(text: string): boolean {
  return allOrientations.includes(text);
}

const allOrientations: readonly string[] = orientationsOf(["LR", "AP", "IS"]);

/** A letter of each pair, in any order. */
function orientationsOf(pairs: readonly string[]): readonly string[] {
  if (pairs.length === 0) return [""];
  return pairs.flatMap((pair) =>
    [...pair].flatMap((letter) => orientationsOf(pairs.filter((each) => each !== pair)).map((rest) => letter + rest)),
  );
}

/** Reads the settings of one volume, those of another for what it leaves out, and reports what they cannot mean. */
export function readVolumeSettings(reader: Reader, otherwise: VolumeSettings = defaultVolume): VolumeSettings {
  const units = reader.word("units", ["auto", "stored", "hounsfield"]);
  const axes = reader.choice("axes", axisOrders, otherwise.axes);
  const order = axes === defaultVolume.axes ? "slices, height, width" : [...axes].join(", ");
  const distances = (name: "spacing" | "assume_spacing"): Sizes | null => {
    const expected = `a list of three distances above 0 in millimetres, in the order ${order}`;
    return sizes(reader.numbers(name, 3, expected, (distance) => distance > 0));
  };
  const size = reader.numbers(
    "size",
    3,
    `a list of three whole numbers from 1 to 4096, in the order ${order}`,
    (count) => Number.isSafeInteger(count) && count > 0 && count <= 4096,
  );
  const resize = reader.word("resize", volumeResizes) ?? otherwise.resize;
  const spacing = distances("spacing");
  const grid = reader.word("grid", grids);
  for (const name of resize === "squash" ? (["spacing", "grid"] as const) : []) {
    const help = `leave it out, with \`remove ${name}\` in a variant, or write \`resize = spacing\``;
    const expected = "left out beside `resize = squash`, which makes `size` of the whole volume";
    if (!reader.hasRefused(name)) reader.refuse(name, expected, undefined, { help });
  }
  const ofRange = "a list of two numbers, the lower one first";
  const written = interval(reader.numbers("range", 2, ofRange, Number.isFinite));
  const range = written ?? otherwise.range;
  if (range[0] >= range[1]) reader.refuse("range", ofRange);
  return {
    units: units ?? otherwise.units,
    orientation: readOrientation(reader, "orientation") ?? otherwise.orientation,
    assumeOrientation: readOrientation(reader, "assume_orientation") ?? otherwise.assumeOrientation,
    assumeSpacing: distances("assume_spacing") ?? otherwise.assumeSpacing,
    axes,
    crop: reader.word("crop", crops) ?? otherwise.crop,
    resize,
    ...(resize === "squash" ? unspaced : { spacing: spacing ?? spacingOf(otherwise), grid: grid ?? otherwise.grid }),
    size: sizes(size) ?? otherwise.size,
    ...readWindows(reader, otherwise),
    clip: reader.word("clip", clipTimes) ?? otherwise.clip,
    range,
    // Padding is what the lower end of a range stands for.
    pad: reader.optionalFinite("pad") ?? (written === null ? otherwise.pad : range[0]),
    storage: reader.choice("storage", ["f32", "i16"], otherwise.storage),
  };
}

function readWindows(reader: Reader, { window, otherWindows }: VolumeSettings): ChannelWindows {
  const written = reader.expression("window");
  if (written?.kind === "name" && written.text === "min_max") return { window: "min_max", otherWindows: [] };
  const windows = reader.intervals(
    "window",
    mostWindows,
    "a list of two numbers of Hounsfield units, the lower one first, a list of such pairs, one for each channel, or `min_max`",
    ["min_max"],
  );
  const [first, ...others] = windows ?? [];
  return first === undefined ? { window, otherWindows } : { window: first, otherWindows: others };
}

/** What is the same for all volumes that are squashed, since it does not matter. */
const unspaced = { spacing: [1, 1, 1], grid: defaultVolume.grid } as const;

/** That of volumes which are not squashed. */
function spacingOf({ resize, spacing }: VolumeSettings): Sizes {
  return resize === "squash" ? defaultVolume.spacing : spacing;
}

function readOrientation(reader: Reader, name: "orientation" | "assume_orientation"): string | null {
  const choices = allOrientations.map((each) => `"${each}"`);
  const written = reader.optionalString(name, choices);
  if (written === null || isOrientation(written)) return written;
  const help = isOrientation(written.toUpperCase()) ? `write it as "${written.toUpperCase()}"` : null;
  reader.refuse(name, orientations, undefined, { help, choices });
  return null;
}

const orientations =
  'three letters for where x, y and z lead, one each of `L` or `R`, `A` or `P`, and `I` or `S`, such as "LPS"';

function sizes(numbers: readonly number[] | null): Sizes | null {
  const [first, second, third] = numbers ?? [];
  return first === undefined || second === undefined || third === undefined ? null : [first, second, third];
}

function interval(numbers: readonly number[] | null): Interval | null {
  const [lowest, highest] = numbers ?? [];
  return lowest === undefined || highest === undefined ? null : [lowest, highest];
}
