import { failed, ok, type Result } from "../../text/index.ts";
import { type StoredFile, storedPath } from "../archive-member.ts";
import { pictureKinds } from "../layouts/index.ts";
import { pictureBytes } from "../load-image.ts";
import { type Fault, problemOf } from "../problem.ts";
import { readImageHeader } from "../readers/index.ts";

/** How the name of a picture's member ends: as its file's does, or else by what it holds. */
export function pictureKind(file: StoredFile): string {
  const ending = /\.([^./\\]+)$/.exec(typeof file === "string" ? file : file.name)?.[1]?.toLowerCase() ?? "";
  if (pictureKinds.some((kind) => kind === ending)) return ending;
  const bytes = pictureBytes(file);
  const header = bytes.kind === "ok" ? readImageHeader(bytes.value) : bytes;
  return header.kind === "ok" && header.value.format === "JPEG" ? "jpg" : "png";
}

/** A picture's file as it is, or what is wrong with it. */
export function storedPicture(file: StoredFile): Result<Uint8Array> {
  const bytes: Result<Uint8Array, Fault> = pictureBytes(file);
  if (bytes.kind === "ok") return ok(bytes.value);
  return failed(problemOf(storedPath(file), bytes.problem));
}

/**
 * What the names of an example's pictures have between key and kind, as webdataset tells files apart: the column in lower case, without
 * what a name cannot have, or nothing where an example has one file. Null for what is not a picture.
 */
export function pictureNames(
  files: readonly { readonly column: string; readonly isPicture: boolean }[],
): readonly (string | null)[] {
  const names: (string | null)[] = [];
  for (const { column, isPicture } of files) {
    const plain =
      column
        .toLowerCase()
        .replace(/[^a-z0-9_-]+/g, "_")
        .slice(0, longestName) || "image";
    const numbered = names.includes(plain) ? `${plain}_${names.length}` : plain;
    names.push(isPicture ? (files.length === 1 ? "" : numbered) : null);
  }
  return names;
}

const longestName = 32;
