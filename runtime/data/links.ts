import { realpath, stat } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";

/** Where a link leads: to a file or a folder of the data, out of it, or nowhere. */
export type LinkTarget =
  | { readonly kind: "file" | "folder"; readonly real: string }
  | { readonly kind: "outside" }
  | { readonly kind: "nowhere" };

/** The folders whose files belong to a data folder. */
export interface LinkStore {
  /** The data folder's own path, without links. */
  readonly root: string;
  /** The folders that links may lead into: the data folder and, in a cache of the Hugging Face hub, the blobs beside it. */
  readonly allowed: readonly string[];
}

/** The store of a data folder. Throws what the file system says of the folder. */
export async function linkStoreOf(folder: string): Promise<LinkStore> {
  const root = await realpath(folder);
  const blobs = hubBlobs(root);
  return { root, allowed: blobs !== null && (await isFolder(blobs)) ? [root, blobs] : [root] };
}

/**
 * The folder that the links of a snapshot lead into: the hub's clients keep `datasets--OWNER--NAME/snapshots/COMMIT/...` as links
 * to files in `datasets--OWNER--NAME/blobs`. Null for a path that is not within a snapshot.
 */
function hubBlobs(path: string): string | null {
  for (let folder = path; dirname(folder) !== folder; folder = dirname(folder)) {
    const repository = dirname(dirname(folder));
    const isSnapshot = basename(dirname(folder)) === "snapshots";
    if (isSnapshot && /^(datasets|models|spaces)--./.test(basename(repository))) return join(repository, "blobs");
  }
  return null;
}

async function isFolder(path: string): Promise<boolean> {
  try {
    // A link here would let what it names into the store.
    return (await realpath(path)) === path && (await stat(path)).isDirectory();
  } catch {
    return false;
  }
}

/** Where a link of a data folder leads. A cycle of links leads nowhere. */
export async function targetOf(link: string, { allowed }: LinkStore): Promise<LinkTarget> {
  try {
    const real = await realpath(link);
    if (!allowed.some((folder) => real === folder || real.startsWith(`${folder}${sep}`))) return { kind: "outside" };
    const found = await stat(real);
    if (found.isFile()) return { kind: "file", real };
    return found.isDirectory() ? { kind: "folder", real } : { kind: "outside" };
  } catch {
    return { kind: "nowhere" };
  }
}
