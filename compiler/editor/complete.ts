import { builtinNames } from "../elaborate/index.ts";
import { type Element, groupSettingNames } from "../select/index.ts";
import { dataSettingNames, evalSettingNames, trainSettingNames } from "../settings/index.ts";
import { unimported } from "./complete-imports.ts";
import { isInSelector, selectorsAfter } from "./complete-selectors.ts";
import { valuesAt } from "./complete-values.ts";
import { type BlockKind, type Cursor, cursorAt, pathBefore } from "./cursor.ts";
import type { Declaration } from "./declarations.ts";
import { commentAbove, headOf } from "./describe.ts";
import type { Manual } from "./manual.ts";
import type { OpenSpec } from "./open-spec.ts";
import type { Scope } from "./scope.ts";
import { calleeNamed, nameIn, parametersIn } from "./signature.ts";
import type { Completion, Suggestion } from "./suggestion.ts";

/** `elements` are those of the model, as it last compiled; `libraryNames` are the files that can be imported. */
export function completeAt(
  spec: OpenSpec,
  offset: number,
  {
    elements,
    libraryNames,
    manual,
  }: { readonly elements: readonly Element[]; readonly libraryNames: readonly string[]; readonly manual: Manual },
): Completion {
  const cursor = cursorAt(spec.source.text, offset);
  const { inside, statement, start } = cursor;
  if (inside === "comment") return { start, suggestions: [] };
  if (inside === "string") {
    return statement[0]?.image === "import"
      ? completeImport(spec, offset, libraryNames)
      : (valuesAt(spec, offset, cursor) ?? { start, suggestions: [] });
  }
  if (isInSelector(cursor)) return { start, suggestions: selectorsAfter(spec, start, elements) };
  const path = pathBefore(spec.source.text, start).names;
  if (path.length > 0) return { start, suggestions: membersAfter(spec, path, start) };
  const words = statement.length === 0 ? wordsOf(cursor.block) : [];
  if (isSettingsBlock(cursor.block) && statement.length === 0)
    return { start, suggestions: settingsOf(cursor.block, manual) };
  const written = valuesAt(spec, offset, cursor);
  const scope = scopeAt(spec, start);
  const values = scope.all().filter(({ name }) => name.span.source !== spec.source || name.span.start !== start);
  if (written !== null) {
    // A `let` of the file may be what stands for a value.
    const lets = values.filter(({ kind }) => kind === "let");
    return { start, suggestions: [...written.suggestions, ...lets.map(suggestionOf)] };
  }
  return {
    start,
    suggestions: [
      ...argumentsAt(spec, cursor),
      ...values.filter(({ kind }) => fits(kind, cursor)).map(suggestionOf),
      ...(statement.length > 0 ? operations(manual) : []),
      ...words.map(keyword),
      ...(isSettingsBlock(cursor.block) ? [] : unimported(spec, scope, (kind) => fits(kind, cursor))),
    ],
  };
}

function scopeAt(spec: OpenSpec, offset: number): Scope {
  const around = spec.namesOf().known.filter(({ span }) => span.start <= offset && offset <= span.end);
  return around.at(-1)?.scope ?? spec.programNames.scopeOf(spec.program.written);
}

/** Where a statement begins, only adapters are called; elsewhere they and models stand for nothing. */
function fits(kind: Suggestion["kind"], { block, statement }: Cursor): boolean {
  if (kind === "model") return false;
  if (statement.length === 0) return block === "model" ? kind === "adapter" : false;
  return kind !== "adapter" || block === "model";
}

function suggestionOf(declaration: Declaration): Suggestion {
  const text = declaration.name.text;
  return {
    text,
    kind: declaration.kind,
    detail: headOf(declaration),
    about: commentAbove(declaration.span),
    insert: text,
  };
}

function operations({ operations: about }: Manual): readonly Suggestion[] {
  return builtinNames.map((text) => ({
    text,
    kind: "operation",
    detail: "",
    about: about.get(text) ?? "",
    insert: text,
  }));
}

