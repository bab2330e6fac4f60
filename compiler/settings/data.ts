import type { Diagnostic, File } from "../../grammar/index.ts";
import { type Augmentation, readAugmentations } from "./augment.ts";
import { SettingReader } from "./reader.ts";
import { defaultTable, readTableSettings, type TableSettings, tableSettingNames } from "./table.ts";

/** Sizes along a volume's axes, in their order: slices, height, width. */
export type Sizes = readonly [slices: number, height: number, width: number];

/** How the voxels of a preprocessed volume are kept: as they were computed, or rounded to 1/32767 in half the room. */
export type VoxelStorage = "f32" | "i16";

/** What the `data` block says, with CT-CLIP's preprocessing for what it leaves out. */
export interface DataSettings extends TableSettings {
  /** Millimetres from voxel to voxel after resampling. */
  readonly spacing: Sizes;
  /** Voxels after cropping and padding. */
  readonly size: Sizes;
  /** Hounsfield units that are kept; what lies outside becomes the nearer of both. */
  readonly window: readonly [lowest: number, highest: number];
  /** How volumes that are trained on are kept; those that are evaluated always stay as they were computed. */
  readonly storage: VoxelStorage;
  /** The folder of the data set, from the spec's own folder; null when only the command line names it. */
  readonly folder: string | null;
  /** What the names of volumes to train on, and of those that are held out, start with. */
  readonly train: string;
  readonly valid: string;
  /** How what is trained on is changed at random, in this order; evaluation never is. */
  readonly augment: readonly Augmentation[];
}

/** CT-CLIP's own. */
export const defaultData: DataSettings = {
  spacing: [1.5, 0.75, 0.75],
  size: [240, 480, 480],
  window: [-1000, 1000],
  storage: "f32",
  folder: null,
  train: "train_",
  valid: "valid_",
  ...defaultTable,
  augment: [],
};

export const dataSettingNames = [
  "spacing",
  "size",
  "window",
  "storage",
  "folder",
  "train",
  "valid",
  ...tableSettingNames,
  "augment",
] as const;

/** Reads the `data` block of a spec, and reports what it cannot mean. */
export function readDataSettings(file: File): {
  readonly settings: DataSettings;
  readonly diagnostics: readonly Diagnostic[];
} {
  const reader = new SettingReader(file, "data", dataSettingNames);
  const order = "in the order slices, height, width";
  const spacing = reader.numbers(
    "spacing",
    3,
    `a list of three distances above 0 in millimetres, ${order}`,
    (distance) => distance > 0,
  );
  const size = reader.numbers(
    "size",
    3,
    `a list of three whole numbers from 1 to 4096, ${order}`,
    (count) => Number.isSafeInteger(count) && count > 0 && count <= 4096,
  );
  const ofWindow = "a list of two numbers of Hounsfield units, the lower one first";
  const [lowest = 0, highest = 0] = reader.numbers("window", 2, ofWindow, Number.isFinite) ?? defaultData.window;
  if (lowest >= highest) reader.refuse("window", ofWindow);
  const train = reader.string("train", defaultData.train);
  const valid = reader.string("valid", defaultData.valid);
  if (train === valid) {
    const [name, other] = reader.has("valid") ? ["valid", "train"] : ["train", "valid"];
    reader.refuse(name, `another string than \`${other}\`, so that no volume is in both`);
  }
  return {
    settings: {
      spacing: sizes(spacing) ?? defaultData.spacing,
      size: sizes(size) ?? defaultData.size,
      window: [lowest, highest],
      storage: reader.choice("storage", ["f32", "i16"], defaultData.storage),
      folder: reader.optionalString("folder"),
      train,
      valid,
      ...readTableSettings(reader),
      augment: readAugmentations(reader, [[lowest, highest]]),
    },
    diagnostics: reader.diagnostics,
  };
}

function sizes(numbers: readonly number[] | null): Sizes | null {
  const [slices, height, width] = numbers ?? [];
  return slices === undefined || height === undefined || width === undefined ? null : [slices, height, width];
}
