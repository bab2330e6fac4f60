import { ctClip } from "./ct-clip.ts";
import type { Transform, TransformSettings } from "./transform.ts";

/** The transforms that there are, by the names that settings have for them. */
export const transforms = { "ct-clip": ctClip } satisfies Readonly<Record<string, Transform>>;

export type TransformName = keyof typeof transforms;

/** What decides how a volume is preprocessed. */
export interface VolumeSettings extends TransformSettings {
  /** CT-CLIP's where nothing is said. */
  readonly transform?: TransformName;
}

/** The transform that settings ask for. */
export function transformOf({ transform = "ct-clip" }: VolumeSettings): Transform {
  return transforms[transform];
}
