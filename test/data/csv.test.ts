import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readCsv } from "../../runtime/data/readers/csv.ts";
import { dataFolder } from "./data-folder.ts";

interface Read {
  readonly rows: readonly (readonly [line: number, ...cells: string[]])[];
  readonly rules: readonly string[];
  readonly complete: boolean;
}

async function read(content: string | Uint8Array): Promise<Read> {
  return await readFile(join(dataFolder({ "table.csv": content }), "table.csv"));
}

async function readFile(file: string): Promise<Read> {
  const rows: (readonly [number, ...string[]])[] = [];
  const { problems, complete } = await readCsv(file, {
    header: (columns) => rows.push([1, ...columns]) > 0,
    row: (cells, line) => rows.push([line, ...cells]) > 0,
  });
  expect(problems.every((problem) => problem.subject === file)).toBe(true);
  return { rows, rules: problems.map(({ message }) => message), complete };
}

describe("tables as people write them", () => {
  test.each([
    ["line feeds", "a,b\n1,2\n3,4\n"],
    ["carriage returns and line feeds", "a,b\r\n1,2\r\n3,4\r\n"],
    ["carriage returns", "a,b\r1,2\r3,4\r"],
    ["mixed line ends", "a,b\r\n1,2\n3,4\r"],
    ["no line end at the end", "a,b\n1,2\n3,4"],
    ["a byte order mark", "\uFEFFa,b\n1,2\n3,4\n"],
    ["quotes around everything", '"a","b"\n"1","2"\n"3","4"\n'],
  ])("with %s are the same table", async (_, text) => {
    const { rows, rules, complete } = await read(text);
    expect(rows).toEqual([
      [1, "a", "b"],
      [2, "1", "2"],
      [3, "3", "4"],
    ]);
    expect([rules, complete]).toEqual([[], true]);
  });

  test("a quoted cell may have commas, quotes and lines of its own, and lines are counted on", async () => {
    const { rows } = await read('a,b\n"x,\r\n""y""\nz",2\n\n\r\nlast,é日\n');
    expect(rows).toEqual([
      [1, "a", "b"],
      [2, 'x,\r\n"y"\nz', "2"],
      [7, "last", "é日"],
    ]);
  });

  test("a name that objects have of their own is a column like any other", async () => {
    expect((await read("__proto__,constructor\n1,2\n")).rows).toEqual([
      [1, "__proto__", "constructor"],
      [2, "1", "2"],
    ]);
  });

  test("characters and line ends that two pieces of a file share stay whole", async () => {
    const cell = "é日".repeat(1000);
    const rows = Array.from({ length: 400 }, (_, index) => `${index},"${cell}"\r\n`);
    const found = await read(`a,b\r\n${rows.join("")}`);
    expect(found.rules).toEqual([]);
    expect(found.rows.length).toBe(401);
    expect(
      found.rows.every(
        ([line, first, second], index) =>
          index === 0 || (line === index + 1 && first === `${index - 1}` && second === cell),
      ),
    ).toBe(true);
  });

  test("what a reader has seen enough of is not read on, whatever comes behind", async () => {
    const file = join(dataFolder({ "table.csv": 'a,b\n1,2\n3,"4' }), "table.csv");
    const lines: number[] = [];
    const form = { separator: ",", startByte: 0, line: 1 };
    const whole = { problems: [], complete: true, blankRows: 0, form };
    const stopped = await readCsv(file, { header: () => true, row: (_, line) => lines.push(line) < 1 });
    expect([lines, stopped]).toEqual([[2], whole]);
    expect(await readCsv(file, { header: () => false, row: () => true })).toEqual(whole);
  });
});

describe("separators", () => {
  const rows = [
    [1, "a", "b"],
    [2, "1", "x;y,z"],
  ];

  /** Reads a table that is known by its column `a`. */
  async function readKnown(content: string): Promise<readonly unknown[]> {
    const found: unknown[] = [];
    const file = join(dataFolder({ "table.csv": content }), "table.csv");
    const { problems } = await readCsv(file, {
      recognises: (columns) => columns.includes("a"),
      header: (columns) => found.push([1, ...columns]) > 0,
      row: (cells, line) => found.push([line, ...cells]) > 0,
    });
    return problems.length > 0 ? problems.map(({ message }) => message) : found;
  }

  test.each([
    ["commas", 'a,b\n1,"x;y,z"\n'],
    ["semicolons", 'a;b\n1;"x;y,z"\n'],
    ["tabs", "a\tb\r\n1\tx;y,z\r\n"],
    ["bars", "a|b\n1|x;y,z\n"],
    ["a byte order mark before semicolons", '\uFEFF"a";"b"\n1;"x;y,z"\n'],
  ])("%s are found by a header that is known", async (_, content) => {
    expect(await readKnown(content)).toEqual(rows);
  });

  test.each([
    ["sep=,", "sep=,\n"],
    ["sep=;", "sep=;\r\n"],
    ["a byte order mark", "\uFEFFsep=;\n"],
    ["quotes", '"sep=;"\n'],
    ["a row's commas behind it", "sep=,,,\n"],
    ["capitals", "SEP=;\n"],
  ])("Excel's first line says it: %s", async (_, first) => {
    const separator = first.includes(";") ? ";" : ",";
    const found = await readKnown(`${first}a${separator}b\n1${separator}"x;y,z"\n`);
    expect(found).toEqual([
      [1, "a", "b"],
      [3, "1", "x;y,z"],
    ]);
  });

  test("lines and bytes are counted behind Excel's first line", async () => {
    expect(await readKnown("sep=;\na;b\n1;é;3\n")).toEqual(["line 3: the row has 3 cells, but the header has 2"]);
    const latin = Buffer.from("sep=,\na,b\n1,é\n", "latin1");
    expect((await read(latin)).rules).toEqual(["line 3: it is not UTF-8"]);
  });

  test("commas are what is left: of a header that fits with commas too, and of one that fits with two others", async () => {
    expect(await readKnown("a,b;a\n1,2\n")).toEqual([
      [1, "a", "b;a"],
      [2, "1", "2"],
    ]);
    expect(await readKnown("x;a;y\ta\tz\n")).toEqual([[1, "x;a;y\ta\tz"]]);
    expect((await read("a;b\n1;2\n")).rows).toEqual([
      [1, "a;b"],
      [2, "1;2"],
    ]);
  });
});

