import { at } from "../../at.ts";
import { listWords, printCount } from "../../text/index.ts";
import { problemOf } from "../problem.ts";
import { quoted } from "../quoted.ts";
import { type CsvResult, isBlank, type RowReader, readCsv } from "./csv.ts";
import { readParquet } from "./parquet/read-parquet.ts";
import type { TableForm } from "./separator.ts";

/** What becomes of a table's rows; its header and its rows are without columns that have no name. */
export interface TableReader extends Omit<RowReader, "recognises"> {
  /** Columns that are looked for. The first is the one without which a table is of no use. */
  readonly wanted: readonly [key: string, ...others: string[]];
}

export interface TableResult extends Omit<CsvResult, "blankRows" | "form"> {
  /** What was left out of the table, and which column was read for another, where any of it was read. */
  readonly notes: readonly string[];
}

/**
 * Reads a table as people keep them: names of columns may have blanks around them, a wanted column may be written in other
 * letter case or with its words joined otherwise (`Volume Name` for `VolumeName`) where only one is, columns without a name, such as
 * the index that pandas writes, and blank rows are left out.
 */
export async function readTable(file: string, reader: TableReader): Promise<TableResult> {
  return isParquet(file) ? readParquetTable(file, reader) : readCsvTable(file, reader);
}

/** Whether a table is one of typed columns, whose rows have numbers and no lines. */
export function isParquet(file: string): boolean {
  return /\.parquet$/i.test(file);
}

/** Only the columns that are looked for are read; the cells of others are blank. */
async function readParquetTable(file: string, { wanted, header, row }: TableReader): Promise<TableResult> {
  const headers: Header[] = [];
  let places: readonly number[] = [];
  let isGoing = true;
  const wrong = await readParquet(file, {
    columns: (names) => {
      const read = readHeader(names, wanted);
      if (!header(read.columns)) return null;
      headers.push(read);
      places = [...read.columns.keys()].filter((place) => wanted.includes(at(read.columns, place)));
      return places.map((place) => at(read.places, place));
    },
    row: (found, number) => {
      const [read] = headers;
      if (read === undefined || !isGoing) return;
      const cells = new Array<string>(read.columns.length).fill("");
      for (const [index, place] of places.entries()) cells[place] = at(found, index);
      isGoing = row(cells, number);
    },
  });
  return {
    problems: wrong === null ? [] : [problemOf(file, wrong)],
    complete: wrong === null,
    notes: headers.flatMap((read) => notesOf(file, read, 0, null)),
  };
}

async function readCsvTable(file: string, { wanted, header, row }: TableReader): Promise<TableResult> {
  const headers: Header[] = [];
  let unnamedRows = 0;
  const { problems, complete, blankRows, form } = await readCsv(file, {
    recognises: (cells) => readHeader(cells, wanted).columns.includes(wanted[0]),
    header: (cells) => {
      const read = readHeader(cells, wanted);
      if (!header(read.columns)) return false;
      headers.push(read);
      return true;
    },
    row: (cells, line) => {
      const [read] = headers;
      if (read === undefined || read.unnamed === 0) return row(cells, line);
      const named = pick(cells, read.places);
      if (!named.every(isBlank)) return row(named, line);
      // Nothing but an index, say.
      unnamedRows++;
      return true;
    },
  });
  const blank = blankRows + unnamedRows;
  return { problems, complete, notes: headers.flatMap((read) => notesOf(file, read, blank, form)) };
}

interface Header {
  readonly columns: readonly string[];
  /** Where these columns stand in a row. */
  readonly places: readonly number[];
  readonly unnamed: number;
  readonly renamed: ReadonlyMap<string, string>;
  /** A name that had blanks around it, and how many there are. */
  readonly padded: string | null;
  readonly paddedCount: number;
}

/** Zero-width characters come along when a name is copied; `trim` leaves them. */
const around = /^[\s\u200B-\u200D\u2060\uFEFF]+|[\s\u200B-\u200D\u2060\uFEFF]+$/g;

/** What pandas calls a column without a name when it writes a table that it has read. */
const unnamedColumn = /^(Unnamed: \d+(_level_\d+)?)?$/;

function readHeader(cells: readonly string[], wanted: readonly string[]): Header {
  const names = cells.map((cell) => cell.replace(around, ""));
  const places = [...names.keys()].filter((place) => !unnamedColumn.test(at(names, place)));
  const columns = pick(names, places);
  const padded = pick(cells, places).filter((cell) => cell !== cell.replace(around, ""));
  const renamed = new Map<string, string>();
  for (const name of wanted) {
    const [near, another] = columns.includes(name) ? [] : nearNames(name, columns);
    if (near !== undefined && another === undefined) renamed.set(near, name);
  }
  return {
    columns: columns.map((column) => renamed.get(column) ?? column),
    places,
    unnamed: cells.length - places.length,
    renamed,
    padded: padded[0] ?? null,
    paddedCount: padded.length,
  };
}

/** The columns that are a name in other letter case, or with its words joined otherwise. */
export function nearNames(name: string, columns: readonly string[]): readonly string[] {
  const plain = (text: string): string => text.toLowerCase().replace(/[\s_-]+/g, "");
  return columns.filter((column) => plain(column) === plain(name));
}

const separatorNames: ReadonlyMap<string, string> = new Map([
  [";", "semicolons"],
  ["\t", "tabs"],
  ["|", "vertical bars"],
]);

function pick(cells: readonly string[], places: readonly number[]): readonly string[] {
  return places.map((place) => at(cells, place));
}

function notesOf(
  file: string,
  { unnamed, renamed, padded, paddedCount }: Header,
  blankRows: number,
  form: TableForm | null,
): readonly string[] {
  const isExpected = form === null || form.separator === (/\.tsv$/i.test(file) ? "\t" : ",");
  const separator = isExpected ? null : (separatorNames.get(form.separator) ?? null);
  const ignored = [
    ...(form?.line === 2 ? ["its first line, which names the separator"] : []),
    ...(padded === null
      ? []
      : [`blanks around ${paddedCount === 1 ? quoted(padded) : `${paddedCount} columns, such as ${quoted(padded)}`}`]),
    ...(unnamed === 0 ? [] : [`${unnamed} ${unnamed === 1 ? "column" : "columns"} without a name`]),
    ...(blankRows === 0 ? [] : [`${printCount(blankRows)} blank ${blankRows === 1 ? "row" : "rows"}`]),
  ];
  const read = [...renamed].map(([from, to]) => `${file}: the column ${quoted(from)} is read as ${quoted(to)}`);
  return [
    ...(separator === null ? [] : [`${file}: its cells are separated by ${separator}`]),
    ...read,
    ...(ignored.length === 0 ? [] : [`${file}: ignored ${listWords(ignored, "and")}`]),
  ];
}
