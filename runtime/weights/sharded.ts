import { dirname, join } from "node:path";
import { FormatError } from "./format-error.ts";
import { JsonReader } from "./json-reader.ts";
import { limits } from "./limits.ts";
import { readPart, type WeightFile } from "./weight-file.ts";

/** What an index says: which file has which tensors, and texts by their names. */
export interface ShardIndex {
  /** The names of tensors by the path of their file. */
  readonly shards: ReadonlyMap<string, readonly string[]>;
  /** Files that are read as a whole, and the part of the model that each has: what stands before its names in a checkpoint of all. */
  readonly parts: readonly { readonly path: string; readonly part: string }[];
  readonly metadata: ReadonlyMap<string, string>;
}

const longestIndex = 100_000_000;
/** As many as can be open at once on most machines. */
const mostShards = 512;

/**
 * Reads an index as Hugging Face writes it (model.safetensors.index.json), or one with `parts`, for models whose parts are in files of
 * their own. Its files have to be in the same folder. Refuses with a FormatError.
 */
export function readIndex(file: WeightFile): ShardIndex {
  if (file.size > longestIndex) throw new FormatError(file.path, `it has more than ${longestIndex} bytes`);
  const shards = new Map<string, string[]>();
  const parts: { readonly path: string; readonly part: string }[] = [];
  const metadata = new Map<string, string>();
  const shardOf = (name: string): string => {
    const path = shardPath(file, name);
    const isKnown = shards.has(path) || parts.some((each) => each.path === path);
    if (isKnown || shards.size + parts.length < mostShards) return path;
    throw new FormatError(file.path, `it names more than ${mostShards} files`);
  };
  const reader = new JsonReader(
    textOf(file),
    (problem) => new FormatError(file.path, `it is not a valid index: ${problem}`),
  );
  const keys = new Set<string>();
  reader.object((key) => {
    keys.add(key);
    if (key === "metadata" && reader.peek() === "{") {
      reader.object((name) => metadata.set(name, reader.peek() === '"' ? reader.string() : reader.raw()));
    } else if (key === "weight_map") {
      let count = 0;
      reader.object((tensor) => {
        if (++count > limits.tensors) throw new FormatError(file.path, `it has more than ${limits.tensors} tensors`);
        const path = shardOf(reader.string());
        const tensors = shards.get(path);
        if (tensors === undefined) shards.set(path, [tensor]);
        else tensors.push(tensor);
      });
    } else if (key === "parts") {
      reader.object((part) => {
        const add = (): void => {
          parts.push({ path: shardOf(reader.string()), part });
        };
        if (reader.peek() === "[") reader.list(add);
        else add();
      });
    } else reader.skip();
  });
  reader.end();
  if (!keys.has("weight_map") && !keys.has("parts"))
    throw new FormatError(file.path, "it is JSON but not an index of files: it has no `weight_map` and no `parts`");
  return { shards, parts, metadata };
}

function textOf(file: WeightFile): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(readPart(file, 0, file.size));
  } catch (error) {
    if (error instanceof FormatError) throw error;
    throw new FormatError(file.path, "it is not UTF-8");
  }
}

/** The path of a file that is named without a folder. */
function shardPath(index: WeightFile, name: string): string {
  const isPlain = name !== "" && name !== "." && name !== ".." && !/[/\\\0]|^[A-Za-z]:/.test(name);
  if (!isPlain) throw new FormatError(index.path, `it names the file \`${name}\`, which is not in its folder`);
  return join(dirname(index.path), name);
}
