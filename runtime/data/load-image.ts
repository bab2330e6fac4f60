import type { ImageSettings } from "../../compiler/index.ts";
import { failed, ok, type Result } from "../text/index.ts";
import { type ArchiveMember, readMember, type StoredFile } from "./archive-member.ts";
import { type Fault, fault, problemOf } from "./problem.ts";
import { decodeImage } from "./readers/index.ts";
import { readSmallFile } from "./small-text.ts";
import { preprocessImage } from "./transforms/index.ts";

/** A PNG or JPEG file: one that is read from its path, or one whose bytes came from elsewhere and that is only named by it. */
export interface ImageSource {
  readonly path: string;
  readonly bytes?: Uint8Array;
  /** Where it lies in an archive, which the path only names. */
  readonly member?: ArchiveMember | null;
}

/** Bytes of a file; the largest picture that is read has as many when nothing of it is packed. */
const largestFile = 2 ** 28;

/** A picture as [3, height, width] values for the network, or what is wrong with its file. */
export async function loadImage(
  { path, bytes, member = null }: ImageSource,
  settings: ImageSettings,
): Promise<Result<Float32Array<ArrayBuffer>>> {
  const file = bytes === undefined ? pictureBytes(member ?? path) : ok(bytes);
  if (file.kind === "failed") return failed(problemOf(path, file.problem));
  const pixels = await decodeImage(file.value, settings.bits);
  if (pixels.kind === "failed") return failed(problemOf(path, pixels.problem));
  const values = preprocessImage(pixels.value, settings);
  return values.kind === "failed" ? failed(problemOf(path, values.problem)) : values;
}

/** The bytes of a picture's file, which has no more than a picture can have. Throws what the file system says of an archive. */
export function pictureBytes(member: StoredFile): Result<Uint8Array, Fault> {
  if (typeof member === "string") return readSmallFile(member, largestFile);
  if (member.bytes > largestFile) return failed(fault(`it has ${member.bytes} bytes, too many for a picture`));
  const bytes = new Uint8Array(member.bytes);
  return readMember(member, bytes) ? ok(bytes) : failed(fault("its archive became shorter while it was read"));
}
