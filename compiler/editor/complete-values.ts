import { createSource, type Diagnostic, type File, parse, type Source, type Span } from "../../grammar/index.ts";
import { compileProgram } from "../compile.ts";
import type { Program } from "../load/index.ts";
import { readDataSettings, readEvalSettings, readInputSources, readTrainSettings } from "../settings/index.ts";
import type { Cursor } from "./cursor.ts";
import type { OpenSpec } from "./open-spec.ts";
import type { Completion, Suggestion } from "./suggestion.ts";

/** Stands where the cursor is: a name, or a string, that means nothing anywhere, so that who reads it says what it could be. */
const unknown = "what_is_being_typed";

/**
 * What can stand where the value of a setting, or an argument in it, is being written: a text with an unknown word in that place is read
 * as any other, and what it is refused for has the words that are known there. Null where that is no closed list.
 */
export function valuesAt(spec: OpenSpec, offset: number, cursor: Cursor): Completion | null {
  const { block, statement, inside, call } = cursor;
  const isSource = block === "model" && statement[0]?.image === "input" && statement.some(({ image }) => image === "=");
  if (!isSource && !(isValued(block) && statement.length > 0)) return null;
  const { text } = spec.source;
  const start = inside === "string" ? text.lastIndexOf('"', offset - 1) : cursor.start;
  const word = inside === "string" ? `"${unknown}"` : unknown;
  const after = text.slice(offset).replace(inside === "string" ? /^[^"\r\n]*"?/ : /^\w*/, "");
  const isCalled = after.startsWith("(");
  // A source is always a call.
  const written = isSource && call === null && !isCalled ? `${word}()` : word;
  const needsModel = isSource || ofModel.has(statement[0]?.image ?? "");
  for (const closing of ["", closingOf(cursor)]) {
    const source = createSource(spec.source.name, text.slice(0, start) + written + closing + after);
    const choices = choicesAt(spec.programOf(source), source, { start, end: start + word.length }, needsModel);
    if (choices.length === 0) continue;
    const fitting = inside === "string" ? choices.flatMap(unquote) : choices;
    const suggestions = fitting
      .map((choice) => suggestionOf(isCalled ? choice.replace(/\(\)$/, "") : choice))
      .filter((each) => call?.given.includes(each.text) !== true);
    return { start: inside === "string" ? start + 1 : start, suggestions };
  }
  return null;
}

function isValued(block: Cursor["block"]): boolean {
  return block === "train" || block === "data" || block === "eval";
}

/** What closes the brackets that are open in a statement. */
function closingOf({ statement }: Cursor): string {
  let closing = "";
  for (const { image } of statement) {
    if (image === "(") closing = `)${closing}`;
    else if (image === "[") closing = `]${closing}`;
    else if (image === ")" || image === "]") closing = closing.slice(1);
  }
  return closing;
}

/** Settings whose words follow from the model or are computed: its metrics, its inputs, its classes. */
const ofModel: ReadonlySet<string> = new Set(["keep_best", "prompts", "columns", "tasks"]);

/** What those who read a text know for what stands at a place of it. */
function choicesAt(
  program: Program,
  source: Source,
  { start, end }: Pick<Span, "start" | "end">,
  needsModel: boolean,
): readonly string[] {
  const choicesOf = (diagnostics: readonly Diagnostic[]): readonly string[] | undefined =>
    diagnostics.find(
      ({ span, choices }) => span?.source === source && span.start === start && span.end === end && choices.length > 0,
    )?.choices;
  const bySettings = choicesOf(readAll(program.entry.parsed.file));
  if (bySettings !== undefined || !needsModel) return bySettings ?? [];
  return choicesOf(compileProgram(program).diagnostics) ?? [];
}

/** What is wrong with settings and sources of inputs by themselves, whatever else is wrong with a spec. */
function readAll(file: File): readonly Diagnostic[] {
  const members = file.items.flatMap((item) => (item.kind === "model" ? item.members : []));
  const lets = members.flatMap((member) => (member.kind === "head-let" ? [member.name.text] : []));
  const inputs = members.flatMap((member) => (member.kind === "input" ? [member] : []));
  const data = readDataSettings(file);
  const { settings: evaluation, diagnostics } = readEvalSettings(file, lets);
  const around = { classes: evaluation.classes, prompts: evaluation.classes, volume: data.settings };
  return [
    ...readTrainSettings(file, {}).diagnostics,
    ...data.diagnostics,
    ...diagnostics,
    ...readInputSources(inputs, new Map(), around, 1).diagnostics,
  ];
}

/** `"bf16"` within quotes that are there already. */
function unquote(choice: string): readonly string[] {
  const { file } = parse(createSource("choice", `let choice = ${choice}`));
  const [item] = file.items;
  return item?.kind === "file-let" && item.value.kind === "string" ? [item.value.value] : [];
}

/** Of a call and of an argument, the name is what it is called. */
function suggestionOf(choice: string): Suggestion {
  const text = /^(\w+)(?: = |\(.*\))$/.exec(choice)?.[1] ?? choice;
  return { text, kind: choice.endsWith(" = ") ? "argument" : "value", detail: "", about: "", insert: choice };
}
