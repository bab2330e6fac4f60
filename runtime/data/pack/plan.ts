import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import type { VolumeSettings } from "../../../compiler/index.ts";
import { at } from "../../at.ts";
import { storedBytes } from "../archive-member.ts";
import type { DatasetNeeds, Labels, Listing, SplitName } from "../dataset.ts";
import { fileExtensions, type Manifest, textExtensions } from "../layouts/index.ts";
import type { Example } from "../open-dataset.ts";
import { blockBytes, encodeNpyHeader, type NpyType, npyBytes } from "../readers/index.ts";
import { pictureKind } from "./picture.ts";

/** An example with what its members say. */
export interface PackedExample {
  readonly example: Example;
  readonly splits: readonly SplitName[];
  /** What the names of its members start with. */
  readonly key: string;
  /** Of each of its files, what its member's name has behind the key. */
  readonly files: readonly string[];
  /** Its members that are texts, by what their names have behind the key. */
  readonly texts: ReadonlyMap<string, string>;
}

export interface PlannedShard {
  /** Its file's name. */
  readonly name: string;
  readonly examples: readonly PackedExample[];
  /** Bytes that it will have when none of its examples is left out. */
  readonly bytes: number;
  /** A hash of all that its content follows from, of volumes their sizes and times of change. */
  readonly source: string;
}

/** How a data set is packed. */
export interface PackSettings extends Pick<Manifest, "contract" | "storage"> {
  /** How volumes are prepared, for each file that is one. */
  readonly volumes: readonly VolumeSettings[];
  /** What each example has files and texts of. */
  readonly files: DatasetNeeds["files"];
  /** As the manifest has it. */
  readonly pictures: readonly (string | null)[];
  /** What its files and texts were taken from. */
  readonly columns: Listing["columns"];
  readonly texts: DatasetNeeds["texts"];
  /** What the names of shards start with. */
  readonly name: string;
  /** Bytes after which another shard is started. */
  readonly shardBytes: number;
  /** What an array has along its axes. */
  readonly shape: readonly number[];
}

/** An example and where it belongs; `labels` are null where it has none. */
export type ToPack = Pick<PackedExample, "example" | "splits">;

/** Goes up with every change of what the bytes of a shard follow from. */
const formatVersion = 1;

/**
 * Divides examples, in their order, among shards, of one split each. Which examples are in a shard follows from sizes that are
 * known before a volume is read, so that one that cannot be read moves no other to another shard.
 */
export function planShards(examples: readonly ToPack[], settings: PackSettings): readonly PlannedShard[] {
  const keys = new Set<string>();
  const groups: { readonly examples: PackedExample[]; bytes: number }[] = [];
  for (const each of examples) {
    const packed = withMembers(each, keyOf(each.example.name, keys, keyBytes(settings)), settings);
    const bytes = bytesOf(packed, settings);
    const last = groups.at(-1);
    const isSameSplit = last?.examples[0]?.splits[0] === each.splits[0];
    if (last !== undefined && isSameSplit && last.bytes + bytes <= settings.shardBytes) {
      last.examples.push(packed);
      last.bytes += bytes;
    } else groups.push({ examples: [packed], bytes: 2 * blockBytes + bytes });
  }
  return groups.map((group, index) => ({
    ...group,
    name: `${settings.name}-${String(index).padStart(6, "0")}.tar`,
    source: sourceOf(group.examples, settings),
  }));
}

function withMembers({ example, splits }: ToPack, key: string, settings: PackSettings): PackedExample {
  const { texts } = settings;
  const files = example.files.map((file, place) => {
    const kind = isPicture(settings, place) ? pictureKind(file) : "npy";
    return at(
      fileExtensions(packedFiles(settings), place).filter((extension) => extension.endsWith(kind)),
      0,
    );
  });
  const extensions = textExtensions(texts.length);
  const members = new Map(example.texts.map((text, place) => [extensions[place] ?? "txt", text]));
  const split = splits[0] ?? null;
  const cells = example.labels === null ? [] : cellsOf(example.labels);
  const record = { name: example.name, split, ...(cells.length === 0 ? {} : { labels: Object.fromEntries(cells) }) };
  members.set("json", `${JSON.stringify(record)}\n`);
  return { example, splits, key, files, texts: members };
}

