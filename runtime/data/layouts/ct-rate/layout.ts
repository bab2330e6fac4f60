import type { DataSettings } from "../../../../compiler/index.ts";
import { at } from "../../../at.ts";
import { failed, ok, type Problem } from "../../../text/index.ts";
import type { DatasetLayout, DatasetNeeds, Facts, ListedExample, SplitName } from "../../dataset.ts";
import { missingLabelNotes } from "../../labels.ts";
import { compareNaturally } from "../../natural-order.ts";
import { quoted } from "../../quoted.ts";
import { unstatedMetadata, type VolumeMetadata } from "../../transforms/index.ts";
import { metadataColumns } from "./metadata.ts";
import { readTables } from "./read-tables.ts";
import { usualSeparator } from "./report-text.ts";
import { scanFolder, volumeKey } from "./scan-folder.ts";
import { inSplit, prefixesOf } from "./split.ts";
import { reportOf } from "./table-kinds.ts";
import type { TableRows } from "./table-rows.ts";

/** CT-RATE's layout: volumes anywhere below a folder, found and put into splits by their names, and tables known by their columns. */
export const ctRate: DatasetLayout = {
  // Any folder may be one. What it lacks is said then.
  recognises: () => true,
  list: async (folder, settings, needs) => {
    // An array states no spacing, so it is a volume where the spec says what spacing it has.
    const scan = await scanFolder(folder, { arrays: settings.assumeSpacing !== null });
    const absent = (columns: readonly string[]): readonly string[] => [settings.key, ...columns];
    const several = severalColumns(folder, needs);
    const all = (several.length > 0 ? [] : [...scan.volumes.values()])
      .sort((a, b) => compareNaturally(a.name, b.name))
      .map((volume) => ({
        ...volume,
        files: needs.files.map(() => volume.file),
        splits: splitsOf(volume.name, settings),
      }));
    const isWanted = ({ splits }: Pick<ListedExample, "splits">): boolean =>
      needs.split === "all" || splits.includes(needs.split);
    const volumes = all.filter(isWanted);
    const wanted = new Set(volumes.map(({ name }) => volumeKey(name)));
    const tables = await readTables(volumes.length === 0 ? [] : scan.tables, needs, settings, {
      stateOf: (key) => {
        if (wanted.has(key)) return "wanted";
        return scan.volumes.has(key) || scan.repeated.has(key) ? "other" : "absent";
      },
      likeOf: (key) => {
        const like = all.find(({ name }) => volumeKey(name).toLowerCase() === key.toLowerCase());
        return like?.name ?? null;
      },
    });
    const labelNotes = volumesBySplit(volumes).flatMap(([split, some], _, { length }) => {
      const rows = some.flatMap(({ name }) => {
        const row = tables.labels.of(volumeKey(name));
        return row?.kind === "ok" ? [row.value.value.cells] : [];
      });
      return missingLabelNotes(rows).map((note) => (length === 1 ? note : `${note}, ${split}`));
    });
    const isExplained = volumes.length > 0 || several.length > 0 || (scan.problems.length > 0 && all.length === 0);
    const classes = needs.labels === null || needs.labels === "any" ? [] : needs.labels;
    return {
      volumes,
      metadata: withOwn(
        factsOf(tables.metadata, "the metadata", folder, absent(metadataColumns), (metadata) => metadata),
        new Set(volumes.flatMap(({ file, standsAlone }) => (standsAlone ? [file] : []))),
      ),
      texts: needs.texts.map((columns, place) =>
        factsOf(
          at(tables.reports, place),
          "a report",
          folder,
          absent(reportOf(columns, settings).report),
          (report) => report,
        ),
      ),
      labels: factsOf(tables.labels, "labels", folder, absent(classes), ({ labels }) => labels),
      problems: [
        ...several,
        ...scan.problems,
        ...(isExplained ? [] : [emptySplit(folder, all, settings, needs.split)]),
        ...tables.problems,
      ],
      notes: [...scan.notes, ...tables.notes, ...labelNotes, ...unusedNote(volumes, settings)],
      orientation: null,
      recorded: [],
      columns: { file: null, textSeparator: settings.textSeparator ?? usualSeparator },
      emptySplit: (split) => emptySplit(folder, all, settings, split),
    };
  },
};

