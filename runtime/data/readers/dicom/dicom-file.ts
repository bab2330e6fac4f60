import type { FileHandle } from "node:fs/promises";
import { inflateRawSync } from "node:zlib";
import type { DataSet, Element } from "dicom-parser";
import { failed, ok, type Result } from "../../../text/index.ts";
import { type Fault, fault } from "../../problem.ts";
import { openVolumeFile, readable, UnreadableFile } from "../volume-bytes.ts";
import { Attributes, tags } from "./attributes.ts";
import { type Slice, slicesOf } from "./slice.ts";
import { type TransferSyntax, transferSyntaxOf } from "./transfer-syntax.ts";

/** A slice of a file, with where the file has its pixels. */
export interface StoredSlice extends Slice {
  readonly pixels: StoredPixels;
}

export interface StoredPixels {
  readonly path: string;
  readonly syntax: TransferSyntax;
  /** Where the pixel data of all frames start, in the file or, where its data set is deflated, in what that unpacks to. */
  readonly offset: number;
  /** The byte of the file that a deflated data set starts at; null for others. */
  readonly deflatedFrom: number | null;
  readonly frames: number;
}

/** What a file in a folder of DICOM files is. */
export type DicomFile =
  | { readonly kind: "slices"; readonly slices: readonly StoredSlice[] }
  | { readonly kind: "other"; readonly other: OtherFile };

/** Files that lie beside slices and are none. */
export type OtherFile = "not DICOM" | "without pixels" | "localizer" | "secondary capture";

/** What is read of a file at first, and at most: its pixels follow closely, or it is no image that is meant here. */
const headBytes = [2 ** 16, 2 ** 21] as const;
/** A deflated file is unpacked as a whole, to no more than the largest slice needs. */
export const mostInflated = 2 ** 26;
const preambleBytes = 132;
const undefinedLength = 0xffffffff;
const copyAgain = "Copy or download it again.";

/** Whether bytes that a file starts with are those of DICOM. */
export function hasDicomMark(start: Uint8Array): boolean {
  return start.length >= preambleBytes && Buffer.from(start.subarray(128, preambleBytes)).toString("latin1") === "DICM";
}

/** Reads what a file says of its slices, without their pixels, or says what is wrong with it. */
export async function readDicomFile(path: string, name: string): Promise<Result<DicomFile, Fault>> {
  let handle: FileHandle | null = null;
  try {
    const opened = await openVolumeFile(path);
    handle = opened.handle;
    return await fileOf(handle, opened.bytes, path, name);
  } catch (error) {
    const unreadable = readable(error);
    return failed(unreadable.fault);
  } finally {
    await handle?.close();
  }
}

async function fileOf(
  handle: FileHandle,
  storedBytes: number,
  path: string,
  name: string,
): Promise<Result<DicomFile, Fault>> {
  const start = await bytesOf(handle, Math.min(headBytes[0], storedBytes));
  if (!hasDicomMark(start)) {
    if (!/\.(dcm|dicom|ima)$/i.test(name)) return other("not DICOM");
    const message = `it is not a DICOM file: it does not have \`DICM\` at byte 128`;
    return failed(fault(message, start.length === 0 ? copyAgain : null));
  }
  const parsed = await parse(handle, storedBytes, start);
  if (parsed.kind === "failed") return parsed;
  const { set, mediaSopClass, transferSyntax, deflatedFrom } = parsed.value;
  const image = new Attributes(set);
  const pixels = image.element(tags.pixels);
  const sopClass = image.text(tags.sopClass) ?? mediaSopClass;
  if (pixels === null && !isVolumeClass(sopClass) && image.element(tags.rows) === null) return other("without pixels");
  if (image.texts(tags.imageType).includes("LOCALIZER")) return other("localizer");
  const hasPosition =
    image.element(tags.imagePosition) !== null || image.element(tags.perFrameFunctionalGroups) !== null;
  if (isSecondaryCapture(sopClass) && !hasPosition) return other("secondary capture");
  if (pixels === null) return failed(fault("it is truncated: it has no pixel data", copyAgain));
  const syntax = transferSyntaxOf(transferSyntax);
  if (syntax.kind === "failed") return syntax;
  const slices = slicesOf(image, name);
  if (slices.kind === "failed") return slices;
  const [first] = slices.value;
  if (first === undefined) throw new Error("an image without a fault has a slice");
  const frames = slices.value.length;
  const found = deflatedFrom === null ? storedBytes : set.byteArray.length;
  const wrong =
    syntax.value.pixels === "native"
      ? nativeFault(first, frames, syntax.value, pixels, found)
      : pixels.length !== undefinedLength
        ? fault(`its compressed pixel data have a length, ${pixels.length}, and no parts`)
        : null;
  if (wrong !== null) return failed(wrong);
  const stored = { path, syntax: syntax.value, offset: pixels.dataOffset, deflatedFrom, frames };
  return ok({ kind: "slices", slices: slices.value.map((slice) => ({ ...slice, pixels: stored })) });
}

