import type { Expression, Parameter } from "../../../grammar/index.ts";
import { isBuiltinName } from "../../elaborate/index.ts";
import { variableName } from "./names.ts";
import { indented, layOut, printPython, word } from "./python.ts";
import type { Translator } from "./translate.ts";
import { namesIn } from "./walk.ts";

/** The parameters of a function in Python, and the statements that compute defaults which use other parameters. */
export interface Signature {
  readonly parameters: readonly string[];
  readonly defaults: readonly string[];
}

/** Writes parameters, and makes them known to the scope of the translator. */
export function writeSignature(parameters: readonly Parameter[], translator: Translator, indent: number): Signature {
  const { scope, writer } = translator.place;
  const written: string[] = [];
  const defaults: string[] = [];
  const byName: string[] = [];
  let hasDefault = false;
  for (const { name, type, default: fallback } of parameters) {
    const python = variableName(name.text);
    scope.define(name.text, word(python), isNumeric(type));
    const annotation = annotationOf(type) ?? (fallback?.kind === "none" ? "Tensor" : null);
    if (annotation === "Tensor") writer.use("Tensor");
    if (fallback !== null && isOfPlacement(fallback)) {
      byName.push(annotation === null ? python : `${python}: ${annotation}`);
      continue;
    }
    const isRequired = fallback === null || fallback.kind === "infer";
    if (isRequired && !hasDefault) {
      written.push(annotation === null ? python : `${python}: ${annotation}`);
      continue;
    }
    hasDefault = true;
    if (!isRequired && fallback.kind !== "none" && isConstant(fallback)) {
      const value = printPython(translator.expression(fallback));
      written.push(annotation === null ? `${python}=${value}` : `${python}: ${annotation} = ${value}`);
      continue;
    }
    written.push(annotation === null ? `${python}=None` : `${python}: ${annotation} | None = None`);
    if (isRequired || fallback.kind === "none") continue;
    const value = layOut(indent + 1, `${python} = `, translator.expression(fallback));
    defaults.push(indented(indent, `if ${python} is None:`), ...value);
  }
  return { parameters: byName.length === 0 ? written : [...written, "*", ...byName], defaults };
}

/** Whether a default is known to a placement alone, so that it is passed by its value. */
export function isOfPlacement(fallback: Expression): boolean {
  const names = namesIn([fallback]);
  return names.has("placements") || names.has("placement_number");
}

export function isNumeric(type: Parameter["type"]): boolean {
  return type?.kind === "scalar-type" && (type.name === "int" || type.name === "float");
}

/** True for what has the same value wherever it stands. */
function isConstant(expression: Expression): boolean {
  return [...namesIn([expression])].every(isBuiltinName);
}

function annotationOf(type: Parameter["type"]): string | null {
  const words = { int: "int", float: "float", bool: "bool", string: "str" };
  switch (type?.kind) {
    case undefined:
      return null;
    case "scalar-type":
      return words[type.name];
    case "list-type":
      return `list[${words[type.element]}]`;
    case "tensor-type":
      return "Tensor";
  }
}

/** What is known of the shapes of parameters: `x: f32[batch, n, dim]`. */
export function shapesOf(parameters: readonly Parameter[]): string | null {
  const typed = parameters.flatMap(({ name, type }) =>
    type?.kind === "tensor-type"
      ? [`${variableName(name.text)}: ${type.span.source.text.slice(type.span.start, type.span.end)}`]
      : [],
  );
  return typed.length === 0 ? null : typed.join(", ");
}
