import { nearestText } from "../../../../grammar/index.ts";
import { at } from "../../../at.ts";
import type { Problem } from "../../../text/index.ts";
import { quoted, quotedList } from "../../quoted.ts";
import { isParquet, readTable } from "../../readers/index.ts";

/** Problems of a table's rows that are listed; a table that is wrong throughout need not fill a screen. */
const mostListed = 100;

/** The cells of a row that are wanted, in the order of the columns that are. */
export interface TableRow {
  readonly cells: readonly string[];
  /** Where it stands in its table: `line 7`, or `row 6` of a table without lines. */
  readonly place: string;
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
  const head = isParquet(file) ? "" : "line 1: ";
  const unit = isParquet(file) ? "row" : "line";
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
        const help = nearestText(first, columns) ?? `its columns are ${quotedList(columns, 10)}`;
        const message = `${head}it has no ${missing.length === 1 ? "column" : "columns"} ${quotedList(missing)}`;
        problems.push({ subject: file, message, help });
      } else if (repeated !== undefined) {
        problems.push({ subject: file, message: `${head}duplicate column ${quoted(repeated)}`, help: null });
      }
      return problems.length === 0;
    },
    row: (cells, line) => {
      rows.push({ cells: places.map((place) => (place < 0 ? "" : at(cells, place))), place: `${unit} ${line}` });
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
