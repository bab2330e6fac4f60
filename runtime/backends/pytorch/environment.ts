import { existsSync } from "node:fs";
import { join } from "node:path";
import { cacheFolder } from "../../machine/index.ts";

/** The PyTorch that `medctc backend install pytorch` installs. */
export const installedTorch = "2.15.0";

/** Where its environment is: a link to a folder beside it, made when that folder is whole. */
export function environmentFolder(): string {
  return join(cacheFolder(), "pytorch", `torch-${installedTorch}`);
}

/** The Python of an environment. */
export function pythonIn(folder: string): string {
  return join(folder, process.platform === "win32" ? "Scripts/python.exe" : "bin/python");
}

/** The Python of the installed environment, or null where there is none. */
export function installedPython(): string | null {
  const folder = environmentFolder();
  return existsSync(folder) ? pythonIn(folder) : null;
}
