import { createHash } from "node:crypto";
import {
  type BigIntStats,
  closeSync,
  fstatSync,
  futimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { machineFiles, writeAtomically } from "../files/index.ts";
import type { StoredFile } from "./archive-member.ts";
import { entryBytes, entryPieces, readEntryFile } from "./entry-file.ts";
import type { PackedVolume, VolumeMetadata, VolumeSettings } from "./transforms/index.ts";

/** Goes up with every change of what is stored, or of how a volume is preprocessed. */
const formatVersion = 2;

/** Where preprocessed volumes are kept, and how many bytes of them. */
export interface CacheSettings {
  readonly folder: string;
  readonly bytes: number;
}

/** A file as the file system knows it: the same numbers mean the same content. */
export interface FileState {
  readonly path: string;
  readonly numbers: string;
  /** When it was last changed in any way, in milliseconds since 1970. */
  readonly changedMs: number;
}

/** Volumes, and what was decided of a data set's units. */
const entryName = /^[0-9a-f]{64}\.(?:volume|units)$/;
const temporaryName = /^\.[0-9a-f]{64}\.(?:volume|units)\.(\d+)(?:-\d+)?\.tmp$/;

/** A change that comes so soon before a look at a file may share its time with another one that comes after. */
const unsettledMs = 100;

/**
 * Makes the folder ready: what killed runs left half-written goes, and the least recently used entries over the limit. Other
 * files are left alone. Throws what the file system says.
 */
export function prepareCache({ folder, bytes }: CacheSettings): void {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) {
    const writer = temporaryName.exec(name)?.[1];
    if (writer !== undefined && (!isAlive(Number(writer)) || isOld(join(folder, name))))
      rmSync(join(folder, name), { force: true });
  }
  makeRoom({ folder, bytes }, 0);
}

/**
 * How the file system sees a file now, or the archive that it lies in; null when it does not. A folder is all the files in it,
 * since a change of one is no change of the folder.
 */
export function fileState(file: StoredFile): FileState | null {
  if (typeof file !== "string") {
    const archive = fileState(file.path);
    return archive === null ? null : { ...archive, path: `${archive.path}\0${file.offset} ${file.bytes}` };
  }
  const path = file;
  const stat = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stat === undefined) return null;
  const numbers = numbersOf(stat);
  if (!stat.isDirectory()) return { path: resolve(path), numbers, changedMs: Number(stat.ctimeMs) };
  const hash = createHash("sha256").update(numbers);
  let changedMs = Number(stat.ctimeMs);
  for (const name of readdirSync(path).sort()) {
    const found = statSync(join(path, name), { bigint: true, throwIfNoEntry: false });
    hash.update(`\0${name}\0`).update(found === undefined ? "" : numbersOf(found));
    changedMs = Math.max(changedMs, Number(found?.ctimeMs ?? 0));
  }
  return { path: resolve(path), numbers: hash.digest("hex"), changedMs };
}

function numbersOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return [dev, ino, size, mtimeNs, ctimeNs].join(" ");
}

/**
 * The name of the entry of a file as it is now. It has the file's place, size and times instead of a hash of its content,
 * which would take longer than reading an entry: whatever writes to a file moves its time of change, and no program
 * can set that back.
 */
