import type { Dirent } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { at } from "../../../at.ts";
import type { Problem } from "../../../text/index.ts";
import type { ListedExample } from "../../dataset.ts";
import { type LinkStore, linkStoreOf, targetOf } from "../../links.ts";
import { compareNaturally } from "../../natural-order.ts";
import { quoted } from "../../quoted.ts";
import { isArrayFile, isDicomFolder } from "../../readers/index.ts";
import { reasonOf } from "../../reasons.ts";

/** How deep below the data folder tables and volumes are looked for; a file right in it has depth 1. */
const deepestTable = 4;
const deepestVolume = 8;
const mostEntries = 2_000_000;
const foldersAtOnce = 32;
const linksAtOnce = 64;

/** A volume's file, whatever split it is in. */
interface FoundVolume extends Pick<ListedExample, "name" | "file"> {
  /** Whether it needs no row of the metadata table: a folder of slices, which say themselves what that says, or an array. */
  readonly standsAlone: boolean;
}

/** A path of the data folder, and the same without links; null where the data folder cannot be read. */
interface Place {
  readonly path: string;
  readonly real: string | null;
}

interface Link {
  readonly name: string;
  readonly path: string;
  readonly depth: number;
}

/** What is in a data folder, in an order that does not depend on the machine. */
export interface FolderScan {
  /** By the names that tables may use, see `volumeKey`; without those that are there twice. */
  readonly volumes: ReadonlyMap<string, FoundVolume>;
  /** The names of those. */
  readonly repeated: ReadonlySet<string>;
  readonly tables: readonly string[];
  readonly problems: readonly Problem[];
  readonly notes: readonly string[];
}

/**
 * What a volume goes by: its file's name, which stays the same when somebody unpacks the file, or writes the ending of its name in
 * capitals. Tables name arrays with and without the ending.
 */
export function volumeKey(name: string): string {
  return name.replace(/\.nii(\.gz)?$/i, ".nii").replace(/\.np[yz]$/i, "");
}

const volumeName = /\.nii(\.gz)?$/i;
const tableName = /\.(csv|tsv)$/i;

/** Files that may be somebody's volumes or tables, and that this layout does not read. */
const otherData =
  /(\.nii\.\w+|\.(csv|tsv|tar)\.\w+|\.(nrrd|nhdr|mha|mhd|mgz|mgh|hdr|img|dcm|dicom|ima|npy|npz|h5|hdf5|tar|tgz|zip|7z|rar|bz2|xz|parquet|xlsx?|ods))$/i;

/**
 * Finds the volumes (`*.nii`, `*.nii.gz`, folders of DICOM files, and where `arrays` says so `*.npz` and `*.npy`) and tables (`*.csv`,
 * `*.tsv`) below a folder; endings may be in capitals. Links are followed where they lead to the data folder's own files, see `targetOf`, so that nothing outside is read;
 * names that start with a dot are left out, as editors and file systems put copies there.
 */
export async function scanFolder(folder: string, { arrays }: { readonly arrays: boolean }): Promise<FolderScan> {
  // What is wrong with the folder is said where it is read.
  const store = await linkStoreOf(folder).catch(() => null);
  const scan = new Scan(arrays);
  await scan.readFrom([{ path: folder, real: store?.root ?? null }], 1);
  if (store !== null) await scan.followLinks(store);
  return scan.result();
}

class Scan {
  private readonly arrays: boolean;
  private readonly problems: Problem[] = [];
  private readonly files: (FoundVolume & { readonly real: string | null; readonly isLink: boolean })[] = [];
  private readonly tables = new Map<string, string>();
  /** Folders that were looked into, without links. */
  private readonly seen = new Set<string>();
  private links: Link[] = [];
  private entries = 0;
  private outside = 0;
  private outsideName = "";
  private dangling = 0;
  private danglingName = "";
  private tooDeep = false;
  private deepTables = 0;
  private readonly others = new Map<string, number>();

  constructor(arrays: boolean) {
    this.arrays = arrays;
  }

  /** Looks into some folders of one depth, and into all below. */
  async readFrom(folders: readonly Place[], depth: number): Promise<void> {
    let level = folders;
    for (let deep = depth; deep <= deepestVolume && level.length > 0; deep++) level = await this.readLevel(level, deep);
    this.tooDeep ||= level.length > 0;
  }

  /** Follows the links that were found, and those that are found so. */
  async followLinks(store: LinkStore): Promise<void> {
    while (this.links.length > 0) {
      const links = this.links.toSorted((a, b) => compareNaturally(a.path, b.path));
      this.links = [];
      for (let from = 0; from < links.length; from += linksAtOnce) {
        const some = links.slice(from, from + linksAtOnce);
        const targets = await Promise.all(some.map(({ path }) => targetOf(path, store)));
        for (const [index, target] of targets.entries()) {
          const { name, path, depth } = at(some, index);
          switch (target.kind) {
            case "file":
              this.takeFile(name, { path, real: target.real }, depth, true);
              break;
            case "folder":
              await this.readFrom([{ path, real: target.real }], depth + 1);
              break;
            case "outside":
              if (this.outside++ === 0) this.outsideName = path;
              break;
            case "nowhere":
              if (this.dangling++ === 0) this.danglingName = path;
              break;
          }
        }
      }
    }
  }

