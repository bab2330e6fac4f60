import type { SettingReader } from "./reader.ts";

/** Where a data set's examples stand that is a table of files, texts and labels. */
export interface TableSettings {
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

/** open_clip's columns. */
export const defaultTable: TableSettings = {
  table: null,
  validTable: null,
  file: "filepath",
  split: "split",
  text: null,
  textSeparator: null,
};

export const tableSettingNames = ["table", "valid_table", "file", "split", "text", "text_separator"] as const;

/** Reads the settings of the `data` block that say where examples stand in tables. */
export function readTableSettings(reader: SettingReader<(typeof tableSettingNames)[number]>): TableSettings {
  const expected = "a list of different names of columns in quotes, at least one";
  const text = reader.strings("text", null, expected, (name) => name.trim() !== "");
  if (text?.length === 0) reader.refuse("text", expected);
  const table = reader.optionalString("table");
  const validTable = reader.optionalString("valid_table");
  if (validTable !== null && table === null) reader.refuse("valid_table", "set together with `table`");
  return {
    table,
    validTable,
    file: reader.string("file", defaultTable.file),
    split: reader.string("split", defaultTable.split),
    text,
    textSeparator: reader.anyString("text_separator"),
  };
}