describe("blank rows", () => {
  test("are left out and counted, wherever they are and however long; lines are counted on", async () => {
    const file = join(dataFolder({ "table.csv": ',,\n\na,b\n , \n1,2\n,,,,\n""\n3,4\n,\n,\n' }), "table.csv");
    const rows: unknown[] = [];
    const { problems, blankRows } = await readCsv(file, {
      header: (columns) => rows.push(columns) > 0,
      row: (cells, line) => rows.push([line, ...cells]) > 0,
    });
    expect(rows).toEqual([
      ["a", "b"],
      [5, "1", "2"],
      [8, "3", "4"],
    ]);
    expect([problems, blankRows]).toEqual([[], 6]);
  });

  test("a file of nothing else is empty", async () => {
    expect((await read(",,\n,,\n")).rules).toEqual(["it is empty, but a header is expected"]);
  });

  test("blank cells behind a row are left out, others are not, and a shorter row is refused", async () => {
    const { rows, rules } = await read("a,b\n1,2,, \n1,2,,3\n1\n");
    expect(rows.slice(1)).toEqual([[2, "1", "2"]]);
    expect(rules).toEqual([
      "line 3: the row has 4 cells, but the header has 2",
      "line 4: the row has 1 cell, but the header has 2",
    ]);
  });
});

describe("tables that are wrong", () => {
  const open = "line 3: the row that starts here has a quote that is never closed";
  const long = "line 2: the row that starts here has more than 1 MiB";
  test.each<[string, string | Uint8Array, number, string]>([
    ["an empty file", "", 0, "it is empty, but a header is expected"],
    ["a file of empty lines", "\n\r\n\n", 0, "it is empty, but a header is expected"],
    ["an open quote", 'a,b\n1,2\n3,"4\n5,6\n', 2, open],
    [
      "an open quote behind a line end within quotes",
      'a,b\n1,2\n"3\r\n",4\n5,"6',
      3,
      "line 5: the row that starts here has a quote that is never closed",
    ],
    [
      "a quote within a cell without quotes",
      'a,b\n1,2"2\n',
      1,
      "line 2: the row that starts here has a quote in a cell without quotes",
    ],
    [
      "text behind a closing quote",
      'a,b\n\n1,"2"2\n',
      1,
      "line 3: the row that starts here has text after a closing quote",
    ],
    ["a cell of 10 MB", `a,b\n1,${"x".repeat(10_000_000)}\n`, 1, long],
    ["a quoted cell of 10 MB with line ends", `a,b\n1,"${"x\n".repeat(5_000_000)}"\n`, 1, long],
    ["10 MB of commas", `a,b\n${",".repeat(10_000_000)}\n`, 1, long],
    ["a byte of value 0", "a,b\n1,2\n3,four\u0000\n", 2, "line 3: it contains a zero byte, so it is not text"],
    [
      "a byte that UTF-8 does not have",
      Buffer.from("a,b\n1,2\r\nUnmöglich,4\n", "latin1"),
      2,
      "line 3: it is not UTF-8",
    ],
    ["a character that ends with the file", Buffer.from("a,b\n1,é").subarray(0, 7), 1, "line 2: it is not UTF-8"],
    ["UTF-16", Buffer.from("\uFEFFa,b\n1,2\n", "utf16le"), 0, "line 1: it is not UTF-8"],
  ])("%s is refused with its line, and rows well before it are given", async (_, content, rows, rule) => {
    const found = await read(content);
    expect(found.rows.length).toBe(rows);
    expect(found.rules).toEqual([rule]);
    expect(found.complete).toBe(false);
  });

  test("rows with too many or too few cells are named and left out", async () => {
    const { rows, rules, complete } = await read("a,b\n1,2\n3\n4,5,6\n7,8\n");
    expect(rows.map(([line]) => line)).toEqual([1, 2, 5]);
    expect(rules).toEqual([
      "line 3: the row has 1 cell, but the header has 2",
      "line 4: the row has 3 cells, but the header has 2",
    ]);
    expect(complete).toBe(true);
  });

  test("a table whose rows are all of a wrong length is not read on", async () => {
    const { rules, complete } = await read(`a,b\n${"1\n".repeat(100_000)}`);
    expect(rules.length).toBe(101);
    expect(rules.at(-1)).toMatch(/^line 101: too many rows have the wrong length/);
    expect(complete).toBe(false);
  });

  test("what is no file is refused at once", async () => {
    const folder = dataFolder({});
    expect(spawnSync("mkfifo", [join(folder, "pipe.csv")]).status).toBe(0);
    expect((await readFile(join(folder, "pipe.csv"))).rules).toEqual(["it is not a file"]);
    expect((await readFile(folder)).rules).toEqual(["it is not a file"]);
    expect((await readFile(join(folder, "none.csv"))).rules).toEqual(["it cannot be read: it does not exist"]);
  });
});
