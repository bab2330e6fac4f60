/** Sizes along a volume's axes, in their order: slices, height, width. */
export type Sizes = readonly [slices: number, height: number, width: number];

/** What the `data` block says, with CT-CLIP's preprocessing for what it leaves out. */
export interface DataSettings {
  /** Millimetres from voxel to voxel after resampling. */
  readonly spacing: Sizes;
  /** Voxels after cropping and padding. */
  readonly size: Sizes;
  /** Hounsfield units that are kept; what lies outside becomes the nearer of both. */
  readonly window: readonly [lowest: number, highest: number];
  /** The folder of the data set, from the spec's own folder; null when only the command line names it. */
  readonly folder: string | null;
  /** What the names of volumes to train on, and of those that are held out, start with. */
  readonly train: string;
  readonly valid: string;
}

/** CT-CLIP's own. */
export const defaultData: DataSettings = {
  spacing: [1.5, 0.75, 0.75],
  size: [240, 480, 480],
  window: [-1000, 1000],
  folder: null,
  train: "train_",
  valid: "valid_",
};
