import type { SettingReader } from "./reader.ts";

/** Numbers for the red, green and blue of a pixel. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** How a picture becomes `[3, height, width]` values, as open_clip says it. */
export interface ImageSettings {
  /** Pixels of what comes out. */
  readonly size: readonly [height: number, width: number];
  /** Values from 0 to 1 have the mean subtracted, and are divided by the standard deviation. */
  readonly mean: Rgb;
  readonly std: Rgb;
  readonly interpolation: "bicubic" | "bilinear";
  /**
   * `shortest` fills the size and cuts off what is outside its middle, `longest` keeps the whole picture with black around
   * it, and `squash` keeps it without its proportions.
   */
  readonly resize: "shortest" | "longest" | "squash";
  /** Bits that the values of 16-bit grey pictures use; null where nothing says it, and such pictures are refused. */
  readonly bits: number | null;
}

/** open_clip's own. */
export const defaultImage: ImageSettings = {
  size: [224, 224],
  mean: [0.48145466, 0.4578275, 0.40821073],
  std: [0.26862954, 0.26130258, 0.27577711],
  interpolation: "bicubic",
  resize: "shortest",
  bits: null,
};

/** Its size is that of the input. */
export const imageSettingNames = ["mean", "std", "interpolation", "resize", "bits"] as const;

/** Reads how pictures are prepared, and reports what it cannot mean. */
export function readImageSettings(reader: SettingReader<(typeof imageSettingNames)[number]>): ImageSettings {
  const ofMean = "a list of three numbers, for red, green and blue";
  const mean = rgb(reader.numbers("mean", 3, ofMean, Number.isFinite));
  const ofStd = "a list of three numbers above 0, for red, green and blue";
  const std = rgb(reader.numbers("std", 3, ofStd, (value) => Number.isFinite(value) && value > 0));
  const resize = reader.word("resize", ["shortest", "longest", "squash"]);
  const bits = reader.optionalCount("bits");
  if (bits !== null && !reader.hasRefused("bits") && (bits < 8 || bits > 16)) {
    reader.refuse("bits", "a whole number from 8 to 16");
  }
  return {
    size: defaultImage.size,
    mean: mean ?? defaultImage.mean,
    std: std ?? defaultImage.std,
    interpolation: reader.word("interpolation", ["bicubic", "bilinear"]) ?? defaultImage.interpolation,
    resize: resize ?? defaultImage.resize,
    bits,
  };
}

function rgb(numbers: readonly number[] | null): Rgb | null {
  const [red, green, blue] = numbers ?? [];
  return red === undefined || green === undefined || blue === undefined ? null : [red, green, blue];
}
