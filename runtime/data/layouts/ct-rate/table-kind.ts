import type { Result } from "../../../text/index.ts";
import type { Fault } from "../../problem.ts";

/** Which of a kind's columns a header has; a table with none of them is of another kind. */
export interface Columns {
  readonly present: readonly string[];
  readonly missing: readonly string[];
}

/** A kind of table, known by its columns, with what its rows say of volumes. */
export interface TableKind<Value> {
  /** `a metadata table`, as messages say it. */
  readonly title: string;
  readonly columns: (header: readonly string[]) => Columns;
  /**
   * Whether a table is of this kind after all, once a row is known, asked from the first one on until it is known; null where
   * its columns say so.
   */
  readonly accepts: ((cells: readonly string[], columns: readonly string[]) => "yes" | "no" | "unknown") | null;
  /** Reads the cells of the columns, in their order, or says which rule they break. */
  readonly parse: (cells: readonly string[], columns: readonly string[]) => Result<Value, Fault>;
  readonly same: (a: Value, b: Value) => boolean;
}

/** Which of some columns a header has. */
export function columnsIn(header: readonly string[], wanted: readonly string[]): Columns {
  return {
    present: wanted.filter((column) => header.includes(column)),
    missing: wanted.filter((column) => !header.includes(column)),
  };
}
