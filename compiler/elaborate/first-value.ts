import { type Expression, report } from "../../grammar/index.ts";
import { type InitialValue, printType, type TensorType } from "../ir/index.ts";
import type { Evaluator } from "./evaluate.ts";
import { Failure } from "./failure.ts";
import type { FirstValue } from "./trace.ts";
import type { Environment, Value } from "./values.ts";

/** The parameter that a first value is of, and what is known there. */
interface OfParameter {
  readonly name: string;
  readonly path: string;
  readonly type: TensorType;
  readonly environment: Environment;
  /** The names of the parameter and of what is declared after it, on which its first value cannot depend: so there are no cycles. */
  readonly later: () => ReadonlySet<string>;
  /** What messages call it. */
  readonly what?: string;
}

/** `zeros`, `ones`, `constant(c)`, `normal(std)`, `uniform(bound)`, a number, or what is computed from other parameters. */
export function firstValueOf(expression: Expression, of: OfParameter, evaluator: Evaluator): InitialValue {
  const { trace } = evaluator;
  const { what = "a first value" } = of;
  const firstValue = { path: of.path, draws: 0 };
  const value = evaluated(expression, of, firstValue, evaluator);
  if (value.kind === "initial") return value.initial;
  if (value.kind === "number") return { kind: "constant", value: value.value };
  if (value.kind === "builtin" && value.name === "zeros") return { kind: "constant", value: 0 };
  if (value.kind === "builtin" && value.name === "ones") return { kind: "constant", value: 1 };
  if (value.kind !== "tensor" && value.kind !== "parameter") {
    const drawn = of.what === undefined ? "`constant(c)`, `normal(std)` or `uniform(bound)`" : "or `constant(c)`";
    const expected = `a tensor, a number, \`zeros\`, \`ones\`, ${drawn}`;
    return evaluator.refuse(what, expected, value, expression.span);
  }
  const { node: given } = trace.withinFirstValue(firstValue, () => trace.toTensor(value, "f32", expression.span, what));
  const isCast = given.type.dtype !== of.type.dtype && isFloat(given.type) && isFloat(of.type);
  const { dtype } = of.type;
  const node = isCast ? trace.add({ op: "cast", dtype }, [given], expression.span, "cast") : given;
  if (printType(node.type) !== printType(of.type)) {
    const params = { what: `\`${of.name}\``, expected: printType(of.type), found: printType(node.type) };
    trace.fail("shape-mismatch", expression.span, params);
  }
  const { source, start, end } = taken(expression, of, evaluator).span;
  return { kind: "computed", node, text: source.text.slice(start, end).replace(/\s+/g, " ") };
}

function evaluated(
  expression: Expression,
  { name, environment, later }: OfParameter,
  firstValue: FirstValue,
  evaluator: Evaluator,
): Value {
  try {
    return evaluator.trace.withinFirstValue(firstValue, () => evaluator.evaluate(expression, environment));
  } catch (error) {
    const mistake = error instanceof Failure ? error.diagnostic : null;
    const span = mistake?.key === "unknown-name" ? mistake.span : null;
    const unknown = span?.source.text.slice(span.start, span.end) ?? "";
    if (span === null || span.source !== expression.span.source || !later().has(unknown)) throw error;
    throw new Failure(report("late-first-value", span, { name, uses: unknown }));
  }
}

/** The branch of a condition that gives the value. */
function taken(expression: Expression, of: OfParameter, evaluator: Evaluator): Expression {
  if (expression.kind !== "if") return expression;
  const { condition, then, otherwise } = expression;
  return taken(evaluator.flag(condition, of.environment) ? then : otherwise, of, evaluator);
}

function isFloat({ dtype }: TensorType): boolean {
  return dtype === "f32" || dtype === "bf16";
}
