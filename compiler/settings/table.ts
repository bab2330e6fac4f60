import type { SettingReader } from "./reader.ts";

/** What the tables of a data set are called by, and where examples stand in one that is a table of files, texts and labels. */
export interface TableSettings {
  /** The column of the tables beside a folder of volumes that says which volume a row is about. */
  readonly key: string;
  /** The table, from the data folder; null for a data set in another layout. */
  readonly table: string | null;
  /** The table of what is held out; null where one column of `table` says what is. */
  readonly validTable: string | null;
  /** The columns of paths, of splits, and of the texts, in their order; null texts are the layout's own. */
  readonly file: string;
  readonly split: string;
  readonly text: readonly string[] | null;
  /** What is put between the columns of a text; null for the layout's own. */
  readonly textSeparator: string | null;
}

/** CT-RATE's column of names, and open_clip's columns of files and splits. */
export const defaultTable: TableSettings = {
  key: "VolumeName",
  table: null,
  validTable: null,
  file: "filepath",
  split: "split",
  text: null,
  textSeparator: null,
};

export const tableSettingNames = ["key", "table", "valid_table", "file", "split", "text", "text_separator"] as const;

/** Reads the settings of the `data` block that say where examples stand in tables. */
export function readTableSettings(reader: SettingReader<(typeof tableSettingNames)[number]>): TableSettings {
  const expected = "a list of different names of columns in quotes, at least one";
  const text = reader.strings("text", null, expected, (name) => name.trim() !== "");
  if (text?.length === 0) reader.refuse("text", expected);
  const table = reader.optionalString("table");
  const validTable = reader.optionalString("valid_table");
  if (validTable !== null && table === null) reader.refuse("valid_table", "set together with `table`");
  return {
    key: reader.string("key", defaultTable.key),
    table,
    validTable,
    file: reader.string("file", defaultTable.file),
    split: reader.string("split", defaultTable.split),
    text,
    textSeparator: reader.anyString("text_separator"),
  };
}
