import { at } from "../../at.ts";
import { failed, ok, type Result } from "../../text/index.ts";
import { type Fault, fault } from "../problem.ts";
import { quoted } from "../quoted.ts";

/** Archives are made of blocks of that size: headers, and contents filled up with zeros. */
export const blockBytes = 512;

/** What the header of a member says. */
export interface TarHeader {
  readonly name: string;
  readonly bytes: number;
  readonly kind: "file" | "folder" | "pax" | "global-pax" | "long-name" | "long-link";
}

/** What comes before a header and replaces what it says. */
export interface TarOverrides {
  readonly name: string | null;
  readonly bytes: number | null;
}

export const noOverrides: TarOverrides = { name: null, bytes: null };

const longestName = 4096;

/**
 * Reads a header of ustar (POSIX.1-2024, `pax`) or of GNU tar. Refused are wrong checksums, everything but files and folders, and names that
 * lead out of the folder that an archive is unpacked into, though nothing is unpacked here.
 */
export function parseTarHeader(block: Uint8Array, overrides: TarOverrides): Result<TarHeader, Fault> {
  const checksum = numberIn(block.subarray(148, 156));
  let sum = 8 * 0x20;
  for (let index = 0; index < blockBytes; index++) if (index < 148 || index >= 156) sum += at(block, index);
  if (checksum !== sum) return failed(fault("its checksum is wrong", damagedHelp));
  const kind = kindOf(String.fromCharCode(at(block, 156)));
  if (typeof kind !== "string") return failed(fault(kind.message));
  const name = overrides.name ?? nameIn(block);
  if (name === null) return failed(fault("its name is not UTF-8"));
  const wrong = kind === "file" || kind === "folder" ? nameFault(name) : null;
  if (wrong !== null) return failed(fault(wrong));
  const bytes = overrides.bytes ?? numberIn(block.subarray(124, 136));
  if (bytes === null) return failed(fault("its size is not a number", damagedHelp));
  return ok({
    name: name.replace(/^(\.\/+)+/, ""),
    bytes,
    kind: kind === "file" && name.endsWith("/") ? "folder" : kind,
  });
}

export const damagedHelp = "copy or download it again";

/** What archives that others write have beside files and folders is of no use here, and may be meant to do harm. */
function kindOf(flag: string): TarHeader["kind"] | { readonly message: string } {
  switch (flag) {
    case "0":
    case "7":
    case "\0":
      return "file";
    case "5":
      return "folder";
    case "x":
      return "pax";
    case "g":
      return "global-pax";
    case "L":
      return "long-name";
    case "K":
      return "long-link";
    case "1":
    case "2":
      return { message: "it is a link, and links in archives are not followed" };
    case "3":
    case "4":
    case "6":
      return { message: "it is a device or a pipe" };
    default:
      return { message: `it is of a type that is not read, ${quoted(flag)}` };
  }
}

/** The name with its prefix, which GNU's own format does not have; null when it is not UTF-8. */
function nameIn(block: Uint8Array): string | null {
  const name = textIn(block.subarray(0, 100));
  const isUstar = textIn(block.subarray(257, 263)) === "ustar" && at(block, 262) === 0;
  const prefix = isUstar ? textIn(block.subarray(345, 500)) : "";
  if (name === null || prefix === null) return null;
  return prefix === "" ? name : `${prefix}/${name}`;
}

function nameFault(name: string): string | null {
  if (name === "") return "it has no name";
  if (name.length > longestName) return `its name has more than ${longestName} characters`;
  if (name.includes("\0")) return `its name ${quoted(name)} has a zero in it`;
  if (name.startsWith("/") || /^[A-Za-z]:[\\/]/.test(name)) return `its name ${quoted(name)} is an absolute path`;
  return name.split(/[\\/]/).includes("..") ? `its name ${quoted(name)} leads out of its folder` : null;
}

/** Text up to a zero; null when it is not UTF-8. */
export function textIn(field: Uint8Array): string | null {
  const end = field.indexOf(0);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(end < 0 ? field : field.subarray(0, end));
  } catch {
    return null;
  }
}

/** A number in octal digits, or as GNU tar writes large ones: in base 256, marked by the first bit. */
function numberIn(field: Uint8Array): number | null {
  const first = at(field, 0);
  if (first === 0x80) {
    const value = field.subarray(1).reduce((sum, byte) => sum * 256 + byte, 0);
    return Number.isSafeInteger(value) ? value : null;
  }
  const text = String.fromCharCode(...field);
  const [, digits] = /^ *([0-7]*)[ \0]*$/.exec(text) ?? [];
  return digits === undefined ? null : Number.parseInt(`0${digits}`, 8);
}

/** What a pax header sets of the member behind it: its path and its size, of all that there may be. */
export function parsePax(content: Uint8Array): Result<TarOverrides, Fault> {
  let { name, bytes } = noOverrides;
  for (let from = 0; from < content.length; ) {
    const blank = content.indexOf(0x20, from);
    const digits = blank < 0 || blank - from > 10 ? "" : String.fromCharCode(...content.subarray(from, blank));
    const end = /^[1-9]\d*$/.test(digits) ? from + Number(digits) : 0;
    const record = end > blank + 1 && end <= content.length ? content.subarray(blank + 1, end) : null;
    const equals = record?.indexOf(0x3d) ?? -1;
    if (record === null || equals < 1 || record.at(-1) !== 0x0a) return failed(fault("it is damaged", damagedHelp));
    const key = String.fromCharCode(...record.subarray(0, Math.min(equals, 256)));
    const value = record.subarray(equals + 1, -1);
    if (key === "path") {
      name = value.includes(0) ? null : textIn(value);
      if (name === null || name === "") return failed(fault("its path is not a name in UTF-8"));
    }
    if (key === "size") {
      const text = String.fromCharCode(...value.subarray(0, 32));
      bytes = /^\d+$/.test(text) ? Number(text) : Number.NaN;
      if (!Number.isSafeInteger(bytes)) return failed(fault(`its size ${quoted(text)} is not a number of bytes`));
    }
    if (key.startsWith("GNU.sparse.")) return failed(fault("what follows it is a sparse file, which is not read"));
    from = end;
  }
  return ok({ name, bytes });
}
