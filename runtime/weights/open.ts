import { basename, join } from "node:path";
import { type Diagnostic, report } from "../../grammar/index.ts";
import { errorCode, kindOfPath, reasonOf } from "../files/index.ts";
import { FormatError } from "./format-error.ts";
import { formatOf } from "./format-of.ts";
import { limits } from "./limits.ts";
import { bytesIn, floatsOf, type PlacedTensor } from "./placed-tensor.ts";
import { dataStart, placeTensors } from "./safetensors.ts";
import { readIndex } from "./sharded.ts";
import { readTorch } from "./torch.ts";
import type { UnreadType } from "./unread-names.ts";
import { openWeightFile, readPart, type WeightFile } from "./weight-file.ts";

/** Files of tensors that are read when they are asked for, so that they may be larger than memory. */
export interface OpenTensors {
  readonly kind: "tensors";
  readonly format: "safetensors" | "PyTorch" | "several files";
  readonly tensors: ReadonlyMap<string, PlacedTensor>;
  /** Names of tensors that are stored once, under another name: by that one, of `tensors`, which has both. */
  readonly aliases: ReadonlyMap<string, string>;
  /** Texts that the file has besides. */
  readonly metadata: ReadonlyMap<string, string>;
  /** Types of objects that are not tensors, which a pickle has besides. */
  readonly unread: readonly UnreadType[];
  /** A tensor's elements in their order, in pieces that are good until the next. Throws where the file cannot be read any more. */
  readonly floats: (tensor: PlacedTensor) => Iterable<Float32Array>;
  /** The same as the file has them, whatever their type is. */
  readonly bytes: (tensor: PlacedTensor) => Iterable<Uint8Array>;
  /** The path of the file that a tensor is in. */
  readonly fileOf: (tensor: PlacedTensor) => string;
  /** What the names of a tensor's dict in a pickle start with, by the tensor's name: `state_dict.`; without those of the outermost. */
  readonly dicts: ReadonlyMap<string, string>;
  /** The names of values in a pickle's dicts that are neither tensors nor dicts: `epoch`. */
  readonly values: readonly string[];
  readonly close: () => void;
}

/** What is looked for in a folder, in this order. */
const inFolders = [
  "model.safetensors.index.json",
  "model.safetensors",
  "pytorch_model.bin.index.json",
  "pytorch_model.bin",
  "adapter_model.safetensors",
  "adapter_model.bin",
];

/**
 * Opens a safetensors file, a checkpoint of torch.save, an index of several of them, or a folder with one of these, and
 * reads what it has; or says what is wrong with it. It is told by the content, whatever the name is.
 */
export function openTensors(path: string): OpenTensors | WrongFile {
  return openOrSay(path, () => {
    const isFolder = kindOfPath(path) === "folder";
    return openWeightFile(isFolder ? inFolder(path) : path);
  });
}

/** The files that weights at a path are in: one, or an index and those that it lists; none where it cannot be read. */
export function weightFiles(path: string): readonly string[] {
  try {
    const file = openWeightFile(kindOfPath(path) === "folder" ? inFolder(path) : path);
    try {
      if (formatOf(file) !== "index") return [file.path];
      const { shards, parts } = readIndex(file);
      return [file.path, ...shards.keys(), ...parts.map((part) => part.path)];
    } finally {
      file.close();
    }
  } catch {
    // Opening it says why.
    return [];
  }
}

/** The same of a file that `open` opens. */
export function openOrSay(path: string, open: () => WeightFile): OpenTensors | WrongFile {
  try {
    return openFile(open(), true);
  } catch (error) {
    return { kind: "wrong", diagnostic: wrongFile(path, error) };
  }
}

/** What is wrong with a file. */
export interface WrongFile {
  readonly kind: "wrong";
  readonly diagnostic: Diagnostic;
}

function inFolder(folder: string): string {
  const paths = inFolders.map((name) => join(folder, name));
  const found = paths.find((path) => kindOfPath(path) !== "absent");
  if (found !== undefined) return found;
  throw new FormatError(folder, `it is a folder without ${inFolders.join(", ")}`, "name the file");
}

/** What is wrong with a file that could not be read, or that does not keep to its format; throws what is neither. */
function wrongFile(path: string, error: unknown): Diagnostic {
  if (error instanceof FormatError) {
    const { subject, message, help } = error.problem;
    return report("bad-tensor-file", subject, { path: subject, problem: message }, { help });
  }
  const code = errorCode(error);
  if (code === null) throw error;
  return report("bad-tensor-file", path, { path, problem: reasonOf(code) });
}

/** Closes the file when it cannot be used. An index may name files, but no further index. */
function openFile(file: WeightFile, mayBeIndex: boolean): OpenTensors {
  try {
    const format = formatOf(file);
    if (format !== "index") return opened(format, file);
    if (mayBeIndex) return openShards(file);
    throw new FormatError(file.path, "it is an index, listed by another index");
  } catch (error) {
    file.close();
    throw error;
  }
}

