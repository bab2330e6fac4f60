import type { Argument, Call, Expression, Name, Span } from "../../../grammar/index.ts";
import { type BuiltinName, builtinNamed, forwardOf, isBuiltinName } from "../../elaborate/index.ts";
import type { Callable } from "../../load/index.ts";
import { type BuiltinUse, builtinRules, type Given } from "./builtins.ts";
import { isLayer } from "./layers.ts";
import { literal, looksLikeNumber, printNumber } from "./literals.ts";
import type { FoundIdiom } from "./match-idioms.ts";
import { attributeName, lastValue, variableName } from "./names.ts";
import type { Place } from "./place.ts";
import { attentionCall, rounded } from "./products.ts";
import { attribute, binary, call, type Python, type PythonArgument, printPython, text, word } from "./python.ts";
import { Refusal, refuse } from "./refusal.ts";

/** Writes expressions of the language in Python. */
export class Translator {
  readonly place: Place;

  constructor(place: Place) {
    this.place = place;
  }

  expression(expression: Expression): Python {
    const known = this.place.replaced.get(expression);
    if (known !== undefined) return known;
    try {
      return this.translate(expression);
    } catch (error) {
      // What no module of this model computes need not be said.
      if (!(error instanceof Refusal) || this.place.declarations.facts.of(expression) !== null) throw error;
      const { source, start, end } = expression.span;
      this.place.writer.use("ops");
      return call("ops.not_used", [text(source.text.slice(start, end))]);
    }
  }

  private translate(expression: Expression): Python {
    const attention = this.place.attentions.get(expression);
    if (attention !== undefined) return attentionCall(attention, this);
    const idiom = this.place.idioms.get(expression);
    if (idiom !== undefined) return this.idiom(idiom);
    switch (expression.kind) {
      case "number":
        return word(printNumber(expression.text, expression.value));
      case "string":
        return text(expression.value);
      case "boolean":
        return word(expression.value ? "True" : "False");
      case "none":
        return word("None");
      case "infer":
        return refuse("`infer` stands for a size that only a pipe of the model finds", expression.span);
      case "name":
        return this.place.encoders.get(expression.text)?.variable ?? this.name(expression.text, expression.span);
      case "list":
        return { kind: "list", elements: expression.elements.map((each) => this.expression(each)) };
      case "range": {
        const from = this.expression(expression.from);
        const isFromZero = from.kind === "word" && from.text === "0";
        return call("range", [...(isFromZero ? [] : [from]), this.expression(expression.to)]);
      }
      case "unary":
        return {
          kind: "unary",
          operator: expression.operator === "-" ? "-" : this.kindOf(expression.operand) === "tensor" ? "~" : "not ",
          operand: this.value(expression.operand),
        };
      case "binary":
        return this.binary(expression);
      case "if":
        return {
          kind: "if",
          condition: this.expression(expression.condition),
          then: this.expression(expression.then),
          otherwise: this.expression(expression.otherwise),
        };
      case "arrow":
        return refuse("a function `i => ...` is passed on", expression.span);
      case "call":
        if (this.isFixed(expression)) return this.fixed(expression);
        return this.call(
          expression.callee,
          expression.arguments.map((each) => this.argument(each)),
          expression,
        );
      case "member":
        return this.member(expression.object, expression.name);
      case "index": {
        const object = this.expression(expression.object);
        const index = this.expression(expression.index);
        const shape =
          object.kind === "call" && printPython(object.callee) === "list" ? object.arguments[0]?.value : null;
        return { kind: "index", of: shape ?? object, index };
      }
      case "pipe": {
        const { value, into } = expression;
        const first: Passed = { name: null, expression: value, span: value.span };
        const callee = into.kind === "call" ? into.callee : into;
        const rest = into.kind === "call" ? into.arguments.map((each) => this.argument(each)) : [];
        return this.call(callee, [first, ...rest], expression);
      }
    }
  }

  /** A tensor or a number: a part of a module has a value only where the model calls it as an encoder. */
  value(expression: Expression): Python {
    const { facts, isEncoder } = this.place.declarations;
    const isModule = facts.isAll(expression, "instance");
    if (isModule && ![...(facts.of(expression)?.instances ?? [])].every(isEncoder))
      refuse("a module is used as the value that it gave when it was last called", expression.span);
    return this.expression(expression);
  }

