import { FormatError } from "./format-error.ts";
import { readPart, type WeightFile } from "./weight-file.ts";

/** What a file is by its first bytes. */
export type FileFormat = "safetensors" | "PyTorch" | "index";

const saveAgain = "if you trust the file, load it in PyTorch and write it with torch.save of version 1.6 or newer";

/** Formats that are not read, by their first bytes. */
const others: readonly (readonly [first: string, what: string, help: string])[] = [
  [
    "\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19.",
    "it is in the format that torch.save had before PyTorch 1.6",
    saveAgain,
  ],
  ["\x80", "it is a pickle without the archive that torch.save writes", saveAgain],
  ["version https://git-lfs", "it is a Git LFS pointer, not the file", "fetch the file itself: git lfs pull"],
  ["\x89HDF", "it is HDF5", "save the weights as safetensors"],
  ["GGUF", "it is GGUF", "use the weights from which it was made"],
  ["\x1f\x8b", "it is compressed with gzip", "unpack it: gunzip FILE"],
  ["<", "it is a web page, not the file", "download the file again"],
];

/** The format of a file, by its content; refuses with a FormatError what is told to be another. */
export function formatOf(file: WeightFile): FileFormat {
  const first = Buffer.from(readPart(file, 0, Math.min(file.size, 64))).toString("latin1");
  if (first.startsWith("PK\x03\x04")) return "PyTorch";
  // A header shorter than 2^56 bytes has a zero as the last of the eight that say its length.
  const hasLength = first.charAt(7) === "\0";
  if (hasLength && first.charAt(8) === "{") return "safetensors";
  if (!hasLength && /^[ \t\r\n]*\{/.test(first)) return "index";
  const other = others.find(([start]) => first.startsWith(start));
  if (other !== undefined) throw new FormatError(file.path, other[1], other[2]);
  return "safetensors";
}
