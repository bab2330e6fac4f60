import type { VoxelStorage } from "../../compiler/index.ts";
import { type Problem, ProblemError } from "../text/index.ts";
import type { Example } from "./open-dataset.ts";
import type { VolumeLoader } from "./volume-loader.ts";
import type { VolumeRequest, VolumeResult } from "./volume-messages.ts";

/**
 * The volume of an example, or what is wrong with its file. `unread` says that it was not read for want of memory or the
 * like: nothing is known of the file then, so it cannot be skipped either.
 */
export type LoadedExample = VolumeResult | { readonly kind: "unread"; readonly problem: Problem };

export async function loadExample(
  loader: VolumeLoader,
  example: Example,
  storage: VoxelStorage,
): Promise<LoadedExample> {
  const { file } = example;
  try {
    return await loader.load(requestOf(example, storage));
  } catch (error) {
    const { message, help } =
      error instanceof ProblemError
        ? error.problem
        : { message: error instanceof Error ? error.message : String(error), help: null };
    const problem = { subject: file, message: `it could not be loaded: ${message}`, help: help ?? fewerWorkers };
    return { kind: "unread", problem };
  }
}

const fewerWorkers = "use fewer --workers to need less memory";

export function requestOf({ file, metadata }: Example, storage: VoxelStorage): VolumeRequest {
  return { path: file, metadata, storage };
}
