import { createSource, type Diagnostic } from "../../grammar/index.ts";
import { elementCount, printType } from "../ir/index.ts";
import { type Element, parametersUnder } from "./elements.ts";
import { printRole } from "./select.ts";
import { selectText } from "./select-text.ts";

/** One thing that a selector matches. */
export interface Match {
  readonly path: string;
  /** What it is: the module's name, or `parameter`. */
  readonly what: string;
  /** Of a parameter: `f32[16, 8]`. */
  readonly type: string | null;
  /** Why it matches: its role, or its name. */
  readonly why: string;
  readonly parameters: number;
}

/** What the selectors in a text match among the elements of a model. */
export function explainSelectors(
  text: string,
  elements: readonly Element[],
): { readonly matches: readonly Match[]; readonly diagnostics: readonly Diagnostic[] } {
  const { selections, diagnostics } = selectText(createSource("selector", text), elements);
  const matches = selections.flatMap(({ pattern, elements: selected, role }) =>
    selected.map((element): Match => {
      const { instance, path } = element;
      const own = instance?.role ?? element.parameter?.role ?? null;
      const covers = own !== null && role !== null && printRole(own) !== role ? `, a part of ${role}` : "";
      return {
        path,
        what: instance?.declaration.name.text ?? "parameter",
        type: element.parameter === null ? null : printType(element.parameter.type),
        why:
          role === null || own === null ? `its name matches ${pattern.text}` : `its role is ${printRole(own)}${covers}`,
        parameters: parametersUnder(element, true).reduce((sum, { type }) => sum + elementCount(type), 0),
      };
    }),
  );
  return { matches, diagnostics };
}
