import {
  type AdapterDeclaration,
  type Argument,
  type BinaryOperator,
  type Call,
  type ComparisonOperator,
  didYouMean,
  type Expression,
  type Span,
} from "../../grammar/index.ts";
import type { BinaryName, CompareName } from "../ir/index.ts";
import { placedName } from "../load/index.ts";
import { type BuiltinArgument, BuiltinCall } from "./builtins/builtin.ts";
import { builtinNamed } from "./builtins/index.ts";
import { indexed, logic, quotient, remainder } from "./operators.ts";
import type { Trace } from "./trace.ts";
import {
  type AdapterInstance,
  boolean,
  describe,
  type Environment,
  list,
  type ModuleInstance,
  none,
  number,
  tensor,
  type Value,
} from "./values.ts";

/** How calls of what is written in the language are made; see `calls.ts`. */
export interface Caller {
  /** The adapters that are placed, in their order; null before they are. */
  readonly placed: readonly AdapterInstance[] | null;
  call(callee: Value, passed: readonly BuiltinArgument[], span: Span, trace: Trace): Value;
  /** A module that is made where a value flows into it, `x |> linear(512)`. */
  callInline(
    callee: Value & { readonly kind: "callable" },
    value: Value,
    call: Call | null,
    span: Span,
    environment: Environment,
    trace: Trace,
  ): Value;
}

/** Longest list that a range or an expression makes. */
const listLimit = 100_000;

const arithmeticOps: Readonly<Record<"+" | "-" | "*" | "/", BinaryName>> = {
  "+": "add",
  "-": "sub",
  "*": "mul",
  "/": "div",
};
const compareOps: Readonly<Record<ComparisonOperator, CompareName>> = {
  "==": "equal",
  "!=": "not_equal",
  "<": "less",
  "<=": "less_equal",
  ">": "greater",
  ">=": "greater_equal",
};

/** Computes expressions: numbers at once, tensors by appending to the trace. */
export class Evaluator {
  readonly trace: Trace;
  private readonly caller: Caller;

  constructor(trace: Trace, caller: Caller) {
    this.trace = trace;
    this.caller = caller;
  }

  evaluate(expression: Expression, environment: Environment): Value {
    const value = this.compute(expression, environment);
    this.trace.watch?.(expression, value);
    return value;
  }

  private compute(expression: Expression, environment: Environment): Value {
    switch (expression.kind) {
      case "number":
        return number(expression.value);
      case "string":
      case "boolean":
      case "none":
      case "infer":
        return expression;
      case "name":
        return this.name(expression.text, expression.span, environment);
      case "list":
        return list(expression.elements.map((element) => this.evaluate(element, environment)));
      case "range":
        return this.range(expression, environment);
      case "unary":
        return this.unary(expression, environment);
      case "binary":
        return this.binary(expression, environment);
      case "if": {
        const condition = this.flag(expression.condition, environment);
        return this.evaluate(condition ? expression.then : expression.otherwise, environment);
      }
      case "call": {
        const callee = this.evaluate(expression.callee, environment);
        return this.caller.call(
          callee,
          this.passed(callee, expression.arguments, environment),
          expression.span,
          this.trace,
        );
      }
      case "member":
        return this.member(this.evaluate(expression.object, environment), expression.name.text, expression.name.span);
      case "index":
        return this.index(expression, environment);
      case "pipe":
        return this.pipe(expression, environment);
      case "arrow":
        return { kind: "arrow", arrow: expression, home: environment };
    }
  }

  /** A condition, which is known when the spec is compiled. */
  flag(expression: Expression, environment: Environment): boolean {
    const value = this.evaluate(expression, environment);
    return value.kind === "boolean" ? value.value : this.refuseCondition(value, expression.span);
  }

  private refuseCondition(value: Value, span: Span): never {
    return this.refuse("a condition", "`true` or `false`", value, span);
  }

