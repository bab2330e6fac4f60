import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import {
  type AsyncBuffer,
  type FileMetaData,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
  type SchemaTree,
} from "hyparquet";
import { at } from "../../../at.ts";
import { failed, ok, type Result } from "../../../text/index.ts";
import { type Fault, fault } from "../../problem.ts";
import { quoted } from "../../quoted.ts";
import { reasonOf } from "../../reasons.ts";
import { codecs, isRead } from "./codecs.ts";

/** As of other tables. */
const largestFile = 2 ** 30;
const mostRows = 5_000_000;
/** Two marks and the length of a record. */
const smallestFile = 12;
/** Rows that are given at once. */
const rowsAtOnce = 20_000;

export interface ParquetFile {
  readonly columns: string[];
  /** Gives the cells of columns, row group after row group; nothing else is read. */
  readonly read: (
    places: readonly number[],
    give: (rows: string[][], before: number) => void | Promise<void>,
  ) => Promise<Result<void, Fault>>;
  readonly close: () => Promise<void>;
}

/** Opens a Parquet file, of which the record at its end is read. Never throws for what a file holds. */
export async function openParquet(path: string): Promise<Result<ParquetFile, Fault>> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return failed(fault(`it cannot be read: ${reasonOf(error)}`));
  }
  const opened = await openRecord(handle);
  if (opened.kind === "failed") await handle.close();
  return opened;
}

async function openRecord(handle: FileHandle): Promise<Result<ParquetFile, Fault>> {
  const stat = await handle.stat();
  if (!stat.isFile()) return failed(fault("it is not a file"));
  if (stat.size > largestFile) return failed(fault("it has more than 1 GiB"));
  if (stat.size < smallestFile) return failed(fault("it is not a Parquet file"));
  const file = bufferOf(handle, stat.size);
  try {
    const start = Buffer.from(await file.slice(0, 4)).toString("latin1");
    if (start === "PARE") return failed(fault("it is encrypted", "write it without encryption"));
    if (start !== "PAR1") return failed(fault("it is not a Parquet file"));
    const metadata = await parquetMetadataAsync(file);
    const tree = parquetSchema(metadata).children;
    const wrong = recordFault(metadata);
    if (wrong !== null) return failed(wrong);
    // A damaged record may lack what its type says that it has.
    const columns = tree.map(({ element: { name } }) => nameIn(name));
    return ok({
      columns,
      read: (places, give) =>
        readGroups(
          { file, metadata },
          places.map((place) => at(tree, place)),
          give,
        ),
      close: () => handle.close(),
    });
  } catch (error) {
    return failed(damaged(error));
  }
}

function nameIn(name: unknown): string {
  if (typeof name === "string") return name;
  throw new Error("a column has no name");
}

/** The bytes of a file, of which a part that is not there is an error and not shorter. */
function bufferOf(handle: FileHandle, size: number): AsyncBuffer {
  return {
    byteLength: size,
    slice: async (start, end = size) => {
      const from = start < 0 ? Math.max(0, size + start) : start;
      if (!(from <= end && end <= size)) throw new Error(`bytes ${from} to ${end} of ${size} are not there`);
      const bytes = new Uint8Array(end - from);
      for (let done = 0; done < bytes.length; ) {
        const { bytesRead } = await handle.read(bytes, done, bytes.length - done, from + done);
        if (bytesRead === 0) throw new Error("the file became shorter while it was read");
        done += bytesRead;
      }
      return bytes.buffer;
    },
  };
}

