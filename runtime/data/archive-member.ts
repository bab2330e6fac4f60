import { readSync, statSync } from "node:fs";
import { withRegularFile } from "../files/index.ts";

/** A file that lies, as it is, within an archive that nobody unpacks. */
export interface ArchiveMember {
  /** The path of the archive. */
  readonly path: string;
  readonly name: string;
  /** Where its bytes start in the archive, and how many there are. */
  readonly offset: number;
  readonly bytes: number;
}

/** Where a file's bytes are: at a path of their own, or in an archive. */
export type StoredFile = string | ArchiveMember;

/** Bytes that are read by one call: systems refuse, or cut, more than 2 GiB. */
const bytesAtOnce = 2 ** 26;

/** The place of a file as messages name it. */
export function storedPath(file: StoredFile): string {
  return typeof file === "string" ? file : memberPath(file);
}

/** Whether a file in an archive is a volume as a scanner's was stored, and not values that were preprocessed before. */
export function isRawVolume({ name }: Pick<ArchiveMember, "name">): boolean {
  return /\.nii(\.gz)?$/i.test(name);
}

/** Whether a volume's file holds values that were preprocessed before. */
export function isPacked(file: StoredFile): boolean {
  return typeof file !== "string" && !isRawVolume(file);
}

/** How many bytes a file has; 0 for one that is not there. */
export function storedBytes(file: StoredFile): number {
  return typeof file === "string" ? (statSync(file, { throwIfNoEntry: false })?.size ?? 0) : file.bytes;
}

/** The places of members in a list by the archive that each is in; null where some are files of their own. */
export function byArchive(files: readonly (StoredFile | undefined)[]): readonly (readonly number[])[] | null {
  const groups = new Map<string, number[]>();
  for (const [place, file] of files.entries()) {
    if (file === undefined || typeof file === "string") return null;
    const group = groups.get(file.path);
    if (group === undefined) groups.set(file.path, [place]);
    else group.push(place);
  }
  return [...groups.values()];
}

/** The member's place as messages name it. */
export function memberPath({ path, name }: Pick<ArchiveMember, "path" | "name">): string {
  return `${path}/${name}`;
}

/**
 * Fills an array with the bytes of a member from a place in it on; false when the archive ends before. Neither a device nor a pipe can
 * make it wait. Throws what the file system says, with the archive's path.
 */
export function readMember({ path, offset }: ArchiveMember, into: Uint8Array, from = 0): boolean {
  return withRegularFile(path, (handle) => {
    for (let done = 0; done < into.length; ) {
      const count = readSync(handle, into, done, Math.min(bytesAtOnce, into.length - done), offset + from + done);
      if (count === 0) return false;
      done += count;
    }
    return true;
  });
}
