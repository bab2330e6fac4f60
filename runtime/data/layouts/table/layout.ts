import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { DataSettings } from "../../../../compiler/index.ts";
import { at } from "../../../at.ts";
import { failed, ok, type Problem, type Result } from "../../../text/index.ts";
import type { DatasetLayout, DatasetNeeds, Facts, Labels, ListedExample, Listing, SplitName } from "../../dataset.ts";
import { type LabelCell, labelCell, labelOf, missingLabelNotes } from "../../labels.ts";
import { compareNaturally } from "../../natural-order.ts";
import { quoted, quotedList } from "../../quoted.ts";
import { unstatedMetadata } from "../../transforms/index.ts";
import { fileAt } from "./place.ts";
import { readRows, type TableRow } from "./read-rows.ts";
import { splitsIn } from "./split.ts";

/** The column of captions where the `data` block names none, as in open_clip's tables. */
const usualText = ["title"] as const;

/** A table with a row for each example: the paths of its files, its texts and its labels. */
export const table: DatasetLayout = {
  recognises: async (path, settings) => settings.table !== null || (await isTable(path)),
  list: async (path, settings, needs) => {
    const sources = await sourcesOf(path, settings);
    const listing = new TableListing(sources.folder, settings, needs);
    for (const { file, splits } of sources.tables) await listing.read(file, splits);
    return listing.result();
  },
};

/** The folder that paths start from, and the tables with the splits that their rows are in; null where a column says it. */
interface TableSources {
  readonly folder: string;
  readonly tables: readonly { readonly file: string; readonly splits: readonly SplitName[] | null }[];
}

async function sourcesOf(path: string, { table: name, validTable }: DataSettings): Promise<TableSources> {
  if (await isTable(path)) return { folder: dirname(path), tables: [{ file: path, splits: null }] };
  const file = join(path, name ?? "");
  if (validTable === null) return { folder: path, tables: [{ file, splits: null }] };
  return {
    folder: path,
    tables: [
      { file, splits: ["train"] },
      { file: join(path, validTable), splits: ["valid"] },
    ],
  };
}

