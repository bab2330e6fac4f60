import { assignedSource, type LoadedProgram } from "../../compiler/index.ts";
import { createSource, formatSource, hasErrors, type Item, type ModelDeclaration, parse } from "../../grammar/index.ts";
import { failed, ok, type Result } from "../text/index.ts";

/** A spec that others are derived from. */
export interface BaseSpec {
  readonly program: LoadedProgram;
  /** The library's file of each adapter that is declared there. */
  readonly libraryAdapters: ReadonlyMap<string, string>;
}

/** What changes of a spec. */
export interface SpecEdits {
  /** Lines of a model that stand for its placements: placements, `freeze`, `train` and `expect`; null leaves those. */
  readonly lines: string | null;
  /** Values in the language by paths such as `train.batch` or `model.lora.rank`; null takes a setting away. */
  readonly settings: ReadonlyMap<string, string | null>;
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Derives a spec from another one by replacing what edits name in its text, so that all else, comments too, stays as it was
 * written. With other placements the base's expectations go: they are of its own. An adapter that the base does not know is
 * imported from the library. The text may have mistakes that the compiler finds; it fails for what does not belong where it
 * was written.
 */
export function deriveSpec({ program, libraryAdapters }: BaseSpec, { lines, settings }: SpecEdits): Result<string> {
  const { source, parsed } = program.entry;
  const { items } = parsed.file;
  const edits: Edit[] = [];
  if (lines !== null) {
    const read = readLines(lines);
    if (read.kind === "failed") return read;
    const model = items.find((item) => item.kind === "model");
    if (model === undefined) return wrong("the spec has no model", null);
    edits.push(
      ...placementEdits(model, source.text, lines),
      ...importEdits(items, program, read.value, libraryAdapters),
    );
  }
  for (const [setting, value] of settings) {
    if (value === null || isOneValue(value)) continue;
    return wrong(`\`${setting}\`: \`${value}\` is not a single value of the language`, null);
  }
  edits.push(...removedSettings(items, settings));
  const edited = createSource(source.name, applyEdits(source.text, edits));
  const given = [...settings].flatMap(([setting, value]) => (value === null ? [] : [`${setting} = ${value}`]));
  const { source: assigned, diagnostics } = assignedSource(edited, given);
  const refused = diagnostics.find(({ severity }) => severity === "error");
  if (refused !== undefined) return wrong(refused.message, refused.help);
  return ok(formatSource(assigned).text ?? assigned.text);
}

function wrong(message: string, help: string | null): Result<never> {
  return failed({ subject: "", message, help });
}

/** The adapters that lines of a model name; it fails where something else is among them. */
function readLines(lines: string): Result<readonly string[]> {
  const { file, diagnostics } = parse(createSource("placement", `model m {\n${lines}\n}\n`));
  const [model, ...others] = file.items;
  const members = model?.kind === "model" ? model.members : [];
  const allowed = members.filter(({ kind }) => lineKinds.has(kind));
  const isAllowed = model?.kind === "model" && others.length === 0 && allowed.length === members.length;
  // What cannot be read is shown by the compiler, in its place; brackets that close the model may not come so far.
  if (!isAllowed) {
    const help =
      "lines such as `lora(rank = 8) on text.attn.q`, `freeze heads.*`, `train text.layers[1]`, `expect trainable = 3_584`";
    return wrong("a placement of a sweep can only contain placements, `freeze`, `train` and `expect`", help);
  }
  if (members.length === 0 && !hasErrors(diagnostics)) return wrong("it contains no placement", null);
  const adapters = members.flatMap((member) =>
    member.kind === "placement" && member.adapter.callee.kind === "name" ? [member.adapter.callee.text] : [],
  );
  return ok(adapters);
}

const lineKinds: ReadonlySet<string> = new Set(["placement", "freeze-rule", "expect"]);

function isOneValue(value: string): boolean {
  const { file, diagnostics } = parse(createSource("setting", `train {\nx = ${value}\n}\n`));
  const [block, ...others] = file.items;
  return !hasErrors(diagnostics) && block?.kind === "settings" && block.entries.length === 1 && others.length === 0;
}

/** The lines come where rules for freezing and placements end, since the last rule that matches decides. */
function placementEdits(model: ModelDeclaration, text: string, lines: string): readonly Edit[] {
  const last = model.members.filter(({ kind }) => kind === "placement" || kind === "freeze-rule").at(-1);
  const own = lines.trimEnd();
  const removed = model.members.flatMap((member): readonly Edit[] => {
    if (member.kind !== "placement" && member.kind !== "expect") return [];
    const { start, end } = member.span;
    return [{ start, end, text: member === last ? `${own}${isLastOnLine(text, end) ? "" : "\n"}` : "" }];
  });
  if (last?.kind === "placement") return removed;
  const at = last === undefined ? model.span.end - 1 : endOfLine(text, last.span.end);
  return [...removed, insertLine(text, at, own)];
}

function insertLine(text: string, at: number, line: string): Edit {
  const before = /\n[ \t]*$/.test(text.slice(Math.max(0, at - 200), at)) ? "" : "\n";
  return { start: at, end: at, text: `${before}${line}${isLastOnLine(text, at) ? "" : "\n"}` };
}

function isLastOnLine(text: string, at: number): boolean {
  return /^[ \t]*(?:[\r\n]|$)/.test(text.slice(at, at + 200));
}

/** Behind the comment that follows on a line, so that it stays with what it is about. */
function endOfLine(text: string, from: number): number {
  const [rest = ""] = /^[^\r\n]*/.exec(text.slice(from)) ?? [];
  return /^\s*(?:#|$)/.test(rest) ? from + rest.length : from;
}

function importEdits(
  items: readonly Item[],
  { entry }: LoadedProgram,
  adapters: readonly string[],
  libraryAdapters: ReadonlyMap<string, string>,
): readonly Edit[] {
  const declared = [...items, ...entry.imports.flatMap(({ file }) => file.parsed.file.items)];
  const known = new Set(declared.flatMap((item) => (item.kind === "adapter" ? [item.name.text] : [])));
  const files = adapters.flatMap((adapter) => (known.has(adapter) ? [] : (libraryAdapters.get(adapter) ?? [])));
  const text = [...new Set(files)].map((file) => `import "std/${file}"`).join("\n");
  if (text === "") return [];
  const last = items.filter(({ kind }) => kind === "import").at(-1);
  if (last === undefined) return [{ start: 0, end: 0, text: `${text}\n` }];
  const { end } = last.span;
  return [{ start: end, end, text: `\n${text}` }];
}

/** Settings without a value are taken out. */
function removedSettings(items: readonly Item[], settings: ReadonlyMap<string, string | null>): readonly Edit[] {
  return items.flatMap((item): readonly Edit[] => {
    if (item.kind !== "settings") return [];
    const removed = item.entries.filter(({ name }) => settings.get(`${item.block}.${name.text}`) === null);
    return removed.map(({ span: { start, end } }) => ({ start, end, text: "" }));
  });
}

/** Edits of different places of a text; of those at one place, the first one's text comes first. */
function applyEdits(text: string, edits: readonly Edit[]): string {
  let edited = "";
  let position = 0;
  for (const { start, end, text: inserted } of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    edited += text.slice(position, start) + inserted;
    position = end;
  }
  return edited + text.slice(position);
}
