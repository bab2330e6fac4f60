import { didYouMean } from "../../../../grammar/index.ts";
import { at } from "../../../at.ts";
import type { Problem } from "../../../text/index.ts";
import { quoted, quotedList } from "../../quoted.ts";
import { readTable } from "../../readers/index.ts";

/** Problems of a table's rows that are listed; a table that is wrong throughout need not fill a screen. */
const mostListed = 100;

/** The cells of a row that are wanted, in the order of the columns that are. */
export interface TableRow {
  readonly cells: readonly string[];
  readonly line: number;
}

export interface TableRows {
  readonly rows: readonly TableRow[];
  /** All columns of the table. */
  readonly columns: readonly string[];
  readonly problems: readonly Problem[];
  readonly notes: readonly string[];
}

/** What a table must have, and may have. */
export interface WantedColumns {
  readonly needed: readonly [key: string, ...others: string[]];
  readonly optional: readonly string[];
}

/**
 * Reads a table's rows: the cells of the needed columns and then of the optional ones, which are empty where there is no such
 * column. Without a needed column there are no rows and a problem.
 */
export async function readRows(file: string, { needed, optional }: WantedColumns): Promise<TableRows> {
  const rows: TableRow[] = [];
  const problems: Problem[] = [];
  let found: readonly string[] = [];
  let places: readonly number[] = [];
  const wanted = [...needed, ...optional];
  const result = await readTable(file, {
    wanted: [...needed, ...optional],
    header: (columns) => {
      found = columns;
      places = wanted.map((column) => columns.indexOf(column));
      const missing = needed.filter((column) => !columns.includes(column));
      const repeated = wanted.find((column) => columns.indexOf(column) !== columns.lastIndexOf(column));
      const [first] = missing;
      if (first !== undefined) {
        const help = didYouMean(first, columns) ?? `its columns are ${quotedList(columns, 10)}`;
        const message = `line 1: it has no ${missing.length === 1 ? "column" : "columns"} ${quotedList(missing)}`;
        problems.push({ subject: file, message, help });
      } else if (repeated !== undefined) {
        problems.push({ subject: file, message: `line 1: duplicate column ${quoted(repeated)}`, help: null });
      }
      return problems.length === 0;
    },
    row: (cells, line) => {
      rows.push({ cells: places.map((place) => (place < 0 ? "" : at(cells, place))), line });
      return true;
    },
  });
  return {
    rows,
    columns: found,
    problems: [...problems, ...result.problems].slice(0, mostListed),
    notes: result.notes,
  };
}