/** What a library says of a damaged file is for its authors; where it was at may help. */
function damaged(error: unknown): Fault {
  const [reason = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
  return fault(`it is damaged, or no Parquet file: ${reason.slice(0, 200)}`, "copy or download it again");
}

function recordFault({ num_rows: all, row_groups: groups }: FileMetaData): Fault | null {
  const rows = groups.map(({ num_rows: count }) => count);
  const sum = rows.reduce((total, count) => total + count, 0n);
  if (rows.some((count) => count < 0n) || sum !== all) {
    return fault(`it is damaged: its row groups have ${sum} rows, and it says ${all}`, "copy or download it again");
  }
  return sum > BigInt(mostRows) ? fault(`it has ${sum} rows, and at most ${mostRows} are read`) : null;
}

type Source = { readonly file: AsyncBuffer; readonly metadata: FileMetaData };

async function readGroups(
  { file, metadata }: Source,
  wanted: readonly SchemaTree[],
  give: (rows: string[][], before: number) => void | Promise<void>,
): Promise<Result<void, Fault>> {
  const names = wanted.map(({ element }) => element.name);
  const wrong = columnFault(metadata, wanted);
  if (wrong !== null) return failed(wrong);
  let before = 0;
  for (const { num_rows: count } of metadata.row_groups) {
    const end = before + Number(count);
    let rows: readonly unknown[] = [];
    try {
      const range = { rowStart: before, rowEnd: end };
      const parsers = { stringFromBytes: strictText, jsonFromBytes: strictText };
      await parquetRead({
        ...{ file, metadata, columns: names, ...range, compressors: codecs, parsers, geoparquet: false },
        onComplete: (all) => {
          rows = all;
        },
      });
    } catch (error) {
      return failed(damaged(error));
    }
    for (let from = 0; from < rows.length; from += rowsAtOnce) {
      const cells: string[][] = [];
      for (const [index, row] of rows.slice(from, from + rowsAtOnce).entries()) {
        const read = cellsOf(row, names, before + from + index + 1);
        if (read.kind === "failed") return read;
        cells.push(read.value);
      }
      await give(cells, before + from);
    }
    if (rows.length !== Number(count)) return failed(damaged(`${rows.length} of ${count} rows are there`));
    before = end;
  }
  return ok(undefined);
}

function strictText(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
}

/** Why columns cannot be read: those of lists or of several values, and those whose packing is not known. */
function columnFault({ row_groups: groups }: FileMetaData, wanted: readonly SchemaTree[]): Fault | null {
  for (const { element, children } of wanted) {
    const { name } = element;
    if (children.length > 0 || element.repetition_type === "REPEATED") {
      return fault(`its column ${quoted(name)} has lists or several values in a cell`, "write a column for each");
    }
    for (const { columns, num_rows: rows } of groups) {
      const chunk = columns.find(
        ({ meta_data: data }) => data?.path_in_schema.length === 1 && data.path_in_schema[0] === name,
      );
      const data = chunk?.meta_data;
      if (data === undefined) return damaged(`a row group has no column ${name}`);
      if (chunk?.file_path !== undefined) return fault(`its column ${quoted(name)} is in another file`);
      if (data.num_values !== rows) return damaged(`a column has ${data.num_values} values in ${rows} rows`);
      if (!isRead(data.codec)) {
        const message = `its column ${quoted(name)} is compressed with ${data.codec}, which is not read`;
        return fault(message, "write it with snappy, gzip or no compression");
      }
    }
  }
  return null;
}

function cellsOf(row: unknown, names: readonly string[], number: number): Result<string[], Fault> {
  if (!Array.isArray(row)) return failed(damaged(`row ${number} is not there`));
  const values: readonly unknown[] = row;
  const cells: string[] = [];
  for (const [place, name] of names.entries()) {
    const cell = cellOf(values[place]);
    if (cell === null) {
      const message = `row ${number}: its ${quoted(name)} is neither a text nor a number`;
      return failed(values[place] === undefined ? damaged(`row ${number} has no ${name}`) : fault(message));
    }
    cells.push(cell);
  }
  return ok(cells);
}

/** A value as a cell of a table: nothing for a missing one, and 1 or 0 for a truth. Null for what no cell can be. */
function cellOf(value: unknown): string | null {
  switch (typeof value) {
    case "string":
      return value;
    case "number":
    case "bigint":
      return String(value);
    case "boolean":
      return value ? "1" : "0";
    default:
      if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
      return value === null ? "" : null;
  }
}
