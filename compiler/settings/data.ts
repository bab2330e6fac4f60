import type { Diagnostic, File } from "../../grammar/index.ts";
import { windowsOf } from "../channel-windows.ts";
import { type Augmentation, readAugmentations } from "./augment.ts";
import { SettingReader } from "./reader.ts";
import { defaultTable, readTableSettings, type TableSettings, tableSettingNames } from "./table.ts";
import { defaultVolume, readVolumeSettings, type VolumeSettings, volumeSettingNames } from "./volume.ts";

/** What the `data` block says, with CT-CLIP's preprocessing for what it leaves out. */
export interface DataSettings extends VolumeSettings, TableSettings {
  /** The folder of the data set, from the spec's own folder; null when only the command line names it. */
  readonly folder: string | null;
  /** What the names of volumes to train on, and of those that are held out, start with; empty for all that are not trained on. */
  readonly train: string;
  readonly valid: string;
  /** How what is trained on is changed at random, in this order; evaluation never is. */
  readonly augment: readonly Augmentation[];
}

/** CT-CLIP's own. */
export const defaultData: DataSettings = {
  ...defaultVolume,
  ...defaultTable,
  folder: null,
  train: "train_",
  valid: "valid_",
  augment: [],
};

export const dataSettingNames = [
  ...volumeSettingNames,
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
  const volume = readVolumeSettings(reader);
  const train = reader.string("train", defaultData.train);
  const valid = reader.anyString("valid") ?? defaultData.valid;
  if (train === valid) {
    const [name, other] = reader.has("valid") ? ["valid", "train"] : ["train", "valid"];
    reader.refuse(name, `another string than \`${other}\`, so that no volume is in both`);
  }
  return {
    settings: {
      ...volume,
      folder: reader.optionalString("folder"),
      train,
      valid,
      ...readTableSettings(reader),
      augment: readAugmentations(reader, windowsOf(volume)),
    },
    diagnostics: reader.diagnostics,
  };
}
