import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { finished } from "node:stream/promises";
import { CsvError, type InfoRecord, Parser } from "csv-parse";
import { firstBadByte } from "../../files/index.ts";
import type { Problem } from "../../text/index.ts";
import { reasonOf } from "../reasons.ts";
import { lineAt } from "./lines.ts";
import { formOf, type TableForm } from "./separator.ts";

/** Bytes that a table may have: CT-RATE's reports, the largest of its tables, have some hundred million. */
const largestFile = 2 ** 30;
/** Bytes that a row may have, and so a cell. */
const longestRow = 2 ** 20;
const mostRows = 5_000_000;
/** With that many rows of a wrong length the file is not what its header says, and the rest is not read. */
const mostWrongRows = 100;
const bytesAtOnce = 2 ** 18;

type ParserRule = readonly [message: string, help: string | null];

const tooLong: ParserRule = ["has more than 1 MiB", "a quote may be open"];

/** What the parser's refusals mean, and what to do. */
const parserRules: ReadonlyMap<string, ParserRule> = new Map<string, ParserRule>([
  ["CSV_MAX_RECORD_SIZE", tooLong],
  ["CSV_QUOTE_NOT_CLOSED", ["has a quote that is never closed", null]],
  ["CSV_INVALID_CLOSING_QUOTE", ["has text after a closing quote", "double the quotes within a quoted cell"]],
  ["INVALID_OPENING_QUOTE", ["has a quote in a cell without quotes", "quote the cell and double the quotes within it"]],
]);

/** What becomes of a table's rows; each function says whether to go on reading. */
export interface RowReader {
  /** Whether these are the columns of a table that is looked for: it tells which separator a file has. Commas, where not given. */
  readonly recognises?: (columns: readonly string[]) => boolean;
  readonly header: (columns: readonly string[]) => boolean;
  /** A row of as many cells as the header has, and the line that it starts on, from 1. */
  readonly row: (cells: readonly string[], line: number) => boolean;
}

export interface CsvResult {
  readonly problems: readonly Problem[];
  /** False when the file could not be read to its end, so that rows are missing. */
  readonly complete: boolean;
  /** Rows whose cells are all blank, which are left out. */
  readonly blankRows: number;
  /** How the cells are separated; null where the file could not be looked at. */
  readonly form: TableForm | null;
}

/**
 * Reads a CSV file (RFC 4180 in UTF-8, with or without a byte order mark, with any line ends) in pieces, so that its size
 * does not matter for memory. Cells may be separated otherwise, see `formOf`. Lines without anything and rows of blank cells are
 * left out, and so are blank cells behind those of the header. Says what is wrong with the file; rows well before that have been
 * given.
 */
export async function readCsv(file: string, reader: RowReader): Promise<CsvResult> {
  let handle: FileHandle;
  try {
    // A pipe that nobody writes to must not make this wait.
    handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return unread(file, `it cannot be read: ${reasonOf(error)}`);
  }
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) return unread(file, "it is not a file");
    if (stat.size > largestFile) return unread(file, "it has more than 1 GiB");
    const form = await formOf(handle, reader.recognises ?? (() => false));
    const reading = new CsvReading(file, handle, reader, form);
    return await reading.read().catch((error: unknown) => reading.failed(`it cannot be read: ${reasonOf(error)}`));
  } catch (error) {
    return unread(file, `it cannot be read: ${reasonOf(error)}`);
  } finally {
    await handle.close();
  }
}

function unread(file: string, message: string): CsvResult {
  return { problems: [{ subject: file, message, help: null }], complete: false, blankRows: 0, form: null };
}

class CsvReading {
  private readonly file: string;
  private readonly handle: FileHandle;
  private readonly reader: RowReader;
  private readonly problems: Problem[] = [];
  private readonly parser: Parser;
  private columns = 0;
  private records = 0;
  private wrongRows = 0;
  private blankRows = 0;
  /** The line that the next row starts on, without the empty lines before it. */
  private line: number;
  private emptyLines = 0;
  /** Bytes of the file that the parser was given, and that are in whole rows, with what lies before the header. */
  private bytesGiven: number;
  private bytesDone: number;
  private readonly form: TableForm;
  private state: "reading" | "enough" | "broken" = "reading";
  private parseError: Error | null = null;

  constructor(file: string, handle: FileHandle, reader: RowReader, form: TableForm) {
    this.file = file;
    this.handle = handle;
    this.reader = reader;
    this.form = form;
    this.line = form.line;
    this.bytesGiven = form.startByte;
    this.bytesDone = form.startByte;
    this.parser = new Parser({
      bom: true,
      delimiter: form.separator,
      record_delimiter: ["\r\n", "\n", "\r"],
      relax_column_count: true,
      skip_empty_lines: true,
      max_record_size: longestRow,
      // Nothing is passed on, so that the stream never waits for a reader.
      on_record: (cells, context) => {
        this.take(cells, context);
        if (this.state === "reading") return null;
        throw new Error("the rest of the table is not read");
      },
    });
    this.parser.on("error", (error) => {
      this.parseError = error;
    });
  }