function wordSuggestion(text: string): Suggestion {
  return { text, kind: "value", detail: "", about: "", insert: text };
}

function keyword(text: string): Suggestion {
  return { text, kind: "keyword", detail: "", about: "", insert: `${text} ` };
}

/** The words that a statement of a body begins with. */
function wordsOf(block: BlockKind): readonly string[] {
  switch (block) {
    case "file":
      return ["import", "let", "model", "module", "function", "adapter", "loss", "roles", "train", "data", "eval"];
    case "model":
      return [
        "input",
        "encoder",
        "let",
        "param",
        "part",
        "freeze",
        "train",
        "group",
        "loss",
        "metric",
        "expect",
        "add",
        "remove",
      ];
    case "module":
      return ["let", "require", "param", "buffer", "optional buffer", "part", "forward"];
    case "adapter":
      return ["let", "require", "param", "buffer", "optional buffer", "part", "forward", "peft"];
    case "function":
    case "loss":
    case "forward":
    case "for":
      return ["let", "require", "for", "return"];
    case "roles":
    case "train":
    case "data":
    case "eval":
    case "group":
      return [];
  }
}

type SettingsBlock = "train" | "data" | "eval" | "group";

const settingNames: Readonly<Record<SettingsBlock, readonly string[]>> = {
  train: trainSettingNames,
  data: dataSettingNames,
  eval: evalSettingNames,
  group: groupSettingNames,
};

function isSettingsBlock(block: BlockKind): block is SettingsBlock {
  return block in settingNames;
}

function settingsOf(block: SettingsBlock, manual: Manual): readonly Suggestion[] {
  return settingNames[block].map((text) => ({
    text,
    kind: "setting",
    detail: block,
    about: manual.settings.get(`${block}.${text}`) ?? "",
    insert: `${text} = `,
  }));
}

/** The files that an import can name. */
function completeImport(spec: OpenSpec, offset: number, names: readonly string[]): Completion {
  const quote = spec.source.text.lastIndexOf('"', offset - 1);
  const suggestions = names.map((text): Suggestion => ({ text, kind: "file", detail: "", about: "", insert: text }));
  return { start: quote + 1, suggestions };
}

/** What is reached by a dot: the members of a module, or what an import brings. */
function membersAfter(spec: OpenSpec, path: readonly string[], offset: number): readonly Suggestion[] {
  const [first = "", ...rest] = path;
  const { programNames, program } = spec;
  const names = programNames.behind(program.written, first);
  if (rest.length === 0 && names.length > 0) return names.map(suggestionOf);
  let found = scopeAt(spec, offset).lookup(first);
  for (const name of rest) {
    const module = found === null ? null : programNames.madeBy(found);
    found = module === null ? null : (programNames.declarations.membersOf(module.module).get(name) ?? null);
  }
  const module = found === null ? null : programNames.madeBy(found);
  return module === null ? [] : [...programNames.declarations.membersOf(module.module).values()].map(suggestionOf);
}

/** The arguments that a call does not have yet, or what one that is true or false can be. */
function argumentsAt(spec: OpenSpec, { call, statement }: Cursor): readonly Suggestion[] {
  if (call === null || statement.at(-1)?.image === "[") return [];
  const callee = calleeNamed(spec, call.callee, call.offset);
  if (call.named !== null) {
    const type = callee?.parameters?.find(({ name }) => name.text === call.named)?.type;
    return type?.kind === "scalar-type" && type.name === "bool" ? ["true", "false"].map(wordSuggestion) : [];
  }
  const parameters = callee === null ? null : parametersIn(callee);
  return (parameters ?? []).flatMap((written): readonly Suggestion[] => {
    const text = nameIn(written);
    if (call.given.includes(text)) return [];
    return [{ text, kind: "argument", detail: written, about: "", insert: `${text} = ` }];
  });
}
