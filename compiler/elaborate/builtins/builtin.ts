import { didYouMean, type Span } from "../../../grammar/index.ts";
import type { Dtype, Node, Operation } from "../../ir/index.ts";
import { resolveAxis } from "../../ops/index.ts";
import type { FirstValue, PlacedOne, Trace } from "../trace.ts";
import { describe, none, type TensorValue, tensor, type Value } from "../values.ts";

/** An operation that every file knows. */
export interface Builtin {
  /** In the order of positional arguments; those whose name ends in `?` may be left out. */
  readonly parameters: readonly string[];
  /** True when arguments of any other name may follow, as the sizes of a pattern's letters do. */
  readonly takesOthers?: true;
  readonly apply: (call: BuiltinCall) => Value;
}

/** The names of parameters without the marks of those that may be left out; made once for each builtin. */
const names = new WeakMap<Builtin, readonly string[]>();

function namesOf(builtin: Builtin): readonly string[] {
  const known = names.get(builtin) ?? builtin.parameters.map((parameter) => parameter.replace("?", ""));
  names.set(builtin, known);
  return known;
}

export interface BuiltinArgument {
  readonly name: string | null;
  readonly value: Value;
  readonly span: Span;
}

/** What is given by its place must not be given by its name as well. */
export function refuseRepeated(
  name: string,
  { span }: BuiltinArgument,
  first: BuiltinArgument | undefined,
  trace: Trace,
): void {
  if (first === undefined) return;
  trace.fail(
    "duplicate-member",
    span,
    { name },
    { labels: [{ span: first.span, message: "first here, by its place" }] },
  );
}

/** One call of a builtin: its arguments by name, and what it needs to append nodes and to refuse. */
export class BuiltinCall {
  readonly name: string;
  readonly span: Span;
  readonly trace: Trace;
  private readonly values = new Map<string, Value>();

  constructor(name: string, builtin: Builtin, passed: readonly BuiltinArgument[], trace: Trace, span: Span) {
    this.name = name;
    this.span = span;
    this.trace = trace;
    const parameters = namesOf(builtin);
    const given = new Map<string, BuiltinArgument>();
    for (const [index, argument] of passed.entries()) {
      const parameter = argument.name ?? parameters[index];
      if (parameter === undefined) {
        trace.fail("too-many-arguments", argument.span, { callee: name, limit: parameters.length });
      }
      if (!parameters.includes(parameter) && builtin.takesOthers !== true) {
        const help = didYouMean(parameter, parameters);
        trace.fail("unknown-argument", argument.span, { name: parameter, callee: name }, { help });
      }
      refuseRepeated(parameter, argument, given.get(parameter), trace);
      given.set(parameter, argument);
      this.values.set(parameter, argument.value);
    }
    for (const parameter of builtin.parameters) {
      if (!parameter.endsWith("?") && !this.values.has(parameter)) {
        trace.fail("missing-argument", span, { name: parameter, callee: name });
      }
    }
  }

  /** Arguments beside the parameters, with their values. */
  others(parameters: readonly string[]): ReadonlyMap<string, Value> {
    return new Map([...this.values].filter(([name]) => !parameters.includes(name)));
  }

  value(parameter: string): Value {
    return this.values.get(parameter) ?? none;
  }

  has(parameter: string): boolean {
    return this.values.has(parameter);
  }

  /** A tensor; a number becomes a constant of that type. */
  tensor(parameter: string, dtype: Dtype = "f32"): TensorValue {
    return this.trace.toTensor(this.value(parameter), dtype, this.span, `\`${parameter}\` of \`${this.name}\``);
  }

  number(parameter: string, otherwise?: number): number {
    const value = this.values.get(parameter);
    if (value === undefined && otherwise !== undefined) return otherwise;
    return value?.kind === "number" ? value.value : this.refuse(parameter, "a number");
  }

  /** A whole number that is not negative. */
  size(parameter: string): number {
    const value = this.number(parameter);
    return Number.isSafeInteger(value) && value >= 0 ? value : this.refuse(parameter, "a whole number");
  }

  flag(parameter: string): boolean {
    const value = this.values.get(parameter);
    if (value === undefined) return false;
    return value.kind === "boolean" ? value.value : this.refuse(parameter, "`true` or `false`");
  }

  text(parameter: string): string {
    const value = this.value(parameter);
    return value.kind === "string" ? value.value : this.refuse(parameter, "a string");
  }

  list(parameter: string): readonly Value[] {
    const value = this.value(parameter);
    return value.kind === "list" ? value.elements : this.refuse(parameter, "a list");
  }

  /** Whole numbers, which may be negative. */
  numbers(parameter: string): readonly number[] {
    return this.list(parameter).map((value) =>
      value.kind === "number" && Number.isSafeInteger(value.value)
        ? value.value
        : this.refuse(parameter, "a list of whole numbers"),
    );
  }

  /** Pairs of whole numbers, such as the padding before and after each axis. */
  pairs(parameter: string): readonly (readonly [number, number])[] {
    const expected = "a list of pairs of whole numbers";
    return this.list(parameter).map((pair) => {
      const [before, after] = pair.kind === "list" && pair.elements.length === 2 ? pair.elements : [];
      return before?.kind === "number" && after?.kind === "number"
        ? [before.value, after.value]
        : this.refuse(parameter, expected);
    });
  }

  /** One axis of a tensor, by number or by its label, counted from the front. */
  axis(of: TensorValue, parameter = "axis"): number {
    return this.resolve(of, this.value(parameter), parameter);
  }

  /** One axis or a list of them. */
  axes(of: TensorValue): readonly number[] {
    const value = this.value("axis");
    const each = value.kind === "list" ? value.elements : [value];
    return each.map((axis) => this.resolve(of, axis, "axis"));
  }

  private resolve(of: TensorValue, value: Value, parameter: string): number {
    if (value.kind === "axis-name") {
      const index = of.labels.indexOf(value.text);
      if (index >= 0) return index;
      if (value.meaning !== null) return this.resolve(of, value.meaning, parameter);
      const labels = of.labels.flatMap((label) => label ?? []);
      const help = didYouMean(value.text, labels) ?? (labels.length > 0 ? `its axes are ${labels.join(", ")}` : null);
      return this.trace.fail("unknown-name", this.span, { name: value.text }, { help });
    }
    const rank = of.node.type.shape.length;
    const axis = value.kind === "number" ? resolveAxis(value.value, rank) : null;
    return axis ?? this.refuse(parameter, `an axis of ${describe(of)}`);
  }

  /** Appends a node. */
  add(operation: Operation, ...inputs: readonly Node[]): TensorValue {
    return tensor(this.trace.add(operation, inputs, this.span, this.name));
  }

  /** The first value that is computed: refuses what is computed once, where a batch is computed. */
  firstValue(): FirstValue {
    return this.trace.firstValueOf ?? this.trace.fail("outside-first-value", this.span, { operation: this.name });
  }

  /** The placement whose arguments are found: refuses what is known there alone. */
  placement(): PlacedOne {
    const of = this.trace.placementOf;
    return of === null ? this.trace.fail("outside-placement", this.span, { operation: this.name }) : of();
  }

  refuse(parameter: string, expected: string): never {
    const what = `\`${parameter}\` of \`${this.name}\``;
    return this.trace.fail("wrong-type", this.span, { what, expected, found: describe(this.value(parameter)) });
  }

  /** Refuses the operands in words. */
  failOperands(detail: string, help: string | null = null): never {
    return this.trace.fail("bad-operands", this.span, { operation: this.name, detail }, { help });
  }
}