export function cacheKey(state: FileState, metadata: VolumeMetadata, settings: VolumeSettings): string {
  const { slope, intercept, xySpacing, zSpacing } = metadata;
  const { spacing, size, window, storage, transform } = settings;
  const parts = [
    formatVersion,
    state.path,
    state.numbers,
    slope,
    intercept,
    xySpacing,
    zSpacing,
    spacing,
    size,
    window,
    storage,
    // Entries from before this could be said stay good.
    ...(transform === undefined ? [] : [transform]),
    ...laterParts(settings),
  ];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

/** Settings that came after the others, where they are not these. Units are said where they change what a table says. */
const usualLater = {
  units: "",
  orientation: null,
  assumeOrientation: null,
  assumeSpacing: null,
  axes: "zxy",
  crop: "none",
  resize: "spacing",
  grid: "torch",
  otherWindows: [],
  clip: "before",
  range: [-1, 1],
  pad: -1,
} as const;

function laterParts(settings: VolumeSettings): readonly unknown[] {
  const later = { ...settings, units: settings.units === "hounsfield" ? settings.units : "" };
  const place = ["orientation", "assumeOrientation", "assumeSpacing", "axes", "crop", "resize", "grid"] as const;
  const names = ["units", ...place, "otherWindows", "clip", "range", "pad"] as const;
  const changed = names.filter((name) => JSON.stringify(later[name]) !== JSON.stringify(usualLater[name]));
  return changed.length === 0 ? [] : [changed.map((name) => [name, later[name]])];
}

/** True when a file changed so long ago that its state tells it from any later content. */
export function isSettled({ changedMs }: FileState, nowMs: number = Date.now()): boolean {
  return nowMs - changedMs > unsettledMs;
}

/** Entries whose hashes this thread found right, by their paths: the states that they had when it was done with them. */
const verified = new Map<string, string>();

/**
 * The entry of a key, marked as used now; null when there is none, and when it is damaged, which removes it. Its hash takes as long as
 * reading it three times, and is not looked at again while the file stays the one that was read before. Voxels are read to `used` where
 * that is memory of their size.
 */
export function readEntry(
  folder: string,
  key: string,
  settings: VolumeSettings,
  used: ArrayBuffer | null = null,
): PackedVolume | null {
  const path = join(folder, `${key}.volume`);
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return null;
  }
  try {
    const state = fstatSync(file, { bigint: true });
    const isVerified = verified.get(path) === numbersOf(state);
    const packed = readEntryFile(file, Number(state.size), { key, settings, isVerified, used });
    if (packed === null) rmSync(path, { force: true });
    else verified.set(path, numbersOf(markUsed(file) ?? state));
    return packed;
  } catch {
    return null;
  } finally {
    closeSync(file);
  }
}

/** Gives a file's state once it is marked; null for one that may not be, such as another user's. */
function markUsed(file: number): BigIntStats | null {
  try {
    futimesSync(file, new Date(), new Date());
    return fstatSync(file, { bigint: true });
  } catch {
    return null;
  }
}

/**
 * Stores a volume, and removes least recently used ones for it; one that is larger than the whole limit is not stored. A
 * reader sees all of it or nothing, also when processes write at the same time. Nobody waits for the disk: of what a lost machine left
 * incomplete there the hash is wrong. Throws what the file system says.
 */
export function writeEntry(settings: CacheSettings, key: string, packed: PackedVolume): void {
  const bytes = entryBytes(packed);
  if (bytes > settings.bytes) return;
  makeRoom(settings, bytes);
  const files = { ...machineFiles, sync: () => undefined };
  writeAtomically(join(settings.folder, `${key}.volume`), entryPieces(key, packed), files);
  // Others may have written meanwhile.
  makeRoom(settings, 0);
}

function makeRoom({ folder, bytes }: CacheSettings, needed: number): void {
  const entries = readdirSync(folder)
    .filter((name) => entryName.test(name))
    .flatMap((name) => {
      const stat = statSync(join(folder, name), { throwIfNoEntry: false });
      return stat === undefined ? [] : [{ name, size: stat.size, usedMs: stat.mtimeMs }];
    })
    .toSorted((a, b) => a.usedMs - b.usedMs);
  let total = entries.reduce((sum, { size }) => sum + size, needed);
  for (const { name, size } of entries) {
    if (total <= bytes) return;
    rmSync(join(folder, name), { force: true });
    total -= size;
  }
}

/** No write takes so long: its process is gone, and another one has its number, as in containers. */
function isOld(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat !== undefined && Date.now() - stat.mtimeMs > 3_600_000;
}

/** Signal 0 only asks. */
function isAlive(process_: number): boolean {
  try {
    return process_ > 0 && process.kill(process_, 0);
  } catch (error) {
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
