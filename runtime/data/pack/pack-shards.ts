import { createHash } from "node:crypto";
import { readSync } from "node:fs";
import { join } from "node:path";
import { at } from "../../at.ts";
import { withRegularFile } from "../../files/index.ts";
import type { Problem } from "../../text/index.ts";
import type { FileInput } from "../data-inputs.ts";
import type { Manifest, ManifestShard } from "../layouts/index.ts";
import { type LoadedExample, loadExactly } from "../load-example.ts";
import type { VolumeLoader } from "../volume-loader.ts";
import { arrayPieces } from "./array-pieces.ts";
import type { PackFolder } from "./pack-folder.ts";
import { storedPicture } from "./picture.ts";
import { isPicture, type PackedExample, type PackSettings, type PlannedShard, packedFiles } from "./plan.ts";

export interface PackOptions {
  readonly folder: PackFolder;
  readonly plan: readonly PlannedShard[];
  readonly settings: PackSettings;
  /** How each file is read. */
  readonly inputs: readonly FileInput[];
  readonly loader: VolumeLoader;
  /** Examples of a shard that are read ahead. */
  readonly ahead: number;
  /** Whether files that cannot be read are left out. */
  readonly skipBad: boolean;
  /** Hears of how many examples are done, and how many were not there before. */
  readonly tell: (done: number, packed: number) => void;
  /** Hears of a file that is left out. */
  readonly skip: (problem: Problem) => void;
  /** Settles when an end is asked for. */
  readonly stopped: Promise<"stopped">;
}

export type PackEnd =
  | { readonly kind: "packed"; readonly manifest: Manifest; readonly kept: number }
  /** Some shards are complete, and are kept by the next packing. */
  | { readonly kind: "stopped"; readonly complete: number }
  | { readonly kind: "bad"; readonly problem: Problem; readonly complete: number };

/**
 * Preprocesses examples and writes them, shard by shard. A shard that is there already stays, where its content would be the same. After
 * each shard the manifest is written, so that whatever ends this loses one shard at most. Throws what the file system says.
 */
export async function packShards(options: PackOptions): Promise<PackEnd> {
  const { folder, plan, settings } = options;
  const { contract, storage, texts, columns } = settings;
  const written: ManifestShard[] = [];
  const later = new Map((folder.before?.shards ?? []).map((shard) => [shard.name, shard]));
  // What was complete before stays listed until it is replaced.
  const manifestOf = (finished: boolean): Manifest => {
    const known = new Set(plan.map(({ name }) => name));
    const shards = [...written, ...[...later.values()].filter(({ name }) => !finished || known.has(name))];
    return {
      format: "medctc shards",
      version: 1,
      finished,
      contract,
      storage,
      ...packedFiles(settings),
      fileColumn: columns.file,
      texts: texts.map(copied),
      textSeparator: columns.textSeparator,
      shards,
    };
  };
  folder.writeManifest(manifestOf(false));
  let [done, packed, kept] = [0, 0, 0];
  for (const shard of plan) {
    const before = later.get(shard.name);
    later.delete(shard.name);
    if (before !== undefined && isKept(before, shard, options)) {
      written.push(before);
      for (const each of before.skipped) options.skip({ subject: each.file, message: each.message, help: null });
      kept++;
      done += shard.examples.length;
      options.tell(done, packed);
      continue;
    }
    const end = await writeShard(shard, options, () => options.tell(++done, ++packed));
    if (end.kind !== "written") return { ...end, complete: written.length };
    written.push(end.shard);
    folder.writeManifest(manifestOf(false));
  }
  const manifest = manifestOf(true);
  folder.removeOthers(new Set(plan.map(({ name }) => name)));
  folder.writeManifest(manifest);
  return { kind: "packed", manifest, kept };
}

function copied(columns: readonly string[] | null): string[] | null {
  return columns === null ? null : [...columns];
}

/** Whether a shard of before has what would be written, to the bit. */
function isKept(before: ManifestShard, { name, source }: PlannedShard, { folder, skipBad }: PackOptions): boolean {
  if (before.source !== source || (before.skipped.length > 0 && !skipBad)) return false;
  try {
    return withRegularFile(join(folder.path, name), (handle, { size }) => {
      if (size !== before.bytes) return false;
      const hash = createHash("sha256");
      const buffer = new Uint8Array(2 ** 20);
      for (let count = readSync(handle, buffer); count > 0; count = readSync(handle, buffer))
        hash.update(buffer.subarray(0, count));
      return hash.digest("hex") === before.sha256;
    });
  } catch {
    // It is written again.
    return false;
  }
}

type ShardEnd =
  | { readonly kind: "written"; readonly shard: ManifestShard }
  | { readonly kind: "stopped" }
  | { readonly kind: "bad"; readonly problem: Problem };

async function writeShard(shard: PlannedShard, options: PackOptions, tell: () => void): Promise<ShardEnd> {
  const { folder, settings, inputs, loader, skipBad } = options;
  const writer = folder.shard(shard.name);
  const skipped: Problem[] = [];
  const written: PackedExample[] = [];
  try {
    for (const [index, packed] of shard.examples.entries()) {
      const next = shard.examples.slice(index + 1, index + 1 + options.ahead).map(({ example }) => example);
      const loading = loadExactly(loader, packed.example, next, inputs);
      const loaded: LoadedExample | "stopped" = await Promise.race([options.stopped, loading]);
      if (loaded === "stopped") return { kind: "stopped" };
      if (loaded.kind === "unread" || (loaded.kind === "failed" && !skipBad)) {
        return { kind: "bad", problem: loaded.problem };
      }
      if (loaded.kind === "failed") {
        leaveOut(loaded.problem);
      } else {
        const wrong = addExample(packed, loaded.value);
        loader.takeBack(loaded.value);
        if (wrong !== null && !skipBad) return { kind: "bad", problem: wrong };
        if (wrong === null) written.push(packed);
        else leaveOut(wrong);
      }
      tell();
    }
    const { bytes, sha256 } = writer.finish();
    const countOf = (split: "train" | "valid"): number => written.filter(({ splits }) => splits.includes(split)).length;
    const members = written.reduce((sum, { texts }) => sum + settings.files.length + texts.size, 0);
    const record: ManifestShard = {
      ...{ name: shard.name, examples: written.length, members, bytes, sha256 },
      splits: { train: countOf("train"), valid: countOf("valid") },
      source: shard.source,
      skipped: skipped.map(({ subject: file, message }) => ({ file, message })),
    };
    return { kind: "written", shard: record };
  } finally {
    writer.discard();
  }

  function leaveOut(problem: Problem): void {
    skipped.push(problem);
    options.skip(problem);
  }

  /** Adds all members of an example, or none and says why. */
  function addExample({ example, key, files, texts }: PackedExample, loaded: readonly Float32Array[]): Problem | null {
    const members: (readonly Uint8Array[])[] = [];
    for (const [place, values] of loaded.entries()) {
      const picture = isPicture(settings, place) ? storedPicture(at(example.files, place)) : null;
      if (picture?.kind === "failed") return picture.problem;
      members.push(picture === null ? arrayPieces(values, settings.shape, settings.storage) : [picture.value]);
    }
    for (const [place, pieces] of members.entries()) writer.add(`${key}.${at(files, place)}`, pieces);
    for (const [extension, text] of texts) writer.add(`${key}.${extension}`, [new TextEncoder().encode(text)]);
    return null;
  }
}
