import type { ImageSettings, VolumeAugmentation } from "../../compiler/index.ts";
import type { Problem, Result } from "../text/index.ts";
import type { ArchiveMember, StoredFile } from "./archive-member.ts";
import type { AugmentDraw, Placed } from "./augment/index.ts";
import type { CacheSettings } from "./cache.ts";
import type { VolumeMetadata, VolumeSettings } from "./transforms/index.ts";

/** How a file becomes values for a network. */
export type Preparation =
  | { readonly kind: "volume"; readonly settings: VolumeSettings }
  | { readonly kind: "image"; readonly settings: ImageSettings }
  /** On the grid of the volume in that file, which `settings` are of. */
  | {
      readonly kind: "segmentation";
      readonly settings: VolumeSettings;
      readonly volume: StoredFile;
      readonly labels: readonly number[] | null;
    };

/** A volume, a picture or a label map that is wanted: its file, and what the metadata say of it or of its volume. */
export interface VolumeRequest {
  readonly path: string;
  /** Null of a volume that was preprocessed before. */
  readonly metadata: VolumeMetadata | null;
  readonly prepare: Preparation;
  /** Where the volume lies in the file, which is an archive then. */
  readonly member?: ArchiveMember;
  /** How it is changed at random once it is loaded; what is cached never is. Without it, and for evaluation, it stays as it is. */
  readonly augment?: VolumeChange | null;
}

export interface VolumeChange {
  readonly operations: readonly Placed<VolumeAugmentation>[];
  readonly draw: AugmentDraw;
}

/** A preprocessed volume, or what is wrong with its file. */
export type VolumeResult = Result<LoadedVolume>;

export interface LoadedVolume {
  /** The values of all channels, one channel after the other. */
  readonly voxels: Float32Array<ArrayBuffer>;
  readonly from: "file" | "cache";
}

/** What is the same for all volumes of a loader. */
export interface LoaderSettings {
  /** Null keeps nothing. */
  readonly cache: CacheSettings | null;
}

/** What a thread is asked for. */
export interface VolumeTask extends LoaderSettings {
  readonly request: VolumeRequest;
  /** Memory for the voxels, which is as large as they are. */
  readonly used: ArrayBuffer | null;
}

/** A thread's answer to one task; `uncached` says why a volume could not be kept. */
export type VolumeAnswer =
  | { readonly kind: "done"; readonly result: VolumeResult; readonly uncached: string | null }
  | { readonly kind: "failed"; readonly problem: Problem };
