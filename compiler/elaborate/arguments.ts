import { didYouMean, type Parameter, type Span, type TypeExpression } from "../../grammar/index.ts";
import { type BuiltinArgument, refuseRepeated } from "./builtins/builtin.ts";
import type { Evaluator } from "./evaluate.ts";
import { matchType } from "./patterns.ts";
import type { Trace } from "./trace.ts";
import type { Environment, Value } from "./values.ts";

export interface Callee {
  readonly name: string;
  readonly parameters: readonly Parameter[];
}

/**
 * Gives parameters their arguments, in the order of the parameters, so that a default may use what stands before it.
 * `inferred` holds the sizes that a module finds from what flows into it.
 */
export function bindArguments(
  { name: callee, parameters }: Callee,
  passed: readonly BuiltinArgument[],
  span: Span,
  environment: Environment,
  evaluator: Evaluator,
  inferred: ReadonlyMap<string, Value> = new Map(),
): void {
  const trace: Trace = evaluator.trace;
  const given = new Map<string, BuiltinArgument>();
  const names = parameters.map(({ name }) => name.text);
  for (const [index, argument] of passed.entries()) {
    const name = argument.name ?? names[index];
    if (name === undefined) {
      trace.fail("too-many-arguments", argument.span, { callee, limit: parameters.length });
    }
    if (!names.includes(name)) {
      trace.fail("unknown-argument", argument.span, { name, callee }, { help: didYouMean(name, names) });
    }
    refuseRepeated(name, argument, given.get(name), trace);
    given.set(name, argument);
  }
  for (const { name, type, default: fallback, span: declared } of parameters) {
    const argument = given.get(name.text);
    let value = argument?.value;
    if (value === undefined && fallback !== null) value = evaluator.evaluate(fallback, environment);
    if (value?.kind === "infer") value = inferred.get(name.text);
    if (value === undefined) {
      const labels = [{ span: declared, message: "declared here" }];
      if (fallback !== null) trace.fail("cannot-infer", span, { argument: name.text, module: callee }, { labels });
      trace.fail("missing-argument", span, { name: name.text, callee }, { labels });
    }
    const where = argument?.span ?? span;
    const what = `\`${name.text}\` of \`${callee}\``;
    environment.define(name.text, type === null ? value : typed(type, value, what, where, environment, evaluator));
  }
}

function typed(
  type: TypeExpression,
  value: Value,
  what: string,
  span: Span,
  environment: Environment,
  evaluator: Evaluator,
): Value {
  switch (type.kind) {
    case "tensor-type":
      return matchType(type, value, what, span, environment, evaluator);
    case "scalar-type":
      return isScalar(type.name, value) ? value : evaluator.refuse(what, expected(type), value, span);
    case "list-type": {
      const fits = value.kind === "list" && value.elements.every((element) => isScalar(type.element, element));
      return fits ? value : evaluator.refuse(what, expected(type), value, span);
    }
  }
}

function expected(type: Exclude<TypeExpression, { readonly kind: "tensor-type" }>): string {
  const words = { int: "a whole number", float: "a number", bool: "`true` or `false`", string: "a string" };
  return type.kind === "scalar-type" ? words[type.name] : `a list, each element ${words[type.element]}`;
}

function isScalar(type: "int" | "float" | "bool" | "string", value: Value): boolean {
  switch (type) {
    case "int":
      return value.kind === "number" && Number.isSafeInteger(value.value);
    case "float":
      return value.kind === "number";
    case "bool":
      return value.kind === "boolean";
    case "string":
      return value.kind === "string";
  }
}
