import {
  type CompletionItem,
  CompletionItemKind,
  type DocumentSymbol,
  FoldingRange,
  FoldingRangeKind,
  type InlayHint,
  MarkupKind,
  SemanticTokensBuilder,
  type SymbolInformation,
  SymbolKind,
  type TextEdit,
} from "vscode-languageserver/node";
import {
  coloursOf,
  type Facts,
  foldsOf,
  nameKinds,
  type OutlineSymbol,
  outlineOf,
  placeFacts,
  type Suggestion,
  stepFact,
} from "../../compiler/editor/index.ts";
import { printBytes, printSeconds } from "../../compiler/index.ts";
import { formatSource, positionAt, rangeOf } from "../../grammar/index.ts";
import type { LastGood, OpenDocument } from "./documents.ts";
import type { MemoryAnswer } from "./memory-messages.ts";
import { locationOf } from "./places.ts";

const symbolKinds: Readonly<Record<OutlineSymbol["kind"], SymbolKind>> = {
  import: SymbolKind.File,
  roles: SymbolKind.Enum,
  function: SymbolKind.Function,
  loss: SymbolKind.Function,
  module: SymbolKind.Class,
  adapter: SymbolKind.Class,
  "file-let": SymbolKind.Constant,
  model: SymbolKind.Class,
  settings: SymbolKind.Object,
  input: SymbolKind.Variable,
  encoder: SymbolKind.Object,
  "head-let": SymbolKind.Variable,
  metric: SymbolKind.Number,
  param: SymbolKind.Field,
  "optional-buffer": SymbolKind.Field,
  part: SymbolKind.Field,
  "freeze-rule": SymbolKind.Key,
  "parameter-group": SymbolKind.Key,
  placement: SymbolKind.Event,
  "loss-use": SymbolKind.Function,
  expect: SymbolKind.Boolean,
  addition: SymbolKind.Key,
  removal: SymbolKind.Key,
  let: SymbolKind.Variable,
  require: SymbolKind.Boolean,
  forward: SymbolKind.Method,
  peft: SymbolKind.Key,
};

export function symbolsOf({ spec }: OpenDocument): readonly DocumentSymbol[] {
  return outlineOf(spec).map(documentSymbol);
}

function documentSymbol({ name, kind, span, selection, children }: OutlineSymbol): DocumentSymbol {
  return {
    name,
    kind: symbolKinds[kind],
    range: rangeOf(span),
    selectionRange: rangeOf(selection),
    children: children.map(documentSymbol),
  };
}

/** Something that a spec of the workspace declares. */
export function symbolInformation({ name, kind, selection }: OutlineSymbol): SymbolInformation {
  return { name, kind: symbolKinds[kind], location: locationOf(selection) };
}

const foldKinds = { region: undefined, comment: FoldingRangeKind.Comment, imports: FoldingRangeKind.Imports };

export function foldingsOf({ spec }: OpenDocument): readonly FoldingRange[] {
  return foldsOf(spec).flatMap(({ kind, span }) => {
    const { start, end } = rangeOf(span);
    return end.line > start.line
      ? [FoldingRange.create(start.line, end.line, undefined, undefined, foldKinds[kind])]
      : [];
  });
}

export const semanticLegend = { tokenTypes: [...nameKinds], tokenModifiers: ["declaration", "defaultLibrary"] };

export function semanticTokensOf({ spec }: OpenDocument) {
  const builder = new SemanticTokensBuilder();
  for (const { span, kind, isDeclaration, isLibrary } of coloursOf(spec)) {
    const { line, character } = positionAt(span.source, span.start);
    const modifiers = (isDeclaration ? 1 : 0) + (isLibrary ? 2 : 0);
    builder.push(line, character, span.end - span.start, nameKinds.indexOf(kind), modifiers);
  }
  return builder.build();
}

/** Facts behind the lines that they are about. */
export function hintsOf(
  { spec }: OpenDocument,
  { facts }: LastGood,
  memory: MemoryAnswer | null,
): readonly InlayHint[] {
  return placeFacts(spec.file, withMemory(facts, memory)).map(({ span, text }) => ({
    position: positionAt(span.source, span.end),
    label: text,
    paddingLeft: true,
  }));
}

/** The memory and the time of a step stand behind what else is said of it. */
function withMemory(facts: Facts, memory: MemoryAnswer | null): Facts {
  const step = facts.get(stepFact);
  if (step === undefined || memory === null || memory.peakBytes === null) return facts;
  const { peakBytes, title, time } = memory;
  const about = time === null ? "" : `, about ${printSeconds(time.seconds)} a step here (${time.title})`;
  return new Map([...facts, [stepFact, `${step}, expected peak ${printBytes(peakBytes)} (${title})${about}`]]);
}

/** One edit that puts the text into the form of the language; none where it is in it, or cannot be read. */
export function formattingOf({ spec: { source } }: OpenDocument): readonly TextEdit[] {
  const { text } = formatSource(source);
  if (text === null || text === source.text) return [];
  return [{ range: rangeOf({ source, start: 0, end: source.text.length }), newText: text }];
}

const completionKinds: Readonly<Record<Suggestion["kind"], CompletionItemKind>> = {
  function: CompletionItemKind.Function,
  loss: CompletionItemKind.Function,
  module: CompletionItemKind.Class,
  adapter: CompletionItemKind.Class,
  model: CompletionItemKind.Class,
  let: CompletionItemKind.Variable,
  family: CompletionItemKind.Enum,
  role: CompletionItemKind.EnumMember,
  import: CompletionItemKind.Module,
  input: CompletionItemKind.Variable,
  encoder: CompletionItemKind.Field,
  metric: CompletionItemKind.Variable,
  param: CompletionItemKind.Field,
  "optional-buffer": CompletionItemKind.Field,
  part: CompletionItemKind.Field,
  parameter: CompletionItemKind.Variable,
  size: CompletionItemKind.Variable,
  variable: CompletionItemKind.Variable,
  base: CompletionItemKind.Variable,
  keyword: CompletionItemKind.Keyword,
  operation: CompletionItemKind.Function,
  argument: CompletionItemKind.Property,
  setting: CompletionItemKind.Property,
  value: CompletionItemKind.EnumMember,
  file: CompletionItemKind.File,
  selector: CompletionItemKind.Reference,
};

/** A suggestion that takes the place of what is typed of it, from `start` to `offset`. */
export function completionItem(
  { spec: { source } }: OpenDocument,
  { text, kind, detail, about, insert, imports }: Suggestion,
  start: number,
  offset: number,
): CompletionItem {
  return {
    label: text,
    kind: completionKinds[kind],
    detail,
    ...(about === "" ? {} : { documentation: { kind: MarkupKind.Markdown, value: about } }),
    textEdit: { range: rangeOf({ source, start, end: offset }), newText: insert },
    ...(imports === undefined ? {} : importing(text, imports)),
  };
}

/** What is not imported yet stands behind what is, and brings its import. */
function importing(text: string, { from, fix }: NonNullable<Suggestion["imports"]>): Partial<CompletionItem> {
  return {
    labelDetails: { description: from },
    sortText: `~${text}`,
    additionalTextEdits: [{ range: rangeOf(fix.span), newText: fix.text }],
  };
}