  number(expression: Expression, environment: Environment, what: string): number {
    const value = this.evaluate(expression, environment);
    return value.kind === "number" ? value.value : this.refuse(what, "a number", value, expression.span);
  }

  /** A list of numbers. */
  numbers(expression: Expression, environment: Environment, what: string): readonly number[] {
    const value = this.evaluate(expression, environment);
    const numbers =
      value.kind === "list" ? value.elements.flatMap((each) => (each.kind === "number" ? [each.value] : [])) : [];
    if (value.kind === "list" && numbers.length === value.elements.length) return numbers;
    return this.refuse(what, "a list of numbers", value, expression.span);
  }

  private name(text: string, span: Span, environment: Environment): Value {
    const value = environment.lookup(text);
    if (value?.kind === "unknown") return this.trace.giveUp();
    if (value?.kind === "optional-buffer") return this.trace.fail("optional-buffer-read", span, { name: text });
    if (value !== undefined) return value;
    return this.trace.fail("unknown-name", span, { name: text }, { help: didYouMean(text, environment.names()) });
  }

  private range({ from, to, span }: Expression & { readonly kind: "range" }, environment: Environment): Value {
    const first = this.number(from, environment, "the start of a range");
    const end = this.number(to, environment, "the end of a range");
    if (!Number.isInteger(first) || !Number.isInteger(end)) {
      this.trace.fail("bad-arithmetic", span, {
        detail: `the ends of a range must be whole numbers, not ${first} and ${end}`,
      });
    }
    if (end - first > listLimit) this.trace.fail("too-large", span, { what: "elements", limit: listLimit });
    return list(Array.from({ length: Math.max(0, end - first) }, (_, index) => number(first + index)));
  }

  private unary({ operator, operand, span }: Expression & { readonly kind: "unary" }, environment: Environment): Value {
    const value = this.evaluate(operand, environment);
    if (operator === "not") {
      if (isTensor(value)) return logic(this.trace, "not", [value], span);
      return value.kind === "boolean" ? boolean(!value.value) : this.refuseCondition(value, operand.span);
    }
    if (value.kind === "number") return number(-value.value);
    const { node, labels } = this.trace.toTensor(value, "f32", span, "the operand of `-`");
    return { ...tensor(this.trace.add({ op: "neg" }, [node], span, "-")), labels };
  }

  private binary(expression: Expression & { readonly kind: "binary" }, environment: Environment): Value {
    const { operator, left, right, span } = expression;
    const a = this.evaluate(left, environment);
    if (operator === "and" || operator === "or") {
      if (!isTensor(a)) {
        if (a.kind !== "boolean") return this.refuseCondition(a, left.span);
        return a.value === (operator === "or") ? a : boolean(this.flag(right, environment));
      }
      return logic(this.trace, operator, [a, this.evaluate(right, environment)], span);
    }
    const b = this.evaluate(right, environment);
    switch (operator) {
      case "+":
      case "-":
      case "*":
      case "/":
        if (a.kind === "number" && b.kind === "number") return this.arithmetic(operator, a.value, b.value, span);
        return this.trace.arithmetic({ op: arithmeticOps[operator] }, operator, a, b, span);
      case "//":
      case "%":
        if (a.kind === "number" && b.kind === "number") return this.arithmetic(operator, a.value, b.value, span);
        return operator === "//" ? quotient(this.trace, operator, a, b, span) : remainder(this.trace, a, b, span);
      case "==":
      case "!=":
      case "<":
      case "<=":
      case ">":
      case ">=":
        return this.compare(operator, a, b, span);
    }
  }

  private arithmetic(
    operator: Exclude<BinaryOperator, ComparisonOperator | "and" | "or">,
    a: number,
    b: number,
    span: Span,
  ): Value {
    const results = {
      "+": a + b,
      "-": a - b,
      "*": a * b,
      "/": a / b,
      "//": Math.floor(a / b),
      "%": numberRemainder(a, b),
    };
    return this.trace.finite(results[operator], span, `${a} ${operator} ${b} is not a number`);
  }

