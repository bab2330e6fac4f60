import { existsSync, realpathSync } from "node:fs";
import { dirname, isAbsolute, join, relative } from "node:path";

/** The folder that the files of a spec must be in. */
export interface Project {
  /** Without links. */
  readonly root: string;
  /** As it leads there from the working folder. */
  readonly shown: string;
  /** The spec's own folder, without links. */
  readonly folder: string;
}

/** What makes a folder a project. */
const markers = ["package.json", ".git", "medctc.yaml"];

/** The nearest folder around a spec that is a project, or else the spec's own. */
export function projectOf(specFolder: string): Project {
  const folder = realPath(specFolder) ?? specFolder;
  for (let root = folder; ; root = dirname(root)) {
    if (markers.some((marker) => existsSync(join(root, marker)))) {
      return { root, shown: join(specFolder, relative(folder, root)), folder };
    }
    if (dirname(root) === root) return { root: folder, shown: specFolder, folder };
  }
}

export function isWithin(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== ".." && !way.startsWith("../") && !way.startsWith("..\\") && !isAbsolute(way);
}

/** A path without links; null where nothing is there, or links lead nowhere. */
export function realPath(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}
