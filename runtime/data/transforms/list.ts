import type { VolumeSettings as SharedSettings } from "../../../compiler/index.ts";
import type { Transform } from "./transform.ts";
import { windowedResampling } from "./windowed-resampling.ts";

/** The transforms that there are, by the names that settings have for them. */
export const transforms = { "windowed-resampling": windowedResampling } satisfies Readonly<Record<string, Transform>>;

export type TransformName = keyof typeof transforms;

/** What decides how a volume is preprocessed. `auto` units must have been decided: here they are `stored`. */
export interface VolumeSettings extends SharedSettings {
  /** CT-CLIP's where nothing is said. */
  readonly transform?: TransformName;
}

/** The transform that settings ask for. */
export function transformOf({ transform = "windowed-resampling" }: VolumeSettings): Transform {
  return transforms[transform];
}
