/** What the manual says of names that no file declares. */
export interface Manual {
  /** Of the settings of a block, by `train.batch` and the like. */
  readonly settings: ReadonlyMap<string, string>;
  /** Of the operations that every file knows, by their names. */
  readonly operations: ReadonlyMap<string, string>;
}

export const noManual: Manual = { settings: new Map(), operations: new Map() };

/**
 * Reads the tables of LANGUAGE.md: those whose first column is headed `setting`, below the name of their block, and the one of
 * `operations`.
 */
export function readManual(text: string): Manual {
  const settings = new Map<string, string>();
  const operations = new Map<string, string>();
  let heading = "";
  let table: readonly string[] = [];
  for (const line of text.split(/\r?\n/)) {
    const [, titled] = /^#+ (.*)$/.exec(line) ?? [];
    if (titled !== undefined) heading = titled === "Parameter groups" ? "group" : titled.replaceAll("`", "");
    const cells = line.startsWith("|") ? cellsOf(line) : [];
    const [first = ""] = cells;
    if (cells.length === 0) table = [];
    else if (table.length === 0) table = cells;
    else if (table[0] === "setting") {
      for (const name of namesIn(first)) settings.set(`${heading}.${name}`, describeRow(table, cells));
    } else if (table[0] === "operations") {
      for (const name of namesIn(first)) if (!operations.has(name)) operations.set(name, cells.slice(1).join(" "));
    }
  }
  return { settings, operations };
}

/** A bar within backquotes is written as `\|`. */
function cellsOf(line: string): readonly string[] {
  return line
    .replaceAll("\\|", "\u0000")
    .split("|")
    .slice(1, -1)
    .map((cell) => cell.replaceAll("\u0000", "|").trim());
}

/** The first word of everything in backquotes, and all words of what is no call. */
function namesIn(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]*)`/g)].flatMap(([, code = ""]) =>
    code
      .replace(/\(.*/, "")
      .split(/[\s,]+/)
      .filter((word) => /^[a-z_]\w*$/.test(word)),
  );
}

function describeRow(titles: readonly string[], cells: readonly string[]): string {
  const [, ...rest] = titles;
  return rest
    .flatMap((title, index) => {
      const cell = cells[index + 1] ?? "";
      return cell === "" ? [] : [title === "meaning" ? cell : `${title}: ${cell}`];
    })
    .join("  \n");
}
