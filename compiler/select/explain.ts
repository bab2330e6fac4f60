import { createSource, type Diagnostic, parse, type Selector, type Source } from "../../grammar/index.ts";
import { elementCount } from "../ir/index.ts";
import { type Element, parametersUnder } from "./elements.ts";
import { expandSelectors } from "./patterns.ts";
import { printRole, SelectorResolver } from "./select.ts";

/** One thing that a selector matches. */
export interface Match {
  readonly path: string;
  /** What it is: the module's name, or `parameter`. */
  readonly what: string;
  /** Why it matches: its role, or its name. */
  readonly why: string;
  readonly parameters: number;
}

/** What the selectors in a text match among the elements of a model. */
export function explainSelectors(
  text: string,
  elements: readonly Element[],
): { readonly matches: readonly Match[]; readonly diagnostics: readonly Diagnostic[] } {
  const { selectors, diagnostics } = parseSelectors(createSource("selector", text));
  if (diagnostics.length > 0) return { matches: [], diagnostics };
  const resolver = new SelectorResolver(elements);
  const matches = resolver.select(expandSelectors(selectors)).flatMap(({ pattern, elements: selected, role }) =>
    selected.map((element): Match => {
      const { instance, path } = element;
      const own = instance?.role ?? element.parameter?.role ?? null;
      const covers = own !== null && role !== null && printRole(own) !== role ? `, a part of ${role}` : "";
      return {
        path,
        what: instance?.declaration.name.text ?? "parameter",
        why:
          role === null || own === null ? `its name matches ${pattern.text}` : `its role is ${printRole(own)}${covers}`,
        parameters: parametersUnder(element, true).reduce((sum, { type }) => sum + elementCount(type), 0),
      };
    }),
  );
  return { matches, diagnostics: resolver.diagnostics };
}

/** Reads selectors as a rule of a model would hold them, with places in the text itself. */
export function parseSelectors(source: Source): {
  readonly selectors: readonly Selector[];
  readonly diagnostics: readonly Diagnostic[];
} {
  const prefix = "model m { freeze ";
  const { file, diagnostics } = parse(createSource(source.name, `${prefix}${source.text} }`));
  const [model] = file.items;
  const [rule] = model?.kind === "model" ? model.members : [];
  const shifted = diagnostics.map((diagnostic) => ({
    ...diagnostic,
    span:
      diagnostic.span === null
        ? null
        : {
            source,
            start: Math.max(0, diagnostic.span.start - prefix.length),
            end: Math.max(0, diagnostic.span.end - prefix.length),
          },
  }));
  return { selectors: rule?.kind === "freeze-rule" ? [...rule.selectors] : [], diagnostics: shifted };
}