  private name(name: string, span: Span): Python {
    const { scope, declarations, writer } = this.place;
    const known = scope.lookup(name);
    if (known !== null) return known;
    const callable = declarations.callable(name, span.source);
    if (callable !== null) return word(writer.nameOf(callable));
    const value = declarations.fileValue(name, span.source);
    const fixed = literal(value);
    if (fixed !== null) return fixed;
    if (value?.kind === "list") return refuse(`the list \`${name}\` cannot be written out`, span);
    return refuse(`\`${name}\` is passed on as a value`, span);
  }

  private binary({ operator, left, right }: Expression & { readonly kind: "binary" }): Python {
    const isNone = [left, right].some(({ kind }) => kind === "none");
    if (isNone && (operator === "==" || operator === "!="))
      return binary(operator === "==" ? "is" : "is not", this.expression(left), this.expression(right));
    if (operator === "//" || operator === "%") return this.division(operator, left, right);
    const isLogic = operator === "and" || operator === "or";
    const ofTensors = isLogic && this.place.declarations.facts.isAll(left, "tensor", "parameter");
    return binary(ofTensors ? elementwise[operator] : operator, this.value(left), this.value(right));
  }

  /** Of floats Python and PyTorch take rests exactly, where the language rounds the quotient first. */
  private division(operator: "//" | "%", left: Expression, right: Expression): Python {
    const { facts } = this.place.declarations;
    const [a, b] = [this.value(left), this.value(right)];
    const areWhole = [left, right].every((each) => facts.of(each)?.isWhole ?? true);
    if (areWhole) return binary(operator, a, b);
    const areNumbers = [left, right].every((each) => facts.isAll(each, "number"));
    const used = operator === "%" ? "ops" : areNumbers ? "math" : "torch";
    this.place.writer.use(used);
    return operator === "%" ? call("ops.remainder", [a, b]) : call(`${used}.floor`, [binary("/", a, b)]);
  }

  /** A module for a call or its members: an encoder's own, not what it gave. */
  module(expression: Expression): Python {
    return expression.kind === "name" ? this.name(expression.text, expression.span) : this.expression(expression);
  }

  private member(object: Expression, { text: name, span }: Name): Python {
    const { declarations, writer, base, encoders } = this.place;
    const qualified = this.qualified(object, name);
    if (qualified !== null) return word(qualified);
    if (object.kind === "name" && object.text === base) return attribute(word("self.original"), attributeName(name));
    const fact = declarations.facts.of(object);
    const [adapter] = [...(fact?.callables ?? [])].filter(({ kind }) => kind === "adapter");
    if (adapter !== undefined) return this.placed(adapter, span);
    const instances = [...(fact?.instances ?? [])];
    if (object.kind === "name" && !encoders.has(object.text) && instances.some(declarations.isEncoder))
      refuse("an encoder is passed on, of which only its value is there", span);
    const isValue = instances.map(({ members, values }) => !members.has(name) && values.has(name));
    if (isValue.some((each) => each !== isValue[0]))
      refuse(`\`${name}\` is a let of some of these modules, and a part of others`, span);
    const encoder = object.kind === "name" ? encoders.get(object.text) : undefined;
    if (isValue[0] === true && encoder?.returned === name) return encoder.variable;
    const isAdapted = instances.some(({ adapters }) => adapters.length > 0);
    if (isAdapted) writer.use("ops");
    const holder = isAdapted ? call("ops.original", [this.module(object)]) : this.module(object);
    return attribute(holder, isValue[0] === true ? lastValue(name) : attributeName(name));
  }

  /** All that is placed of an adapter, and of those that stand for it on other modules. */
  private placed(adapter: Callable, span: Span): Python {
    const { declarations, writer, isOfModel } = this.place;
    if (!isOfModel) refuse("only the model's own losses, metrics and lets have a list of what is placed", span);
    writer.use("ops");
    const classes = declarations.placedOf(adapter).map((each) => word(writer.nameOf(each)));
    return call("ops.adapters", [word("self"), ...classes]);
  }

  /** Python's name for `v.block`, where `v` is an import; null for a member of a value. */
  private qualified(object: Expression, name: string): string | null {
    const { declarations, writer, scope } = this.place;
    if (object.kind !== "name" || scope.lookup(object.text) !== null) return null;
    const callable = declarations.qualified(object.text, name, object.span.source);
    return callable === null ? null : writer.nameOf(callable, object.text);
  }

  private argument({ name, value, span }: Argument): Passed {
    return { name: name?.text ?? null, expression: value, span };
  }

