import type { EncodedVolumes } from "../encoded-volumes.ts";

/** Latents of volumes, and of their reports where these were encoded, with what is known of the volumes, row by row. */
export interface KeptLatents extends Pick<EncodedVolumes, "names" | "classes" | "labels" | "reports"> {
  /** [volumes][width] */
  readonly images: readonly Float32Array[];
  /** What latents are of: texts that a file of them has besides, by their names. */
  readonly about: ReadonlyMap<string, string>;
}