  /** Reads the folders of one level, and gives those of the next. */
  private async readLevel(folders: readonly Place[], depth: number): Promise<readonly Place[]> {
    const next: Place[] = [];
    const fresh = folders.filter(({ real }) => real === null || !this.seen.has(real));
    for (const { real } of fresh) if (real !== null) this.seen.add(real);
    for (let from = 0; from < fresh.length; from += foldersAtOnce) {
      const some = fresh.slice(from, from + foldersAtOnce);
      const read = await Promise.all(some.map(({ path }) => this.readFolder(path)));
      for (const [index, entries] of read.entries()) {
        const folder = at(some, index);
        this.entries += entries.length;
        if (this.entries > mostEntries) {
          const message = `there are more than ${mostEntries} files and folders in it`;
          this.problems.push({ subject: folder.path, message, help: "name the folder of the data set alone" });
          return [];
        }
        for (const entry of entries) this.take(folder, entry, depth, next);
        if (await isDicomFolder(folder.path, entries)) {
          const { path, real } = folder;
          this.files.push({ name: basename(resolve(path)), file: path, real, isLink: false, standsAlone: true });
        }
      }
    }
    return next;
  }

  private async readFolder(folder: string): Promise<readonly Dirent[]> {
    try {
      return await readdir(folder, { withFileTypes: true });
    } catch (error) {
      this.problems.push({ subject: folder, message: `it cannot be read: ${reasonOf(error)}`, help: null });
      return [];
    }
  }

  private take(folder: Place, entry: Dirent, depth: number, next: Place[]): void {
    const { name } = entry;
    if (name.startsWith(".")) return;
    const place = { path: join(folder.path, name), real: folder.real === null ? null : join(folder.real, name) };
    if (entry.isDirectory()) next.push(place);
    else if (entry.isSymbolicLink()) this.links.push({ name, path: place.path, depth });
    else if (entry.isFile()) this.takeFile(name, place, depth, false);
  }

  private takeFile(name: string, { path, real }: Place, depth: number, isLink: boolean): void {
    const isArray = this.arrays && isArrayFile(name);
    if (isArray || volumeName.test(name)) this.files.push({ name, file: path, real, isLink, standsAlone: isArray });
    else if (tableName.test(name)) this.takeTable({ path, real }, depth);
    else {
      const [ending] = otherData.exec(name) ?? [];
      if (ending === undefined) return;
      const kind = ending.toLowerCase();
      this.others.set(kind, (this.others.get(kind) ?? 0) + 1);
    }
  }

  /** A link to a table that is there already is not another table. */
  private takeTable({ path, real }: Place, depth: number): void {
    if (depth > deepestTable) this.deepTables++;
    else if (!this.tables.has(real ?? path)) this.tables.set(real ?? path, path);
  }

  result(): FolderScan {
    const volumes = new Map<string, (typeof this.files)[number]>();
    const repeated = new Set<string>();
    for (const found of this.files.toSorted((a, b) => compareNaturally(a.file, b.file))) {
      const key = volumeKey(found.name);
      const first = volumes.get(key);
      if (first === undefined || (first.real !== null && first.real === found.real)) {
        // Of a file and a link to it, the file is shown.
        if (first === undefined || first.isLink) volumes.set(key, found);
        continue;
      }
      repeated.add(key);
      const message = `the volume ${quoted(found.name)} is in two places; the other is ${first.file}`;
      this.problems.push({ subject: found.file, message, help: "keep one of them, or name a folder that has one" });
    }
    for (const key of repeated) volumes.delete(key);
    return {
      volumes: new Map([...volumes].map(([key, { name, file, standsAlone }]) => [key, { name, file, standsAlone }])),
      repeated,
      tables: [...this.tables.values()].toSorted(compareNaturally),
      problems: this.problems,
      notes: this.passedOver(),
    };
  }

  /** What was not looked at. */
  private passedOver(): readonly string[] {
    const notes: string[] = [];
    if (this.tooDeep) notes.push(`folders deeper than ${deepestVolume} levels were not looked into`);
    if (this.deepTables > 0) {
      const tables = this.deepTables === 1 ? "1 table was" : `${this.deepTables} tables were`;
      notes.push(`${tables} not read: deeper than ${deepestTable} levels`);
    }
    if (this.outside > 0) {
      const what = `${this.outside} symbolic ${this.outside === 1 ? "link was" : "links were"} not followed, such as ${this.outsideName}`;
      notes.push(
        `${what}: copy the data with \`cp -rL\`, or name the folder that ${this.outside === 1 ? "it leads" : "they lead"} to`,
      );
    }
    if (this.dangling > 0) {
      const what = `${this.dangling} symbolic ${this.dangling === 1 ? "link leads" : "links lead"} nowhere, such as ${this.danglingName}`;
      notes.push(`${what}: download or copy the data again`);
    }
    if (this.others.size > 0) {
      const kinds = [...this.others].toSorted(([a], [b]) => compareNaturally(a, b));
      notes.push(`files that are not read: ${kinds.map(([ending, count]) => `${count} *${ending}`).join(", ")}`);
    }
    return notes;
  }
}
