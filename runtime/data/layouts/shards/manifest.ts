import { join } from "node:path";
import * as v from "valibot";
import { kindOfPath } from "../../../files/index.ts";
import { parseJson } from "../../../json/index.ts";
import { failed, ok, type Problem, type Result } from "../../../text/index.ts";
import { contractSchema } from "../../contract.ts";
import { readSmallText } from "../../small-text.ts";

/** The file beside shards that says what is in them. */
export const manifestName = "shards.json";

const largestManifest = 64 * 2 ** 20;

const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/));

const shardSchema = v.object({
  /** The name of its file, which lies beside. */
  name: v.pipe(v.string(), v.regex(/^[^/\\]+\.tar$/)),
  examples: count,
  members: count,
  bytes: count,
  sha256,
  splits: v.object({ train: count, valid: count }),
  /** A hash of all that its content follows from. */
  source: sha256,
  /** Examples that are not in it, and why. */
  skipped: v.array(v.object({ file: v.string(), message: v.string() })),
});

const manifestSchema = v.object({
  format: v.literal("medctc shards"),
  version: v.literal(1),
  /** False while shards are still missing. */
  finished: v.boolean(),
  /** What its values mean; of a model's texts it says nothing, since texts are there as they were written. */
  contract: contractSchema,
  storage: v.picklist(["f32", "f16"]),
  /** The columns that an example's files are of, in the order of its members `image0.npy`, ...; one is `image.npy`. */
  files: v.array(v.nullable(v.string())),
  /**
   * Of each of these files, null for preprocessed values, or for a picture what its member's name has between key and kind:
   * `KEY.frontal.png`, or `KEY.png`. Without a picture it may be left out.
   */
  pictures: v.optional(v.array(v.nullable(v.string()))),
  /** The column of `file` in the data set that was packed, which files of no column are of; null where it had no columns. */
  fileColumn: v.optional(v.nullable(v.string())),
  /** The same of its texts, `text0.txt`, ...; one is `txt`. */
  texts: v.array(v.nullable(v.array(v.string()))),
  /** What stands between the columns of a text; null where that is not known. */
  textSeparator: v.optional(v.nullable(v.string())),
  shards: v.array(shardSchema),
});

export type Manifest = v.InferOutput<typeof manifestSchema>;

export type ManifestShard = Manifest["shards"][number];

/** The manifest in a folder; null where there is none, or what is wrong with it. */
export function readManifest(folder: string): Result<Manifest | null> {
  const path = join(folder, manifestName);
  if (kindOfPath(path) === "absent") return ok(null);
  const wrong = (message: string): Result<never> =>
    failed({ subject: path, message, help: "write the shards again with `medctc data pack`" } satisfies Problem);
  const text = readSmallText(path, largestManifest);
  if (text.kind === "failed") return wrong(text.problem.message);
  const value = parseJson(text.value, { depth: 16 });
  if (value.kind === "failed") return wrong(value.problem);
  const read = v.safeParse(manifestSchema, value.value);
  if (read.success) return ok(read.output);
  const where = v.getDotPath(read.issues[0]);
  return wrong(where === null ? "it is not what `medctc data pack` writes" : `its \`${where}\` cannot be read`);
}

/** The names of an example's members behind its key, for each of its texts. */
export function textExtensions(count: number): readonly string[] {
  return count === 1 ? ["txt"] : Array.from({ length: count }, (_, place) => `text${place}.txt`);
}

/** Kinds of pictures, as the names of their members end. */
export const pictureKinds = ["png", "jpg", "jpeg"] as const;

/** The names that the member of one of an example's files may have behind its key. A picture's ends with its kind. */
export function fileExtensions(
  { files, pictures = [] }: Pick<Manifest, "files" | "pictures">,
  place: number,
): readonly string[] {
  const picture = pictures[place] ?? null;
  if (picture === null) return [files.length === 1 ? "image.npy" : `image${place}.npy`];
  return pictureKinds.map((kind) => (picture === "" ? kind : `${picture}.${kind}`));
}
