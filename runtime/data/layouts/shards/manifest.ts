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
  /** The same of its texts, `text0.txt`, ...; one is `txt`. */
  texts: v.array(v.nullable(v.array(v.string()))),
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

/** The names of an example's members behind its key, for each of its files or texts. */
export function memberExtensions(kind: "file" | "text", needed: number): readonly string[] {
  const single = kind === "file" ? "image.npy" : "txt";
  const numbered = (place: number): string => (kind === "file" ? `image${place}.npy` : `text${place}.txt`);
  return needed === 1 ? [single] : Array.from({ length: needed }, (_, place) => numbered(place));
}