  async read(): Promise<CsvResult> {
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    const decode = (bytes: Uint8Array, last: boolean) => decoder.decode(bytes, { stream: !last });
    while (this.bytesGiven <= largestFile) {
      const { bytesRead, buffer } = await this.handle.read(
        Buffer.allocUnsafe(bytesAtOnce),
        0,
        bytesAtOnce,
        this.bytesGiven,
      );
      const bytes = buffer.subarray(0, bytesRead);
      const wrong = wrongByte(decode, bytes, bytesRead === 0);
      await this.give(wrong === null ? bytes : bytes.subarray(0, wrong.at));
      if (this.state !== "reading") return this.result();
      if (wrong !== null) {
        const line = await lineAt(this.handle, this.bytesGiven);
        return this.failed(`line ${line}: ${wrong.message}`, wrong.help);
      }
      if (bytesRead === 0) break;
    }
    this.parser.end();
    // Its errors are kept where they are emitted.
    await finished(this.parser, { readable: false }).catch(() => null);
    this.judgeParser();
    if (this.state === "reading" && this.records === 0) return this.failed("it is empty, but a header is expected");
    return this.result();
  }

  failed(message: string, help: string | null = null): CsvResult {
    this.break(message, help);
    return this.result();
  }

  private result(): CsvResult {
    this.parser.destroy();
    return { problems: this.problems, complete: this.state !== "broken", blankRows: this.blankRows, form: this.form };
  }

  private async give(bytes: Uint8Array): Promise<void> {
    if (bytes.length === 0) return;
    await new Promise<void>((resolve) => {
      this.parser.write(bytes, (error) => {
        this.parseError ??= error ?? null;
        resolve();
      });
    });
    this.bytesGiven += bytes.length;
    this.judgeParser();
    // The parser counts the bytes in a row's cells; a row of commas alone has none.
    if (this.state === "reading" && this.bytesGiven - this.bytesDone > longestRow + bytesAtOnce) {
      this.break(`${this.rowStart()} ${tooLong[0]}`, tooLong[1]);
    }
  }

  /** A record of the parser: the header, then rows. */
  private take(cells: readonly string[], { bytes, empty_lines: emptyLines }: InfoRecord): void {
    const line = this.line + emptyLines - this.emptyLines;
    this.emptyLines = emptyLines;
    this.line = line + 1 + cells.reduce((sum, cell) => sum + lineEndsIn(cell), 0);
    this.bytesDone = this.form.startByte + bytes;
    if (this.records + this.blankRows > mostRows) {
      this.break(`line ${line}: there are more than ${mostRows} rows`);
    } else if (cells.every(isBlank)) {
      this.blankRows++;
    } else if (this.records === 0) {
      this.records++;
      this.columns = cells.length;
      if (!this.reader.header(cells)) this.state = "enough";
    } else {
      this.records++;
      const isLonger = cells.length > this.columns && cells.slice(this.columns).every(isBlank);
      const own = isLonger ? cells.slice(0, this.columns) : cells;
      if (own.length !== this.columns) this.refuseRow(cells.length, line);
      else if (!this.reader.row(own, line)) this.state = "enough";
    }
  }

  private refuseRow(count: number, line: number): void {
    this.wrongRows++;
    const message = `line ${line}: the row has ${count} ${count === 1 ? "cell" : "cells"}, but the header has ${this.columns}`;
    this.problems.push({ subject: this.file, message, help: null });
    if (this.wrongRows < mostWrongRows) return;
    this.break(`line ${line}: too many rows have the wrong length; the rest is not read`);
  }

  private judgeParser(): void {
    if (this.parseError === null || this.state !== "reading") return;
    if (!(this.parseError instanceof CsvError)) throw this.parseError;
    const { code } = this.parseError;
    const [message, help] = parserRules.get(code) ?? [`is not valid CSV (${code})`, null];
    this.break(`${this.rowStart()} ${message}`, help);
  }

  private rowStart(): string {
    return `line ${this.line + this.parser.info.empty_lines - this.emptyLines}: the row that starts here`;
  }

  private break(message: string, help: string | null = null): void {
    this.state = "broken";
    this.problems.push({ subject: this.file, message, help });
  }
}

/** The first byte that a text cannot have, if there is one; `last` when nothing comes behind. */
function wrongByte(
  decode: (bytes: Uint8Array, last: boolean) => string,
  bytes: Uint8Array,
  last: boolean,
): { readonly at: number; readonly message: string; readonly help: string | null } | null {
  const nul = bytes.indexOf(0);
  const help = "save it as CSV in UTF-8";
  try {
    decode(nul === -1 ? bytes : bytes.subarray(0, nul), last);
  } catch {
    return { at: firstBadByte(bytes), message: "it is not UTF-8", help };
  }
  return nul === -1 ? null : { at: nul, message: "it contains a zero byte, so it is not text", help };
}

export function isBlank(cell: string): boolean {
  return cell.trim() === "";
}

function lineEndsIn(cell: string): number {
  // Most cells have none, and looking for them is what costs.
  return cell.includes("\n") || cell.includes("\r") ? cell.split(/\r\n|\n|\r/).length - 1 : 0;
}
