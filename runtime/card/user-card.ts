import { inFile, readTree } from "../sweep/index.ts";
import { failed, ok, type Problem, type Result } from "../text/index.ts";

/** What its user says of a model: fields for the hub, and sections of the card by their titles. */
export interface UserCard {
  /** Top-level fields as they were written, by their keys. */
  readonly fields: ReadonlyMap<string, string>;
  /** Markdown below each heading of the second level, by its text, in the order of the file. */
  readonly sections: ReadonlyMap<string, string>;
}

/** Reads a Markdown file with sections, which may begin with front matter. */
export function readUserCard(file: string, text: string): Result<UserCard> {
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  const end = lines[0] === "---" ? lines.indexOf("---", 1) : 0;
  if (end < 0)
    return failed({ subject: `${file}:1`, message: "its front matter has no end", help: "end it with `---`" });
  const fields = end === 0 ? ok(new Map<string, string>()) : readFields(file, lines.slice(1, end));
  if (fields.kind === "failed") return fields;
  const sections = new Map<string, string>();
  let title: string | null = null;
  let body: string[] = [];
  let fence: string | null = null;
  const close = (): void => {
    if (title !== null) sections.set(title, body.join("\n").trim());
    body = [];
  };
  for (const [index, line] of lines.entries()) {
    if (end > 0 && index <= end) continue;
    const [, mark = null] = /^ {0,3}(`{3,}|~{3,})/.exec(line) ?? [];
    if (fence === null) fence = mark;
    else if (mark?.startsWith(fence) === true) fence = null;
    const [, heading = null] = fence === null ? (/^## +(.*?) *#*$/.exec(line) ?? []) : [];
    if (heading === null) body.push(line);
    else {
      const problem = headingProblem(`${file}:${index + 1}`, heading, title, body, sections);
      if (problem !== null) return failed(problem);
      close();
      title = heading;
    }
  }
  if (title === null && body.some((line) => line.trim() !== ""))
    return failed({ subject: file, message: "it has no sections", help: "begin each with a line such as `## Limits`" });
  close();
  return ok({ fields: fields.value, sections });
}

function headingProblem(
  subject: string,
  heading: string,
  before: string | null,
  body: readonly string[],
  sections: ReadonlyMap<string, string>,
): Problem | null {
  if (before === null && body.some((line) => line.trim() !== ""))
    return { subject, message: "there is text before the first section", help: "put it into a section, below a `##`" };
  return before === heading || sections.has(heading)
    ? { subject, message: `duplicate section ${JSON.stringify(heading)}`, help: null }
    : null;
}

function readFields(file: string, lines: readonly string[]): Result<ReadonlyMap<string, string>> {
  const read = readTree(lines.join("\n"));
  if (read.kind === "failed") {
    const [first] = read.problem;
    if (first === undefined) throw new Error("invariant: a failure has a problem");
    const { place } = first;
    return failed(inFile(file, place === null ? first : { ...first, place: { ...place, line: place.line + 1 } }));
  }
  if (read.value.kind !== "mapping")
    return failed({
      subject: file,
      message: "its front matter has no fields",
      help: "write `key: value`, line by line",
    });
  const starts = [...read.value.entries.values()].map(({ key }) => ({ key: key.text, line: key.place.line - 1 }));
  const fields = new Map<string, string>();
  for (const [place, { key, line }] of starts.entries()) {
    const text = lines.slice(line, starts[place + 1]?.line ?? lines.length).join("\n");
    if (!/^[A-Za-z_][\w-]*$/.test(key) || !text.startsWith(`${key}:`)) {
      const message = `${JSON.stringify(key)} does not begin a line of its own`;
      return failed({ subject: `${file}:${line + 2}`, message, help: "write `key: value`, line by line" });
    }
    fields.set(key, text.trimEnd());
  }
  return ok(fields);
}