  private call(callee: Expression, passed: readonly Passed[], whole: Expression & { kind: "call" | "pipe" }): Python {
    const { declarations, writer, scope } = this.place;
    const { span } = whole.kind === "pipe" ? whole.into : whole;
    const builtin = this.builtinOf(callee);
    if (builtin !== null) return this.builtin(builtin, passed, span, declarations.facts.of(whole)?.isDrawn ?? false);
    const fact = declarations.facts.of(callee);
    const named = callee.kind === "name" && scope.lookup(callee.text) === null;
    const declared = named ? declarations.callable(callee.text, callee.span.source) : null;
    const callables: readonly Callable[] = declared === null ? [...(fact?.callables ?? [])] : [declared];
    const [callable] = callables;
    const drops = callables.map((each) => declarations.drops(each));
    if (drops.some((each) => each !== drops[0])) refuse("of the functions called here some have dropout", span);
    const [piped] = passed;
    if (callables.some(({ kind }) => kind === "module" || kind === "adapter")) {
      if (this.place.head === null || piped === undefined)
        return refuse("a module is made where a value flows into it; only a pipe of the model can do that", span);
      return call(this.place.head, [this.value(piped.expression)]);
    }
    const [instance] = fact?.instances ?? [];
    const base = callee.kind === "name" && callee.text === this.place.base ? word("self.base") : null;
    if (base === null && instance !== undefined && declarations.isEncoder(instance))
      refuse("an encoder is called once more", span);
    const parameters = callable?.parameters ?? (instance && forwardOf(instance.declaration).parameters) ?? [];
    const training: readonly PythonArgument[] =
      drops[0] === true ? [{ name: "training", value: this.training(span) }] : [];
    if (callable !== undefined && named) writer.nameOf(callable);
    const isRecomputed =
      declarations.settings.recompute !== "none" && callables.length === 0 && isLayer(fact?.instances ?? new Set());
    if (isRecomputed) writer.use("ops");
    return {
      kind: "call",
      callee: isRecomputed ? word("ops.recomputed") : (base ?? this.module(callee)),
      arguments: [
        ...(isRecomputed ? [{ name: null, value: base ?? this.module(callee) }] : []),
        ...this.arguments(
          passed,
          parameters.map(({ name }) => name.text),
        ),
        ...training,
      ],
    };
  }

  /** Whether a module is called without inputs, and gives the same as long as its weights are the same. */
  private isFixed({ callee, arguments: given }: Call): boolean {
    const { facts, isEncoder } = this.place.declarations;
    const instances = [...(facts.of(callee)?.instances ?? [])];
    if (instances.length === 0 || given.length > 0 || !facts.isAll(callee, "instance")) return false;
    return instances.every((each) => !(isEncoder(each) || facts.varies(each)));
  }

  private fixed({ callee }: Call): Python {
    this.place.writer.use("ops");
    return call("ops.computed_once", [this.module(callee)]);
  }

  /** A module that is made: its class, or that of what stands for it, with its arguments. */
  construction(
    { callee, arguments: given }: Call,
    inferred: readonly PythonArgument[] = [],
    standIn: Callable | null = null,
  ): Python {
    const fact = this.place.declarations.facts.of(callee);
    const [callable] = fact?.callables ?? [];
    const known = callee.kind === "name" ? this.place.declarations.callable(callee.text, callee.span.source) : null;
    const parameters = (callable ?? known)?.parameters.map(({ name }) => name.text) ?? [];
    const passed = given.flatMap((each) => (each.value.kind === "infer" ? [] : [this.argument(each)]));
    return {
      kind: "call",
      callee: standIn === null ? this.expression(callee) : word(this.place.writer.nameOf(standIn, aliasOf(callee))),
      arguments: [...this.arguments(passed, parameters), ...inferred],
    };
  }

  /** Arguments in Python, where none without a name may follow one with a name. */
  arguments(passed: readonly Passed[], parameters: readonly string[]): readonly PythonArgument[] {
    let isNamed = false;
    return passed.map(({ name, expression }, index) => {
      isNamed ||= name !== null;
      const known = name ?? (isNamed ? (parameters[index] ?? null) : null);
      return { name: known === null ? null : variableName(known), value: this.expression(expression) };
    });
  }

  private training(span: Span): Python {
    return this.place.training ?? refuse("dropout is drawn outside of a forward", span);
  }

