import { nearestText } from "../../../../grammar/index.ts";
import { at } from "../../../at.ts";
import { failed, ok, type Problem, type Result } from "../../../text/index.ts";
import { quoted, quotedList } from "../../quoted.ts";
import type { TableKind } from "./table-kind.ts";

/** What a row says of a volume, and where it stands. */
interface Row<Value> {
  readonly value: Value;
  readonly file: string;
  readonly line: number;
}

/** A row that waits until its table's kind is known. */
interface WaitingRow {
  readonly key: string;
  readonly cells: readonly string[];
  readonly line: number;
}

/** The table that is being read: its columns, where they are, whether it is known to be of the kind. */
interface OpenTable {
  readonly kind: "whole";
  readonly file: string;
  readonly columns: readonly string[];
  readonly places: readonly number[];
  accepted: boolean;
  readonly waiting: WaitingRow[];
}

/** A table that lacks columns, and the volumes that it lists. */
interface PartialTable {
  readonly kind: "partial";
  readonly problem: Problem;
  readonly keys: Set<string>;
}

/** The rows of all tables of a kind, joined by volume. */
export class TableRows<Value> {
  readonly kind: TableKind<Value>;
  private readonly rows = new Map<string, Result<Row<Value>>>();
  private readonly partial: PartialTable[] = [];
  private found = false;
  private cut = false;
  private open: OpenTable | PartialTable | null = null;

  constructor(kind: TableKind<Value>) {
    this.kind = kind;
  }

  /** True when a table of this kind was there, whatever is wrong with it. */
  get exists(): boolean {
    return this.found;
  }

  /** True when every such table could be read to its end, so that a row that is not here is nowhere. */
  get complete(): boolean {
    return !this.cut;
  }

  /** Starts a table. Gives what is wrong with its header, and null also where it is not of this kind. */
  start(file: string, header: readonly string[]): Problem | null {
    const { present, missing } = this.kind.columns(header);
    this.open = null;
    if (present.length === 0) return null;
    const [firstMissing] = missing;
    if (firstMissing !== undefined) {
      const message = `line 1: ${this.kind.title} needs the ${missing.length === 1 ? "column" : "columns"} ${quotedList(missing)} too`;
      const others = header.filter((column) => !present.includes(column));
      const problem = { subject: file, message, help: nearestText(firstMissing, others) };
      this.open = { kind: "partial", problem, keys: new Set() };
      this.partial.push(this.open);
      return null;
    }
    const accepted = this.kind.accepts === null;
    this.found ||= accepted;
    const repeated = present.find((column) => header.indexOf(column) !== header.lastIndexOf(column));
    if (repeated !== undefined) {
      this.cut = true;
      return { subject: file, message: `line 1: duplicate column ${quoted(repeated)}`, help: null };
    }
    this.open = {
      kind: "whole",
      file,
      columns: present,
      places: present.map((column) => header.indexOf(column)),
      accepted,
      waiting: [],
    };
    return null;
  }

  /** True while a table is read that is of this kind, or may be. */
  get reading(): boolean {
    return this.open !== null;
  }

  /** True while a table is read that turned out to be of this kind, if with columns missing. */
  get taking(): boolean {
    return this.open !== null && (this.open.kind === "partial" || this.open.accepted);
  }

  /** Looks at the open table's row; `key` is null where the volume is not wanted. Gives what is wrong for all volumes. */
  add(key: string | null, row: readonly string[], line: number): Problem | null {
    if (this.open === null) return null;
    if (this.open.kind === "partial") {
      if (key !== null) this.open.keys.add(key);
      return null;
    }
    const { open } = this;
    const cells = open.places.map((index) => at(row, index));
    if (open.accepted) return key === null ? null : this.keep(open, { key, cells, line });
    const answer = this.kind.accepts?.(cells, open.columns);
    if (key !== null && answer !== "no") open.waiting.push({ key, cells, line });
    if (answer === "unknown") return null;
    if (answer === "no") {
      this.open = null;
      return null;
    }
    open.accepted = true;
    this.found = true;
    const problems = open.waiting.splice(0).map((each) => this.keep(open, each));
    return problems.find((problem) => problem !== null) ?? null;
  }

  /** Keeps a row of a wanted volume. Gives what is wrong for all volumes. */
  private keep({ file, columns }: OpenTable, { key, cells, line }: WaitingRow): Problem | null {
    const parsed = this.kind.parse(cells, columns);
    const before = this.rows.get(key);
    if (before?.kind === "failed") return null;
    if (before !== undefined) {
      return this.repeat(key, before.value, parsed.kind === "ok" ? parsed.value : null, file, line);
    }
    if (parsed.kind === "ok") this.rows.set(key, ok({ value: parsed.value, file, line }));
    else {
      const { message, help } = parsed.problem;
      this.rows.set(key, failed({ subject: file, message: `line ${line}: ${message}`, help }));
    }
    return null;
  }

  /** Of equal rows the first counts; of others none can be trusted. */
  private repeat(key: string, before: Row<Value>, value: Value | null, file: string, line: number): Problem | null {
    const where = before.file === file ? `line ${before.line}` : `${before.file}, line ${before.line}`;
    const message = `line ${line}: ${this.kind.title} has a second row for this volume, after ${where}`;
    if (value !== null && this.kind.same(before.value, value)) {
      return { subject: file, message: `${message}, with the same values`, help: "delete one of the two" };
    }
    const problem = {
      subject: file,
      message: `${message}, with different values`,
      help: "delete the wrong one of the two",
    };
    this.rows.set(key, failed(problem));
    return null;
  }

  /** Ends the open table; its rows are not all there when it is not complete. */
  end(complete: boolean): void {
    if (this.open?.kind === "whole" && !complete) this.cut = true;
    this.open = null;
  }

  /** What the tables say of a volume; null where they say nothing. */
  of(key: string): Result<{ readonly value: Value }> | null {
    return this.rows.get(key) ?? null;
  }

  /**
   * Tables that have some of the columns and not all: what is wrong with them, unless others have all that they could have
   * said.
   */
  get unfinished(): readonly Problem[] {
    const isMissed = ({ keys }: PartialTable): boolean => !this.found || [...keys].some((key) => !this.rows.has(key));
    return this.partial.filter(isMissed).map(({ problem }) => problem);
  }

  /** Whether a volume is in a table that lacks columns. */
  isInUnfinished(key: string): boolean {
    return this.partial.some(({ keys }) => keys.has(key));
  }

  /** Says that no table of this kind is in a folder, and which columns it would have, that of names among them. */
  absence(folder: string, columns: readonly string[]): Problem {
    const message = `there is no CSV table with the columns ${quotedList(columns, columns.length)}`;
    return {
      subject: folder,
      message,
      help: `${this.kind.title} is needed; it may have any name, and \`key\` in the \`data\` block says which column names volumes`,
    };
  }
}

/** The rule that a volume's name in a table breaks; null for a plain file name. */
export function wrongName(name: string): string | null {
  if (name === "") return "the row names no volume";
  if (/[/\\]/.test(name) || name === "." || name === "..")
    return `${quoted(name)} is a path, but a file name is expected`;
  return null;
}