/** Volumes by what they are for; a split without any is left out. */
function volumesBySplit(volumes: readonly ListedExample[]): readonly (readonly [string, readonly ListedExample[]])[] {
  const groups = [
    ["to train on", volumes.filter(({ splits }) => splits.includes("train"))],
    ["held out", volumes.filter(({ splits }) => splits.includes("valid"))],
    ["in neither split", volumes.filter(({ splits }) => splits.length === 0)],
  ] as const;
  return groups.filter(([, some]) => some.length > 0);
}

function splitsOf(name: string, settings: DataSettings): readonly SplitName[] {
  return (["train", "valid"] as const).filter((split) => inSplit(name, split, settings));
}

function factsOf<Row, Value>(
  rows: TableRows<Row>,
  what: string,
  folder: string,
  columns: readonly string[],
  fact: (row: Row) => Value,
): Facts<Value> {
  return {
    exist: rows.exists,
    absence: rows.absence(folder, columns),
    of: ({ name, file }) => {
      const key = volumeKey(name);
      const row = rows.of(key);
      if (row?.kind === "ok") return ok(fact(row.value.value));
      if (row !== null) return failed({ ...row.problem, message: `${row.problem.message} (${quoted(name)})` });
      // What is wrong with a table is said once, and a row may stand in the part that could not be read.
      const isMissing = rows.exists && rows.complete && !rows.isInUnfinished(key);
      return failed(isMissing ? { subject: file, message: `no table has ${what} of this volume`, help: null } : null);
    },
  };
}

/** A folder has one file for each example, which would be taken for all. */
function severalColumns(folder: string, { files }: DatasetNeeds): readonly Problem[] {
  if (files.length < 2) return [];
  const columns = files.map((column) => (column === null ? "the volume" : quoted(column)));
  const message = `the model takes several files of an example (${columns.join(", ")}), and this folder has one for each`;
  return [{ subject: folder, message, help: "list the files in a table, and set `table` in the `data` block" }];
}

const volumesHelp =
  "volumes are files named *.nii.gz or *.nii, folders of DICOM files, and, with `assume_spacing` in the `data` block, *.npz and *.npy";

/** The metadata of a table, and where no row has them those that the files of some volumes say themselves. */
function withOwn(facts: Facts<VolumeMetadata>, own: ReadonlySet<string>): Facts<VolumeMetadata> {
  if (own.size === 0) return facts;
  return {
    ...facts,
    exist: true,
    of: (volume) => {
      const found = facts.of(volume);
      return found.kind === "failed" && own.has(volume.file) ? ok(unstatedMetadata) : found;
    },
  };
}

/** Says that a split has no volume among those that are there, and what their names start with. */
function emptySplit(
  folder: string,
  volumes: readonly ListedExample[],
  settings: DataSettings,
  split: DatasetNeeds["split"],
): Problem {
  if (volumes.length === 0 || split === "all") {
    return { subject: folder, message: "it contains no volumes", help: volumesHelp };
  }
  const shown = prefixesOf(volumes.map(({ name }) => name))
    .slice(0, 5)
    .map(([prefix, count]) => `${quoted(prefix)} (${count})`);
  const message = `no volume's name starts with ${quoted(settings[split])}`;
  const help = `names here start with ${shown.join(", ")}; \`${split}\` in the data block sets the prefix`;
  return { subject: folder, message, help };
}

/** Volumes that are in no split, which may not be what their owner thinks. */
function unusedNote(volumes: readonly ListedExample[], { train, valid }: DataSettings): readonly string[] {
  const count = volumes.filter(({ splits }) => splits.length === 0).length;
  if (count === 0) return [];
  const which =
    count === 1 ? "1 volume is not used: its name starts" : `${count} volumes are not used: their names start`;
  return [`${which} with neither ${quoted(train)} nor ${quoted(valid)}`];
}