function opened(format: "safetensors" | "PyTorch", file: WeightFile): OpenTensors {
  const content =
    format === "safetensors"
      ? { ...readPlaced(file), unread: [], dicts: new Map<string, string>(), values: [] }
      : { ...readTorch(file), metadata: new Map<string, string>() };
  const aliases = aliasesIn(content.metadata, content.tensors);
  return {
    kind: "tensors",
    format,
    ...content,
    tensors: withAliases(content.tensors, aliases),
    aliases,
    floats: (tensor) => floatsOf(file, tensor),
    bytes: (tensor) => bytesIn(file, tensor),
    fileOf: () => file.path,
    close: () => file.close(),
  };
}

/**
 * The names of tensors that safetensors' `save_model` left out, as they share their memory with another, whose name it records. A record
 * that leads to no tensor of the file is a text like others.
 */
function aliasesIn(
  metadata: ReadonlyMap<string, string>,
  tensors: ReadonlyMap<string, PlacedTensor>,
): ReadonlyMap<string, string> {
  return new Map([...metadata].filter(([name, kept]) => tensors.has(kept) && !tensors.has(name)));
}

function withAliases(
  tensors: ReadonlyMap<string, PlacedTensor>,
  aliases: ReadonlyMap<string, string>,
): ReadonlyMap<string, PlacedTensor> {
  if (aliases.size === 0) return tensors;
  const all = new Map(tensors);
  for (const [name, kept] of aliases) {
    const tensor = tensors.get(kept);
    if (tensor !== undefined) all.set(name, tensor);
  }
  return all;
}

function readPlaced(file: WeightFile) {
  const start = dataStart(file.path, readPart(file, 0, Math.min(file.size, 8)), file.size);
  return placeTensors(file.path, readPart(file, 8, start), file.size);
}

/** Opens all files of an index, none of them through a link; the index file itself is not needed any more. */
function openShards(index: WeightFile): OpenTensors {
  const { shards, parts, metadata } = readIndex(index);
  const files: OpenTensors[] = [];
  const close = (): void => {
    for (const file of files) file.close();
  };
  try {
    const tensors = new Map<string, PlacedTensor>();
    const dicts = new Map<string, string>();
    const values: string[] = [];
    const fileOf = new Map<PlacedTensor, OpenTensors>();
    const open = (path: string): OpenTensors => {
      const file = openFile(openShard(path, index), false);
      files.push(file);
      return file;
    };
    for (const [path, names] of shards) {
      const file = open(path);
      for (const name of names) {
        const tensor = file.tensors.get(name);
        if (tensor === undefined) {
          throw new FormatError(path, `it has no \`${name}\`, which ${basename(index.path)} lists`);
        }
        tensors.set(name, tensor);
        fileOf.set(tensor, file);
        const dict = file.dicts.get(name);
        if (dict !== undefined) dicts.set(name, dict);
      }
    }
    for (const { path, part } of parts) {
      const file = open(path);
      const before = part === "" ? "" : `${part}.`;
      for (const own of file.values) values.push(before + own);
      for (const [own, tensor] of file.tensors) {
        const name = before + own;
        if (tensors.has(name))
          throw new FormatError(path, `it has \`${name}\`, which another file of the index has too`);
        if (tensors.size >= limits.tensors)
          throw new FormatError(index.path, `its files have more than ${limits.tensors} tensors`);
        tensors.set(name, tensor);
        fileOf.set(tensor, file);
        const dict = before + (file.dicts.get(own) ?? "");
        if (dict !== "") dicts.set(name, dict);
      }
    }
    const aliases = new Map<string, string>();
    for (const file of files) {
      for (const [name, kept] of file.aliases) {
        const tensor = file.tensors.get(kept);
        if (tensors.has(name) || tensor === undefined || tensors.get(kept) !== tensor) continue;
        tensors.set(name, tensor);
        aliases.set(name, kept);
      }
    }
    index.close();
    const unread = [...new Map(files.flatMap((file) => file.unread.map((each) => [each.name, each]))).values()];
    return {
      kind: "tensors",
      format: "several files",
      ...{ tensors, aliases, metadata, unread, dicts, values },
      floats: (tensor) => fileOf.get(tensor)?.floats(tensor) ?? [],
      bytes: (tensor) => fileOf.get(tensor)?.bytes(tensor) ?? [],
      fileOf: (tensor) => fileOf.get(tensor)?.fileOf(tensor) ?? index.path,
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

function openShard(path: string, index: WeightFile): WeightFile {
  try {
    return openWeightFile(path, { links: false });
  } catch (error) {
    switch (errorCode(error)) {
      case "ELOOP":
        throw new FormatError(path, "it is a link", "copy the files themselves into one folder: cp -rL FOLDER COPY");
      case "ENOENT":
        throw new FormatError(
          path,
          `it does not exist, but ${basename(index.path)} lists it`,
          "download all files of the model",
        );
      default:
        throw error;
    }
  }
}
