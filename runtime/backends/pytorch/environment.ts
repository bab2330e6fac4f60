import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../../machine/index.ts";

/** The PyTorch that `medctc backend install pytorch` installs. */
export const installedTorch = "2.15.0";

/** Which build of it: the one for CPUs alone, or the one that has CUDA, which computes on CPUs as well. */
export type TorchBuild = "cpu" | "cuda";

/** The files of one installed environment. */
export interface EnvironmentFiles {
  readonly build: TorchBuild;
  readonly folder: string;
  readonly python: string;
  /** Written last: an environment without it is not finished. */
  readonly record: string;
}

export function environmentFiles(build: TorchBuild, cache: string = cacheFolder()): EnvironmentFiles {
  const folder = join(cache, "pytorch", `torch-${installedTorch}-${build}`);
  const python = process.platform === "win32" ? "Scripts/python.exe" : "bin/python";
  return { build, folder, python: join(folder, python), record: join(folder, "installed.json") };
}

/** The Python of an installed environment, of the one with CUDA where both are there; null where none is. */
export function installedPython(): string | null {
  const files = (["cuda", "cpu"] as const).map((build) => environmentFiles(build));
  return files.find(({ record }) => existsSync(record))?.python ?? null;
}