  private compare(operator: ComparisonOperator, a: Value, b: Value, span: Span): Value {
    if (a.kind === "number" && b.kind === "number") return boolean(compareNumbers(operator, a.value, b.value));
    const isEquality = operator === "==" || operator === "!=";
    const isPlain = (value: Value): boolean =>
      value.kind !== "tensor" && value.kind !== "parameter" && value.kind !== "number";
    if (isEquality && (isPlain(a) || isPlain(b))) return boolean(equalPlain(a, b) === (operator === "=="));
    return this.trace.arithmetic({ op: compareOps[operator] }, operator, a, b, span);
  }

  private index({ object, index, span }: Expression & { readonly kind: "index" }, environment: Environment): Value {
    const value = this.evaluate(object, environment);
    if (isTensor(value)) return indexed(this.trace, value, this.number(index, environment, "an index"), span);
    if (value.kind !== "list") return this.refuse("the indexed value", "a list", value, span);
    const at = this.number(index, environment, "an index");
    const { length } = value.elements;
    return value.elements[at < 0 ? at + length : at] ?? this.trace.fail("out-of-range", span, { index: at, length });
  }

  /** A module's parameter, part, argument, or the value of a `let` in its last trace. */
  member(object: Value, name: string, span: Span): Value {
    if (object.kind === "imported") {
      const { values, alias } = object;
      const found = values.get(name);
      if (found !== undefined) return found;
      const written = `${alias}.${name}`;
      const help = didYouMean(
        written,
        [...values.keys()].map((each) => `${alias}.${each}`),
      );
      return this.trace.fail("unknown-name", span, { name: written }, { help });
    }
    if (object.kind === "callable" && object.callable.kind === "adapter" && name === "placed")
      return this.placements(object.callable, span);
    if (object.kind !== "instance") return this.refuse(`the value before \`.${name}\``, "a module", object, span);
    const { instance } = object;
    const found = instance.members.get(name) ?? instance.values.get(name) ?? argumentOf(instance, name);
    const isUnknown =
      found?.kind === "unknown" || (found === undefined && instance.values.get("return")?.kind === "unknown");
    if (isUnknown) return this.trace.giveUp();
    if (found?.kind === "optional-buffer") return this.trace.fail("optional-buffer-read", span, { name });
    if (found !== undefined) return found;
    if (isNotRun(instance, name)) {
      if (this.trace.firstValueOf !== null) this.trace.fail("first-value-of-batch", span, {});
      this.trace.fail("not-run-yet", span, { name, of: describe(object) });
    }
    const known = [...instance.members.keys(), ...instance.values.keys(), ...argumentNames(instance)];
    const help =
      didYouMean(name, known) ?? (known.length > 0 ? `it has ${known.map((each) => `\`${each}\``).join(", ")}` : null);
    return this.trace.fail("unknown-member", span, { name, of: describe(object) }, { help });
  }

  /** All that is placed of an adapter, and of those that stand for it on other modules. */
  private placements(declaration: AdapterDeclaration, span: Span): Value {
    const { placed } = this.caller;
    if (placed === null) return this.trace.giveUp();
    const name = placedName(declaration);
    const found = placed.filter((each) => placedName(each.declaration) === name);
    if (found.length === 0) return this.trace.fail("nothing-placed", span, { name });
    return list(found.map(({ instance }) => ({ kind: "instance", instance, level: Number.POSITIVE_INFINITY })));
  }

  private pipe({ value, into, span }: Expression & { readonly kind: "pipe" }, environment: Environment): Value {
    const piped = this.evaluate(value, environment);
    const call = into.kind === "call" ? into : null;
    const callee = this.evaluate(call?.callee ?? into, environment);
    if (callee.kind === "callable" && callee.callable.kind === "module") {
      return this.caller.callInline(callee, piped, call, span, environment, this.trace);
    }
    const first = { name: null, value: piped, span: value.span };
    const passed = this.passed(callee, call?.arguments ?? [], environment);
    return this.caller.call(callee, [first, ...passed], into.span, this.trace);
  }

  passed(callee: Value, given: readonly Argument[], environment: Environment): readonly BuiltinArgument[] {
    return given.map(({ name, value, span }) => {
      const namesAxis = callee.kind === "builtin" && name?.text === "axis";
      const evaluated = namesAxis ? this.axis(value, environment) : this.evaluate(value, environment);
      return { name: name?.text ?? null, value: evaluated, span };
    });
  }

  /** An axis may be a label, which no environment knows. */
  private axis(expression: Expression, environment: Environment): Value {
    if (expression.kind === "list") return list(expression.elements.map((element) => this.axis(element, environment)));
    if (expression.kind !== "name") return this.evaluate(expression, environment);
    return { kind: "axis-name", text: expression.text, meaning: environment.lookup(expression.text) ?? null };
  }

  refuse(what: string, expected: string, found: Value, span: Span): never {
    return this.trace.fail("wrong-type", span, { what, expected, found: describe(found) });
  }
}

export function applyBuiltin(
  callee: Value & { readonly kind: "builtin" },
  passed: readonly BuiltinArgument[],
  span: Span,
  trace: Trace,
): Value {
  const builtin = builtinNamed(callee.name);
  return builtin.apply(new BuiltinCall(callee.name, builtin, passed, trace, span));
}

/** Whether a name is that of a `let` in the `forward` of a module that was not run so far. */
function isNotRun({ declaration: { members }, values }: ModuleInstance, name: string): boolean {
  const body = members.flatMap((member) => (member.kind === "forward" ? member.body : []));
  return values.size === 0 && body.some((each) => each.kind === "let" && each.names.some(({ text }) => text === name));
}

function argumentNames({ declaration }: ModuleInstance): readonly string[] {
  return declaration.parameters.map(({ name }) => name.text);
}

function argumentOf(instance: ModuleInstance, name: string): Value | undefined {
  return argumentNames(instance).includes(name) ? instance.environment.lookup(name) : undefined;
}

function isTensor(value: Value): value is Value & { readonly kind: "tensor" | "parameter" } {
  return value.kind === "tensor" || value.kind === "parameter";
}

/** With the sign of the divisor, as Python has it. */
function numberRemainder(a: number, b: number): number {
  const rest = a % b;
  return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
}

function compareNumbers(operator: ComparisonOperator, a: number, b: number): boolean {
  switch (operator) {
    case "==":
      return a === b;
    case "!=":
      return a !== b;
    case "<":
      return a < b;
    case "<=":
      return a <= b;
    case ">":
      return a > b;
    case ">=":
      return a >= b;
  }
}

/** Equality of what is no tensor: nothing equals `none` but `none`. Lists may share lists, and each pair of them is compared once. */
function equalPlain(a: Value, b: Value): boolean {
  const compared = new Map<Value, Set<Value>>();
  const left: (readonly [Value, Value])[] = [[a, b]];
  for (let pair = left.pop(); pair !== undefined; pair = left.pop()) {
    const [one, other] = pair;
    if (one.kind !== "list" || other.kind !== "list") {
      if (!equalSingle(one, other)) return false;
      continue;
    }
    if (one.elements.length !== other.elements.length) return false;
    const known = compared.get(one) ?? new Set();
    compared.set(one, known);
    if (known.has(other)) continue;
    known.add(other);
    for (const [index, element] of one.elements.entries()) left.push([element, other.elements[index] ?? none]);
  }
  return true;
}

function equalSingle(a: Value, b: Value): boolean {
  if (a.kind === "number" && b.kind === "number") return a.value === b.value;
  if (a.kind === "string" && b.kind === "string") return a.value === b.value;
  if (a.kind === "boolean" && b.kind === "boolean") return a.value === b.value;
  return a.kind === b.kind && a.kind === "none";
}