async function isTable(path: string): Promise<boolean> {
  if (!/\.(csv|tsv|parquet)$/i.test(path)) return false;
  try {
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

/** A row as an example. */
interface Entry extends ListedExample {
  readonly texts: readonly Result<string>[];
  readonly labels: Result<Labels>;
}

class TableListing {
  private readonly folder: string;
  private readonly settings: DataSettings;
  private readonly needs: DatasetNeeds;
  private readonly entries = new Map<ListedExample, Entry>();
  private readonly names = new Map<string, number>();
  private readonly problems: Problem[] = [];
  private readonly notes: string[] = [];
  private readonly labelRows: ReadonlyMap<string, LabelCell>[] = [];
  private readonly unused = new Map<string, number>();
  private hasSplits = false;
  private subject = "";

  constructor(folder: string, settings: DataSettings, needs: DatasetNeeds) {
    this.folder = folder;
    this.settings = settings;
    this.needs = needs;
  }

  async read(file: string, splits: readonly SplitName[] | null): Promise<void> {
    this.subject ||= file;
    if (splits !== null && this.needs.split !== "all" && !splits.includes(this.needs.split)) return;
    const columns = this.columns();
    const needed = [...columns.files, ...columns.texts.flat(), ...columns.labels];
    const { file: column } = this.settings;
    const [key = column, ...others] = [...new Set(needed)];
    const read = await readRows(file, { needed: [key, ...others], optional: [this.settings.split] });
    this.problems.push(...read.problems);
    this.notes.push(...read.notes);
    const isSplit = splits === null && read.columns.includes(this.settings.split);
    this.hasSplits ||= isSplit || splits !== null;
    const places = new Map([key, ...others, this.settings.split].map((name, place) => [name, place]));
    for (const row of read.rows) {
      const cell = (name: string): string => at(row.cells, at([places.get(name) ?? -1], 0));
      const own = splits ?? (isSplit ? splitsIn(cell(this.settings.split), this.settings) : ["train" as const]);
      if (own.length === 0) count(this.unused, cell(this.settings.split).trim());
      else if (this.needs.split === "all" || own.includes(this.needs.split)) this.add(file, row, own, columns, cell);
    }
  }

  /** The columns of what is needed, in its order. */
  private columns() {
    const { file, text } = this.settings;
    const { files, texts, labels } = this.needs;
    return {
      files: files.map((column) => column ?? file),
      texts: texts.map((columns) => columns ?? text ?? usualText),
      labels: labels === null || labels === "any" ? [] : labels,
    };
  }

  private add(
    file: string,
    { place: where }: TableRow,
    splits: readonly SplitName[],
    { files, texts, labels }: ReturnType<TableListing["columns"]>,
    cell: (name: string) => string,
  ): void {
    const places: string[] = [];
    for (const column of files) {
      const place = fileAt(cell(column), this.folder, column);
      if (place.kind === "failed") {
        this.problems.push({
          subject: file,
          message: `${where}: ${place.problem.message}`,
          help: place.problem.help,
        });
        return;
      }
      places.push(place.value);
    }
    const name = this.nameOf(cell(at(files, 0)).trim());
    const wrong = (message: string, help: string | null = null): Result<never> =>
      failed({ subject: file, message: `${where}: ${message} (${quoted(name)})`, help });
    const volume = { name, file: at(places, 0), files: places, splits };
    this.entries.set(volume, {
      ...volume,
      texts: texts.map((columns) => {
        const parts = columns.map((column) => cell(column).trim()).filter((part) => part !== "");
        return parts.length > 0
          ? ok(parts.join(this.separator))
          : wrong(`its text is empty: nothing in ${quotedList(columns)}`);
      }),
      labels: this.labelsOf(labels, cell, wrong),
    });
  }

  private get separator(): string {
    return this.settings.textSeparator ?? " ";
  }

  private labelsOf(
    columns: readonly string[],
    cell: (name: string) => string,
    wrong: (message: string, help?: string) => Result<never>,
  ): Result<Labels> {
    const cells = new Map<string, LabelCell>();
    for (const column of columns) {
      const text = cell(column);
      const label = labelCell(text);
      if (label === null) {
        const message = `its label for ${quoted(column)} is ${quoted(text)}, but 0 or 1 is expected`;
        return wrong(message, "leave the cell blank, or write -1, where the label is not known");
      }
      cells.set(column, label);
    }
    this.labelRows.push(cells);
    return ok(new Map([...cells].map(([column, label]) => [column, labelOf(label)])));
  }

  /** Rows of the same file, such as an image with several captions, are told apart by a number. */
  private nameOf(written: string): string {
    const times = count(this.names, written);
    return times === 1 ? written : `${written}#${times}`;
  }

  result(): Listing {
    const volumes = [...this.entries.keys()].sort((a, b) => compareNaturally(a.name, b.name));
    const { split } = this.needs;
    const isEmpty = volumes.length === 0 && this.problems.length === 0;
    const unused = [...this.unused].map(
      ([cell, rows]) =>
        `${rows} ${rows === 1 ? "row is" : "rows are"} not used: ${this.settings.split} is ${quoted(cell)}`,
    );
    const entryOf = (volume: ListedExample): Entry => {
      const entry = this.entries.get(volume);
      if (entry === undefined) throw new Error("invariant: what is listed has an entry");
      return entry;
    };
    const facts = <Value>(of: Facts<Value>["of"]): Facts<Value> => ({
      exist: true,
      absence: this.emptySplit("train"),
      of,
    });
    return {
      volumes,
      metadata: facts(() => ok(unstatedMetadata)),
      texts: this.needs.texts.map((_, place) => facts((volume) => at(entryOf(volume).texts, place))),
      labels: facts((volume) => entryOf(volume).labels),
      problems: [...this.problems, ...(isEmpty ? [this.emptySplit(split === "all" ? "train" : split)] : [])],
      notes: [...this.notes, ...unused, ...missingLabelNotes(this.labelRows)],
      orientation: null,
      recorded: [],
      columns: { file: this.settings.file, textSeparator: this.separator },
      emptySplit: (wanted) => this.emptySplit(wanted),
    };
  }

  private emptySplit(split: SplitName): Problem {
    const { split: column } = this.settings;
    const words = split === "train" ? "to train on" : "held out";
    const message =
      this.hasSplits || split === "train"
        ? `no row is ${words}`
        : `no row is held out: it has no column ${quoted(column)}`;
    const help = `add a column ${quoted(column)} of \`train\` and \`valid\`, or set \`valid_table\` in the data block`;
    return { subject: this.subject, message, help };
  }
}

/** Counts one more of a thing, and says how many there are now. */
function count(counts: Map<string, number>, name: string): number {
  const all = (counts.get(name) ?? 0) + 1;
  counts.set(name, all);
  return all;
}
