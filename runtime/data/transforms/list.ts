import { ctClip } from "./ct-clip.ts";
import type { Transform, VolumeSettings } from "./transform.ts";

/** The transforms that there are, by the names that settings have for them. */
export const transforms = { "ct-clip": ctClip } satisfies Readonly<Record<string, Transform>>;

export type TransformName = keyof typeof transforms;

/** The transform that settings ask for. */
export function transformOf({ transform = "ct-clip" }: VolumeSettings): Transform {
  return transforms[transform];
}
