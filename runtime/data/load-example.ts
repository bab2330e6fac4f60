import type { VoxelStorage } from "../../compiler/index.ts";
import type { Example } from "./examples.ts";
import type { DataProblem } from "./problem.ts";
import type { VolumeLoader } from "./volume-loader.ts";
import type { VolumeRequest, VolumeResult } from "./volume-messages.ts";

/**
 * The volume of an example, or what is wrong with its file. `failed` says that it was not read for want of memory or the
 * like: nothing is known of the file then, so it cannot be skipped either.
 */
export async function loadExample(
  loader: VolumeLoader,
  example: Example,
  storage: VoxelStorage,
): Promise<VolumeResult | { readonly kind: "failed"; readonly problem: DataProblem }> {
  const { file } = example;
  try {
    return await loader.load(requestOf(example, storage));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const rule = message.startsWith(`${file}: `) ? message.slice(file.length + 2) : message;
    const help = "with fewer --workers less memory is needed at a time";
    return { kind: "failed", problem: { file, rule: `it could not be loaded: ${rule}`, help } };
  }
}

export function requestOf({ file, metadata }: Example, storage: VoxelStorage): VolumeRequest {
  return { path: file, metadata, storage };
}