  private builtinOf(callee: Expression): BuiltinName | null {
    const { declarations, scope } = this.place;
    const found = [...(declarations.facts.of(callee)?.builtins ?? [])];
    if (callee.kind === "name" && scope.lookup(callee.text) === null && isBuiltinName(callee.text)) {
      if (declarations.callable(callee.text, callee.span.source) === null) return callee.text;
    }
    const [only] = found;
    if (only === undefined) return null;
    return refuse(`the operation \`${only}\` is called by another name`, callee.span);
  }

  private useModulesIn(made: Python): void {
    for (const module of ["torch", "math", "ops", "F"] as const)
      if (new RegExp(`\\b${module}\\.`).test(printPython(made))) this.place.writer.use(module);
  }

  private builtin(name: BuiltinName, passed: readonly Passed[], span: Span, isDrawn: boolean): Python {
    const parameters = builtinNamed(name).parameters.map((each) => each.replace("?", ""));
    const byName = new Map(passed.map((each, index) => [each.name ?? parameters[index] ?? "", each.expression]));
    const find = (parameter: string): Expression =>
      byName.get(parameter) ?? refuse(`\`${name}\` is called without \`${parameter}\``, span);
    const use: BuiltinUse = {
      name,
      span,
      has: (parameter) => byName.has(parameter),
      given: (parameter): Given => {
        const expression = find(parameter);
        return { python: this.value(expression), kind: this.kindOf(expression) };
      },
      written: find,
      others: Object.fromEntries(
        [...byName].flatMap(([key, each]) => (parameters.includes(key) ? [] : [[key, this.expression(each)]])),
      ),
      axis: (of) => {
        const tensor = find(of);
        const first = tensor.kind === "list" && of === "list" ? (tensor.elements[0] ?? tensor) : tensor;
        return this.axis(find("axis"), first);
      },
      isDrawn,
      training: () => this.training(span),
      isFed: (of) => this.place.declarations.facts.of(find(of))?.isFed ?? false,
      rank: (of) => {
        const ranks = [...(this.place.declarations.facts.of(find(of))?.ranks ?? [])];
        const [rank] = ranks;
        return rank === undefined || ranks.length > 1
          ? refuse("its tensors have different numbers of axes", span)
          : rank;
      },
    };
    const made = rounded(name, builtinRules[name](use), this.place);
    this.useModulesIn(made);
    return made;
  }

  private idiom({ idiom, values }: FoundIdiom): Python {
    const made = idiom.python((name) => {
      const value = values.get(name);
      if (value === undefined) throw new Error("an idiom has a value for each of its names");
      return this.value(value);
    });
    this.useModulesIn(made);
    return made;
  }

  private axis(axis: Expression, of: Expression): Python {
    if (axis.kind === "list") return { kind: "list", elements: axis.elements.map((each) => this.axis(each, of)) };
    if (axis.kind !== "name") return this.expression(axis);
    const { facts } = this.place.declarations;
    const found = [...(facts.of(of)?.labels ?? [])].map((labels) => labelIndex(labels, axis.text));
    const [index] = found;
    if (found.some((each) => each !== index))
      refuse(`the axis \`${axis.text}\` is at different places in different calls`, axis.span);
    if (index === undefined || index < 0) return this.name(axis.text, axis.span);
    return word(String(index));
  }

  /** Whether a value is a number or a tensor; what no module computes is taken for what it looks like. */
  private kindOf(expression: Expression): Given["kind"] {
    const kinds = this.place.declarations.facts.of(expression)?.kinds;
    if (kinds === undefined)
      return this.place.isMaking || looksLikeNumber(expression, this.place.scope) ? "number" : "tensor";
    const isTensor = [...kinds].map((kind) => kind === "tensor" || kind === "parameter" || kind === "instance");
    const isNumber = [...kinds].map((kind) => kind === "number");
    if (isTensor.every(Boolean)) return "tensor";
    if (isNumber.every(Boolean)) return "number";
    const isMixed = isTensor.some(Boolean) && isNumber.some(Boolean);
    return isMixed ? refuse("this is a number in some calls and a tensor in others", expression.span) : "other";
  }
}

/** Logic of tensors, element by element. */
const elementwise = { and: "&", or: "|" } as const;

interface Passed {
  readonly name: string | null;
  readonly expression: Expression;
  readonly span: Span;
}

function labelIndex(labels: string, name: string): number {
  const list: unknown = JSON.parse(labels);
  return Array.isArray(list) ? list.indexOf(name) : -1;
}

/** The name of the import that a callee stands behind, as in `v.block`. */
function aliasOf(callee: Expression): string | undefined {
  return callee.kind === "member" && callee.object.kind === "name" ? callee.object.text : undefined;
}
