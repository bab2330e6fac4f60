import type { DataSettings } from "../../../../compiler/index.ts";
import { nearestText } from "../../../../grammar/index.ts";
import { at } from "../../../at.ts";
import type { Problem } from "../../../text/index.ts";
import type { DatasetNeeds } from "../../dataset.ts";
import { quoted, quotedList } from "../../quoted.ts";
import { nearNames, readTable } from "../../readers/index.ts";
import type { VolumeMetadata } from "../../transforms/index.ts";
import { metadataColumns } from "./metadata.ts";
import { volumeKey } from "./scan-folder.ts";
import { anyLabelsKind, type LabelRow, labelsKind, metadataKind, reportOf, reportsKind } from "./table-kinds.ts";
import { TableRows, wrongName } from "./table-rows.ts";

/** Problems of a table's rows that are listed; a table that is wrong throughout need not fill a screen. */
const mostListed = 100;
/** Tables of no use that are named; some data sets have hundreds. */
const mostUnused = 5;

/** What the tables of a data folder say, by volume; of those that are not wanted, nothing. */
export interface Tables {
  readonly metadata: TableRows<VolumeMetadata>;
  /** In the order of what is needed. */
  readonly reports: readonly TableRows<string>[];
  readonly labels: TableRows<LabelRow>;
  readonly problems: readonly Problem[];
  readonly notes: readonly string[];
}

/** What is known of the volumes that rows are about, by their keys. */
interface KnownVolumes {
  /** Whether a volume is wanted, there but not wanted, or has no file. */
  readonly stateOf: (key: string) => "wanted" | "other" | "absent";
  /** The name of a volume that has the key in other letter case. */
  readonly likeOf: (key: string) => string | null;
}

/**
 * Reads the tables among some CSV files, known by their columns, and joins those of a kind. Of rows, only those of wanted
 * volumes are kept.
 */
export async function readTables(
  files: readonly string[],
  wanted: Pick<DatasetNeeds, "texts" | "labels">,
  settings: Pick<DataSettings, "key" | "text" | "textSeparator">,
  volumes: KnownVolumes,
): Promise<Tables> {
  const metadata = new TableRows(metadataKind);
  const sections = wanted.texts.map((columns) => reportOf(columns, settings));
  const reports = sections.map((each) => new TableRows(reportsKind(each)));
  const reportColumns = [...new Set([reportOf(null, settings), ...sections].flatMap(({ report }) => report))];
  const { labels: classes } = wanted;
  const labels = new TableRows(
    classes === null || classes === "any" ? anyLabelsKind(settings.key, reportColumns) : labelsKind(classes),
  );
  const kinds = [metadata, ...reports, ...(classes === null ? [] : [labels])];
  const problems: Problem[] = [];
  const notes: string[] = [];
  const unused: string[] = [];
  for (const file of files) {
    const reading = new TableReading(file, kinds, { key: settings.key, classes, reportColumns }, volumes);
    await reading.read();
    problems.push(...reading.problems);
    notes.push(...reading.notes);
    if (reading.unused !== null) unused.push(`${file} is not used: ${reading.unused}`);
  }
  notes.push(...unused.slice(0, mostUnused));
  if (unused.length > mostUnused) notes.push(`${unused.length - mostUnused} more tables are not used`);
  return { metadata, reports, labels, problems: [...problems, ...kinds.flatMap((rows) => rows.unfinished)], notes };
}

type AnyRows = TableRows<VolumeMetadata> | TableRows<string> | TableRows<LabelRow>;

/** Names of columns that are shown of a table that is not used. */
const shownColumns = 5;

/** The columns that tables are known by, besides those of metadata. */
interface SoughtColumns {
  /** That says which volume a row is about. */
  readonly key: string;
  readonly classes: DatasetNeeds["labels"];
  readonly reportColumns: readonly string[];
}

class TableReading {
  readonly problems: Problem[] = [];
  readonly notes: string[] = [];
  /** Why nothing of the table is used; null where it is, or where the table is of a kind that is not wanted. */
  unused: string | null = null;
  private readonly file: string;
  private readonly kinds: readonly AnyRows[];
  private readonly volumes: KnownVolumes;
  private readonly sought: SoughtColumns;
  private columns: readonly string[] = [];
  private nameAt = -1;
  private rows = 0;
  private absent = 0;
  private absentName = "";
  private unlisted = 0;

