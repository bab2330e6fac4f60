import type { DataSettings } from "../../compiler/index.ts";
import type { Problem } from "../text/index.ts";
import { type Example, exampleOf, missingTables } from "./examples.ts";
import { compareNaturally } from "./natural-order.ts";
import { quoted } from "./quoted.ts";
import { readTables, type Tables } from "./read-tables.ts";
import { type FoundVolume, scanFolder } from "./scan-folder.ts";
import { inSplit, prefixesOf, type Split } from "./split.ts";

/** What a command needs of a data set. */
export interface DatasetNeeds {
  readonly reports: boolean;
  /** Classes whose labels are needed, whichever are there, or none. */
  readonly labels: readonly string[] | "any" | null;
  readonly split: Split;
}

export interface Dataset {
  /** Sorted by name, as people count. */
  readonly examples: readonly Example[];
  /** What is wrong, file by file; what is concerned is not among the examples. */
  readonly problems: readonly Problem[];
  /** What is no mistake and may explain a surprise, such as rows of volumes that are not here. */
  readonly notes: readonly string[];
}

/**
 * Opens a data set in CT-RATE's layout: volumes anywhere below a folder, found by their names, and tables known by their
 * columns. Reads no volume. The caller decides whether problems stop it; examples are right either way.
 */
export async function openDataset(folder: string, settings: DataSettings, needs: DatasetNeeds): Promise<Dataset> {
  const { volumes, tables, problems: found, notes } = await openFolder(folder, settings, needs);
  const problems = [...found];
  if (tables === null) return { examples: [], problems, notes };
  const wants = { report: needs.reports, labels: needs.labels !== null };
  problems.push(...missingTables(folder, tables, wants, classesOf(needs.labels)));
  const examples: Example[] = [];
  for (const volume of volumes) {
    const joined = exampleOf(volume, tables, wants);
    problems.push(...joined.problems);
    if (joined.example !== null) examples.push(joined.example);
  }
  return { examples, problems, notes };
}

/** The volumes of a split and what the tables say; without tables when there is no such volume. */
export interface OpenFolder {
  readonly volumes: readonly FoundVolume[];
  readonly tables: Tables | null;
  readonly problems: readonly Problem[];
  readonly notes: readonly string[];
}

/** Finds the volumes of a split, and reads the tables that are needed. */
export async function openFolder(folder: string, settings: DataSettings, needs: DatasetNeeds): Promise<OpenFolder> {
  const scan = await scanFolder(folder);
  const all = [...scan.volumes.values()].sort((a, b) => compareNaturally(a.name, b.name));
  const volumes = all.filter(({ name }) => inSplit(name, needs.split, settings));
  if (volumes.length === 0) {
    const empty = scan.problems.length > 0 && all.length === 0 ? [] : [emptySplit(folder, all, settings, needs.split)];
    return { volumes, tables: null, problems: [...scan.problems, ...empty], notes: scan.notes };
  }
  const tables = await readTables(scan.tables, needs, (key) => {
    const volume = scan.volumes.get(key);
    if (volume === undefined) return scan.repeated.has(key) ? "other" : "absent";
    return inSplit(volume.name, needs.split, settings) ? "wanted" : "other";
  });
  return {
    volumes,
    tables,
    problems: [...scan.problems, ...tables.problems],
    notes: [...scan.notes, ...tables.notes],
  };
}

export function classesOf(labels: DatasetNeeds["labels"]): readonly string[] {
  return labels === null || labels === "any" ? [] : labels;
}

/** Says that a split has no volume among those that are there, and what their names start with. */
export function emptySplit(
  folder: string,
  volumes: readonly FoundVolume[],
  settings: DataSettings,
  split: Split,
): Problem {
  if (volumes.length === 0 || split === "all") {
    return { subject: folder, message: "there is no volume in it", help: "volumes are files named *.nii.gz or *.nii" };
  }
  const shown = prefixesOf(volumes.map(({ name }) => name))
    .slice(0, 5)
    .map(([prefix, count]) => `${quoted(prefix)} (${count})`);
  const message = `no volume's name starts with ${quoted(settings[split])}`;
  const help = `names here start with ${shown.join(", ")}; \`${split}\` in the data block says which are meant`;
  return { subject: folder, message, help };
}
