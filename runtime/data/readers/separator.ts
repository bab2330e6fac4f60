import type { FileHandle } from "node:fs/promises";
import { parse } from "csv-parse/sync";

/** How the cells of a table are separated, and where its header starts: the byte, from 0, and the line, from 1. */
export interface TableForm {
  readonly separator: string;
  readonly startByte: number;
  readonly line: number;
}

/** What spreadsheets separate cells by where a comma is the decimal point, and other programs. */
const otherSeparators = [";", "\t", "|"] as const;

/** Excel's own first line, `sep=;`, which other programs save with the commas of a row behind it. */
const separatorLine = /^\uFEFF?"?sep=([,;\t|])"?[,;\t| ]*(?:\r\n|\r|\n)/i;

/** Bytes that a header is looked for in. */
const peekedBytes = 2 ** 16;

/**
 * Finds the separator of a file's cells: what Excel's first line says, or else a comma, unless the header is one that
 * `recognises` knows with exactly one other separator, and not with commas.
 */
export async function formOf(
  handle: FileHandle,
  recognises: (columns: readonly string[]) => boolean,
): Promise<TableForm> {
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(peekedBytes), 0, peekedBytes, 0);
  const text = buffer.toString("utf8", 0, bytesRead);
  const [line, separator] = separatorLine.exec(text) ?? [];
  if (line !== undefined && separator !== undefined) {
    return { separator, startByte: Buffer.byteLength(line), line: 2 };
  }
  const fits = (candidate: string): boolean => text.includes(candidate) && recognises(headerIn(text, candidate));
  const [only = ",", another] = fits(",") ? [] : otherSeparators.filter(fits);
  return { separator: another === undefined ? only : ",", startByte: 0, line: 1 };
}

/** The first row that has anything, cut at a separator; nothing where it cannot be cut so. */
function headerIn(text: string, delimiter: string): readonly string[] {
  try {
    const options = { bom: true, delimiter, relax_column_count: true, to: 1, record_delimiter: ["\r\n", "\n", "\r"] };
    const [header = []] = parse(text, { ...options, skip_empty_lines: true, skip_records_with_empty_values: true });
    return header;
  } catch {
    return [];
  }
}