  constructor(file: string, kinds: readonly AnyRows[], sought: SoughtColumns, volumes: KnownVolumes) {
    this.file = file;
    this.kinds = kinds;
    this.sought = sought;
    this.volumes = volumes;
  }

  async read(): Promise<void> {
    const result = await readTable(this.file, {
      wanted: [this.sought.key, ...metadataColumns, ...this.sought.reportColumns],
      header: (columns) => this.header(columns),
      row: (cells, line) => this.row(cells, line),
    });
    this.problems.push(...result.problems);
    const isUsed = this.kinds.some((rows) => rows.taking);
    if (isUsed) this.notes.push(...result.notes);
    else if (this.problems.length === 0) this.unused = this.whyUnused();
    for (const rows of this.kinds) rows.end(result.complete);
    if (this.unlisted > 0) {
      this.problems.push({ subject: this.file, message: `${this.unlisted} more of its rows are wrong`, help: null });
    }
    if (this.absent === 0) return;
    const share = `${this.absent} of ${this.rows}`;
    const like = this.volumes.likeOf(volumeKey(this.absentName));
    this.notes.push(
      `${this.file}: rows of volumes that are not in the folder: ${share}, such as ${quoted(this.absentName)}` +
        (like === null ? "" : `; the folder has ${quoted(like)}`),
    );
  }

  private header(columns: readonly string[]): boolean {
    this.columns = columns;
    const { key } = this.sought;
    this.nameAt = columns.indexOf(key);
    if (this.nameAt === -1) return false;
    if (columns.lastIndexOf(key) !== this.nameAt) {
      this.refuse(`line 1: duplicate column ${quoted(key)}`);
      return false;
    }
    for (const rows of this.kinds) {
      const problem = rows.start(this.file, columns);
      if (problem !== null) this.list(problem);
    }
    return this.isRead();
  }

  private row(cells: readonly string[], line: number): boolean {
    const name = at(cells, this.nameAt).trim();
    const message = wrongName(name);
    const key = volumeKey(name);
    const state = message === null ? this.volumes.stateOf(key) : "other";
    for (const rows of this.kinds) {
      const problem = rows.add(state === "wanted" ? key : null, cells, line);
      if (problem !== null) this.list(problem);
    }
    if (!this.isRead()) return false;
    this.rows++;
    if (message !== null) this.refuse(`line ${line}: ${message}`);
    if (state === "absent") {
      if (this.absent === 0) this.absentName = name;
      this.absent++;
    }
    return true;
  }

  private whyUnused(): string | null {
    const { columns } = this;
    const { key, classes, reportColumns } = this.sought;
    const shown = `its columns are ${quotedList(columns, shownColumns)}`;
    if (this.nameAt === -1) {
      const [only = "", another] = columns;
      if (another === undefined && /^\.\.\//.test(only)) {
        return "it holds the path that a link led to: copy the data again with `cp -rL`";
      }
      if (only.startsWith("version https://git-lfs.")) {
        return "it is a pointer of Git LFS: run `git lfs pull` where the data was cloned";
      }
      return `it has no column ${quoted(key)}; ${nearestText(key, columns) ?? shown}`;
    }
    const isOfKind = [...metadataColumns, ...reportColumns].some((column) => columns.includes(column));
    if (isOfKind || classes === null) return null;
    if (classes === "any") return `it is not a metadata, reports or labels table; ${shown}`;
    const near = classes.flatMap((name) => nearNames(name, columns).map((column) => [column, name] as const));
    const [first] = near;
    const hint = first === undefined ? shown : `did you mean ${quoted(first[1])} by its column ${quoted(first[0])}?`;
    return `it has neither metadata nor reports nor a column of a class; ${hint}`;
  }

  private isRead(): boolean {
    return this.kinds.some((rows) => rows.reading);
  }

  private refuse(message: string, help: string | null = null): void {
    this.list({ subject: this.file, message, help });
  }

  private list(problem: Problem): void {
    if (this.problems.length < mostListed) this.problems.push(problem);
    else this.unlisted++;
  }
}
