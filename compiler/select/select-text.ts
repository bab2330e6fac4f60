import { createSource, type Diagnostic, parse, type Source } from "../../grammar/index.ts";
import type { Element } from "./elements.ts";
import { expandSelectors } from "./patterns.ts";
import { type Selection, SelectorResolver } from "./select.ts";

/** Selectors are parsed as a rule of a model would hold them. */
const prefix = "model m { freeze ";

/** What the selectors in a text select among the elements of a model; diagnostics point into the text itself. */
export function selectText(
  source: Source,
  elements: readonly Element[],
): { readonly selections: readonly Selection[]; readonly diagnostics: readonly Diagnostic[] } {
  const { file, diagnostics } = parse(createSource(source.name, `${prefix}${source.text} }`));
  if (diagnostics.length > 0) return { selections: [], diagnostics: inText(diagnostics, source) };
  const [model] = file.items;
  const [rule] = model?.kind === "model" ? model.members : [];
  const resolver = new SelectorResolver(elements);
  const selections = resolver.select(rule?.kind === "freeze-rule" ? expandSelectors(rule.selectors) : []);
  return { selections, diagnostics: inText(resolver.diagnostics, source) };
}

function inText(diagnostics: readonly Diagnostic[], source: Source): readonly Diagnostic[] {
  const place = (offset: number): number => Math.min(Math.max(0, offset - prefix.length), source.text.length);
  return diagnostics.map((diagnostic) => {
    const { span } = diagnostic;
    return span === null
      ? diagnostic
      : { ...diagnostic, span: { source, start: place(span.start), end: place(span.end) } };
  });
}