interface Parsed {
  readonly set: DataSet;
  /** Of the group before the data set, which is never deflated. */
  readonly mediaSopClass: string;
  readonly transferSyntax: string;
  readonly deflatedFrom: number | null;
}

/**
 * Parses what stands before the pixels. Of a file that goes on, the first bytes may be enough; where they are not, more are
 * read. What the parser makes of bytes is many times as large as they are, so that their number is limited.
 */
async function parse(handle: FileHandle, storedBytes: number, start: Uint8Array): Promise<Result<Parsed, Fault>> {
  // Loaded when the first DICOM file is read; others never need it.
  const { default: parser } = await import("dicom-parser");
  let bytes = start;
  for (;;) {
    const deflated: { from: number | null } = { from: null };
    const inflater = (all: Uint8Array, position: number): Uint8Array => {
      deflated.from = position;
      return inflateRawSync(all.subarray(position), { maxOutputLength: mostInflated });
    };
    let set: DataSet | null = null;
    try {
      set = parser.parseDicom(bytes, { untilTag: tags.pixels, inflater });
    } catch {
      // It throws whatever it meets first, which says less than what is said here.
    }
    const most = Math.min(deflated.from === null ? headBytes[1] : mostInflated, storedBytes);
    const isEnough = set?.elements[tags.pixels] !== undefined || bytes.length >= most;
    if (set !== null && isEnough) {
      const mediaSopClass = uidIn(bytes, set.elements[tags.mediaStorageSopClass]);
      const transferSyntax = uidIn(bytes, set.elements[tags.transferSyntax]);
      return ok({ set, mediaSopClass, transferSyntax, deflatedFrom: deflated.from });
    }
    if (isEnough) {
      const message =
        deflated.from === null
          ? "its data elements are damaged or truncated, or their sequences are nested too deeply"
          : `its deflated data are damaged or truncated, or unpack to more than ${mostInflated / 2 ** 20} MiB`;
      return failed(fault(message, copyAgain));
    }
    bytes = await bytesOf(handle, most);
  }
}

/** Longer ones are none, and a message would show them. */
const longestUid = 64;

function uidIn(bytes: Uint8Array, element: Element | undefined): string {
  if (element === undefined || element.length > longestUid) return "";
  const { dataOffset, length } = element;
  return Buffer.from(bytes.subarray(dataOffset, dataOffset + length))
    .toString("latin1")
    .replace(/[\0 ]+$/, "");
}

/** The first bytes of a file. */
async function bytesOf(handle: FileHandle, length: number): Promise<Uint8Array> {
  const bytes = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(bytes, filled, length - filled, filled);
    if (bytesRead === 0) throw new UnreadableFile("it was truncated while it was read", copyAgain);
    filled += bytesRead;
  }
  return bytes;
}

function nativeFault(
  { rows, columns, bits }: Slice,
  frames: number,
  { littleEndian }: TransferSyntax,
  { dataOffset, length, vr }: { readonly dataOffset: number; readonly length: number; readonly vr?: string },
  foundBytes: number,
): Fault | null {
  const needed = (rows * columns * frames * bits.allocated) / 8;
  const shown = `${frames === 1 ? "" : `${frames} frames of `}${columns} x ${rows} pixels of ${bits.allocated} bits`;
  if (length === undefinedLength) return fault("its uncompressed pixel data have no length");
  // Pixel data are padded to an even length.
  if (length < needed || length > needed + (needed % 2)) {
    return fault(`its pixel data have ${length} bytes, but ${shown} need ${needed}`, copyAgain);
  }
  if (dataOffset + needed > foundBytes) {
    const message = `it is truncated: it has ${Math.max(0, foundBytes - dataOffset)} of ${needed} bytes of pixel data`;
    return fault(message, copyAgain);
  }
  if (!littleEndian && bits.allocated === 8 && vr !== "OB") {
    const help = "Write it as Explicit VR Little Endian, for example with `gdcmconv --raw IN OUT`.";
    return fault("its pixels are single bytes in words of big-endian order, which is not supported", help);
  }
  return null;
}

function other(what: OtherFile): Result<DicomFile, Fault> {
  return ok({ kind: "other", other: what });
}

/** CT, MR and PET, also enhanced and converted: a file of these has pixels, or was cut off. */
function isVolumeClass(sopClass: string): boolean {
  return /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.(2|2\.1|2\.2|4|4\.1|4\.4|128|128\.1|130)$/.test(sopClass);
}

function isSecondaryCapture(sopClass: string): boolean {
  return /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.7(\.\d)?$/.test(sopClass);
}