function cellsOf(labels: Labels): readonly (readonly [string, number | null])[] {
  return [...labels].map(([name, label]) => [name, cellOf(label)]);
}

function cellOf(label: boolean | null): number | null {
  return label === null ? null : Number(label);
}

/** Whether a file is packed as it is, and not as preprocessed values. */
export function isPicture({ pictures }: Pick<PackSettings, "pictures">, place: number): boolean {
  return (pictures[place] ?? null) !== null;
}

/** What the manifest says of files; of pictures only where there are some, so that shards of volumes stay what they were. */
export function packedFiles({ files, pictures }: PackSettings): Pick<Manifest, "files" | "pictures"> {
  const hasPictures = pictures.some((picture) => picture !== null);
  return { files: [...files], ...(hasPictures ? { pictures: [...pictures] } : {}) };
}

/** Names of members are 100 bytes at most, and what follows the key has 20 at most, but for names of pictures. */
const longestKey = 80;

function keyBytes({ pictures }: PackSettings): number {
  return longestKey - Math.max(0, ...pictures.map((picture) => picture?.length ?? 0));
}

/**
 * What the members of an example share: its name without what says that it is NIfTI or a picture, without dots, and told apart from
 * all others.
 */
function keyOf(name: string, taken: Set<string>, longest: number): string {
  const plain = name.replace(/\.(nii(\.gz)?|png|jpe?g)$/i, "").replace(/[./\\]|^__|\p{Cc}/gu, "_");
  const isShort = plain !== "" && Buffer.byteLength(plain) <= longest && !taken.has(plain);
  const key = isShort
    ? plain
    : `${shortened(plain, longest - 20)}-${createHash("sha256").update(name).digest("hex").slice(0, 16)}`;
  taken.add(key);
  return key;
}

/** The first characters that fit, whole. */
function shortened(name: string, longest: number): string {
  let short = "";
  for (const character of name) {
    if (Buffer.byteLength(short) + Buffer.byteLength(character) > longest) break;
    short += character;
  }
  return short;
}

/** What an example takes in a shard. */
function bytesOf({ example, texts }: PackedExample, settings: PackSettings): number {
  const values = arrayBytes(settings.shape, settings.storage);
  const files = example.files.map((file, place) => (isPicture(settings, place) ? storedBytes(file) : values));
  const sizes = [...files, ...[...texts.values()].map((text) => Buffer.byteLength(text))];
  return sizes.reduce((sum, size) => sum + blockBytes + Math.ceil(size / blockBytes) * blockBytes, 0);
}

/** Bytes of an array with its header. */
export function arrayBytes(shape: readonly number[], storage: NpyType): number {
  const count = shape.reduce((product, size) => product * size, 1);
  return encodeNpyHeader(storage, shape).length + count * npyBytes[storage];
}

function sourceOf(examples: readonly PackedExample[], settings: PackSettings): string {
  const { contract, volumes, storage, files, texts: columns, shape } = settings;
  // How files are taken that do not say what they hold: values follow from it, and it means nothing for those of the shards.
  const readings = volumes.map(({ units, assumeOrientation, assumeSpacing }) => ({
    units,
    assumeOrientation,
    // Shards from before it could be said stay good.
    ...(assumeSpacing === null ? {} : { assumeSpacing }),
  }));
  const isAlike = new Set(readings.map((each) => JSON.stringify(each))).size === 1;
  const reading = isAlike ? readings[0] : readings;
  const hash = createHash("sha256");
  const add = (value: unknown): void => void hash.update(`${JSON.stringify(value)}\n`);
  const pictures = packedFiles(settings).pictures;
  add([
    formatVersion,
    contract,
    reading,
    storage,
    files,
    columns,
    shape,
    ...(pictures === undefined ? [] : [pictures]),
  ]);
  for (const { example, key, texts } of examples) {
    const changed = example.files.map((file) => [
      storedBytes(file),
      statSync(typeof file === "string" ? file : file.path, { throwIfNoEntry: false })?.mtimeMs ?? 0,
      typeof file === "string" ? null : file.offset,
    ]);
    add([key, [...texts], example.metadata, changed]);
  }
  return hash.digest("hex");
}
