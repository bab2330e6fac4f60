import type { Call, Diagnostic, Expression, File, Setting, SettingsName, Span } from "../../grammar/index.ts";
import type { Constants, Value } from "../elaborate/index.ts";

/** Settings that name a `let` of the model, or a number that is logged, not its value. */
const named: ReadonlyMap<SettingsName, ReadonlySet<string>> = new Map([
  ["eval", new Set(["image", "text", "scale"])],
  ["train", new Set(["keep_best"])],
]);

/** A file whose settings are computed: what is left of their values are literals, names with a meaning of their own, and calls of these. */
export function computeSettings(
  file: File,
  constants: Constants,
): { readonly file: File; readonly diagnostics: readonly Diagnostic[] } {
  const diagnostics: Diagnostic[] = [];
  const items = file.items.map((item) => {
    if (item.kind !== "settings") return item;
    const entries = item.entries.flatMap((entry): readonly Setting[] => {
      if (named.get(item.block)?.has(entry.name.text)) return [entry];
      const refused = diagnostics.length;
      const isTasks = item.block === "eval" && entry.name.text === "tasks";
      const value = isTasks
        ? computedTasks(entry.value, constants, diagnostics)
        : computed(entry.value, constants, diagnostics);
      // Nothing follows from a value that is not known.
      return diagnostics.length > refused ? [] : [value === entry.value ? entry : { ...entry, value }];
    });
    return { ...item, entries };
  });
  return { file: { ...file, items }, diagnostics };
}

/** The tasks of an evaluation, of which `classify` names a `let` first. */
function computedTasks(tasks: Expression, constants: Constants, diagnostics: Diagnostic[]): Expression {
  if (tasks.kind !== "list") return computed(tasks, constants, diagnostics);
  const elements = tasks.elements.map((task): Expression => {
    if (task.kind !== "call") return task;
    const passed = task.arguments.map((argument, index) => {
      const isLet = argument.name === null ? index === 0 : argument.name.text === "logits";
      return isLet ? argument : { ...argument, value: computed(argument.value, constants, diagnostics) };
    });
    return { ...task, arguments: passed };
  });
  return { ...tasks, elements };
}

/** A call whose arguments are computed, as those of settings are. */
export function computeArguments(call: Call, constants: Constants, diagnostics: Diagnostic[]): Call {
  const passed = call.arguments.map((argument) => ({
    ...argument,
    value: computed(argument.value, constants, diagnostics),
  }));
  return { ...call, arguments: passed };
}

function computed(expression: Expression, constants: Constants, diagnostics: Diagnostic[]): Expression {
  switch (expression.kind) {
    case "number":
    case "string":
    case "boolean":
    case "none":
    case "infer":
    case "arrow":
      return expression;
    case "name": {
      const value = constants.values.get(expression.text);
      return (value === undefined ? null : literalOf(value, expression.span)) ?? expression;
    }
    case "list":
      return { ...expression, elements: expression.elements.map((each) => computed(each, constants, diagnostics)) };
    case "call": {
      // Of an operation such as `max` there is a value; a call such as `adamw(...)` is for the setting to read.
      const value = constants.evaluate(expression);
      const literal = value === null ? null : literalOf(value, expression.span);
      if (literal !== null) return literal;
      return computeArguments(expression, constants, diagnostics);
    }
    case "unary":
      if (expression.operator === "-" && expression.operand.kind === "number") return expression;
      return evaluated(expression, constants, diagnostics);
    case "range":
    case "binary":
    case "if":
    case "member":
    case "index":
    case "pipe":
      return evaluated(expression, constants, diagnostics);
  }
}

function evaluated(expression: Expression, constants: Constants, diagnostics: Diagnostic[]): Expression {
  const value = constants.evaluate(expression, diagnostics);
  return (value === null ? null : literalOf(value, expression.span)) ?? expression;
}

/** A value as it could be written in the place of what it was computed from; null for what cannot be. */
function literalOf(value: Value, span: Span, known = new Map<Value, Expression | null>()): Expression | null {
  // Lists may share lists.
  const written = known.get(value);
  if (written !== undefined) return written;
  const literal = writtenOf(value, span, known);
  known.set(value, literal);
  return literal;
}

function writtenOf(value: Value, span: Span, known: Map<Value, Expression | null>): Expression | null {
  switch (value.kind) {
    case "number": {
      const magnitude = Math.abs(value.value);
      const literal: Expression = { kind: "number", text: String(magnitude), value: magnitude, span };
      return value.value < 0 ? { kind: "unary", operator: "-", operand: literal, span } : literal;
    }
    case "string":
      return { kind: "string", value: value.value, span };
    case "boolean":
      return { kind: "boolean", value: value.value, span };
    case "list": {
      const elements = value.elements.flatMap((element) => literalOf(element, span, known) ?? []);
      return elements.length === value.elements.length ? { kind: "list", elements, span } : null;
    }
    case "none":
    case "infer":
    case "dtype":
    case "tensor":
    case "initial":
    case "parameter":
    case "instance":
    case "callable":
    case "builtin":
    case "arrow":
    case "imported":
    case "optional-buffer":
    case "axis-name":
    case "unknown":
      return null;
  }
}
