import type { VoxelStorage } from "../../compiler/index.ts";
import { at } from "../at.ts";
import { ok, type Problem, ProblemError, type Result } from "../text/index.ts";
import { memberPath } from "./archive-member.ts";
import type { FileInput } from "./data-inputs.ts";
import type { Example } from "./open-dataset.ts";
import type { VolumeLoader } from "./volume-loader.ts";
import type { Preparation, VolumeChange, VolumeRequest } from "./volume-messages.ts";

/**
 * What the files of an example hold, for each input that takes one, or what is wrong with the first that is wrong. `unread` says that it
 * was not read for want of memory or the like: nothing is known of the file then, so it cannot be skipped either.
 */
export type LoadedExample = Result<readonly Float32Array[]> | { readonly kind: "unread"; readonly problem: Problem };

export async function loadExample(
  loader: Pick<VolumeLoader, "load">,
  example: Example,
  inputs: readonly FileInput[],
  storage: VoxelStorage | null,
  augment: VolumeChange | null = null,
): Promise<LoadedExample> {
  const requests = requestsOf(example, inputs, storage, augment);
  // All are asked for before any is waited for.
  const loading = requests.map((request) => loader.load(request));
  for (const each of loading) each.catch(() => undefined);
  const files: Float32Array[] = [];
  for (const [place, each] of loading.entries()) {
    try {
      const loaded = await each;
      if (loaded.kind === "failed") return loaded;
      files.push(loaded.value.voxels);
    } catch (error) {
      const { message, help } =
        error instanceof ProblemError
          ? error.problem
          : { message: error instanceof Error ? error.message : String(error), help: null };
      const subject = at(requests, place).path;
      const problem = { subject, message: `it could not be loaded: ${message}`, help: help ?? fewerWorkers };
      return { kind: "unread", problem };
    }
  }
  return ok(files);
}

/** A step of 1/32767 in a voxel turns three in a thousand of a codebook's entries into others, and moves a score by 5e-4. */
const exactly = "f32";

/** Examples that are read ahead where each is read once. */
export const examplesAhead = 8;

/** The same with voxels exactly as they were computed, while the next examples are read ahead. */
export function loadExactly(
  loader: Pick<VolumeLoader, "load" | "prefetch">,
  example: Example,
  next: readonly Example[],
  inputs: readonly FileInput[],
): Promise<LoadedExample> {
  const loading = loadExample(loader, example, inputs, exactly);
  loader.prefetch(next.flatMap((each) => requestsOf(each, inputs, exactly)));
  return loading;
}

const fewerWorkers = "use fewer --workers to need less memory";

/**
 * What is loaded for an example, for each input that takes a file; all files of one example are changed alike. Without a `storage` each
 * input has its own.
 */
export function requestsOf(
  { files, metadata }: Example,
  inputs: readonly FileInput[],
  storage: VoxelStorage | null,
  augment: VolumeChange | null = null,
): readonly VolumeRequest[] {
  return inputs.map((input) => {
    const stored = at(files, input.file);
    const prepare = preparationOf(input, files, storage);
    if (typeof stored === "string") return { path: stored, metadata, prepare, augment };
    return { path: memberPath(stored), metadata, prepare, augment, member: stored };
  });
}

/** How an input's file of an example is prepared. */
function preparationOf(input: FileInput, files: Example["files"], storage: VoxelStorage | null = null): Preparation {
  switch (input.kind) {
    case "image":
      return { kind: "image", settings: input.settings };
    case "volume": {
      const { settings } = input;
      return { kind: "volume", settings: storage === null ? settings : { ...settings, storage } };
    }
    case "segmentation": {
      const { settings, labels, volume } = input;
      return { kind: "segmentation", settings, labels, volume: at(files, volume) };
    }
  }
}
