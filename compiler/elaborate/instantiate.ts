import type {
  AdapterDeclaration,
  Call,
  Expression,
  ModuleDeclaration,
  ParamMember,
  PartMember,
  Require,
  Span,
  StringText,
} from "../../grammar/index.ts";
import type { InitialValue } from "../ir/index.ts";
import { bindArguments } from "./arguments.ts";
import type { BuiltinArgument } from "./builtins/builtin.ts";
import type { Evaluator } from "./evaluate.ts";
import type { Files } from "./files.ts";
import { type ParameterInstance, printSteps, type Role, type Step } from "./parameters.ts";
import { sizesOf } from "./patterns.ts";
import { resolveRole } from "./roles.ts";
import { elementsOf, forgetLet, runLet } from "./statements.ts";
import {
  type ChildNaming,
  describe,
  Environment,
  list,
  type ModuleInstance,
  none,
  unknown,
  type Value,
} from "./values.ts";

type Member = (ModuleDeclaration | AdapterDeclaration)["members"][number];

/** Modules in one model. */
const instanceLimit = 200_000;

/** Where a module comes to stand, and what it is called there. */
export interface Place {
  readonly steps: readonly Step[];
  /** The module's name in checkpoints. */
  readonly checkpoint: string;
  readonly nameChild: ChildNaming;
  readonly role: Role | null;
}

/** A child's names under its parent; a `*` in a written name stands for what is below it. */
export function placeChild(parent: Place, name: string, named: StringText | null, role: Role | null, at: Step): Place {
  const steps = [...parent.steps, at];
  const pattern = named?.value ?? name;
  const numbered = (own: string): string => (at.index === null ? own : `${at.index}.${own}`);
  if (pattern.includes("*")) {
    const nameChild = (own: string): string => parent.nameChild(pattern.replace("*", numbered(own)));
    return { steps, checkpoint: nameChild("").replace(/[._]+$/, ""), nameChild, role };
  }
  const checkpoint = parent.nameChild(at.index === null ? pattern : `${pattern}.${at.index}`);
  return { steps, checkpoint, nameChild: (own) => `${checkpoint}.${own}`, role };
}

/** Where components stand: the model itself has no name in checkpoints. */
export const rootPlace: Place = { steps: [], checkpoint: "", nameChild: (own) => own, role: null };

/** Makes modules with their numbers, and everything below them. */
export class Instantiator {
  private readonly files: Files;
  private count = 0;

  constructor(files: Files) {
    this.files = files;
  }

  /** The module of a part or an encoder, whose arguments are all given. */
  fromCall(call: Call, environment: Environment, place: Place, evaluator: Evaluator): ModuleInstance {
    const callee = evaluator.evaluate(call.callee, environment);
    if (callee.kind !== "callable" || callee.callable.kind !== "module") {
      return evaluator.trace.fail("not-callable", call.callee.span, { found: describe(callee) });
    }
    const passed = evaluator.passed(callee, call.arguments, environment);
    return this.module(callee.callable, passed, call.span, place, evaluator, new Map());
  }

  module(
    declaration: ModuleDeclaration,
    passed: readonly BuiltinArgument[],
    span: Span,
    place: Place,
    evaluator: Evaluator,
    inferred: ReadonlyMap<string, Value>,
  ): ModuleInstance {
    const environment = new Environment(this.files.of(declaration.span.source).environment);
    const callee = { name: declaration.name.text, parameters: declaration.parameters };
    bindArguments(callee, passed, span, environment, evaluator, inferred);
    return this.build(declaration, environment, span, place, evaluator);
  }

  /** An adapter around a module; its declarations see that module as `base`. */
  adapter(
    declaration: AdapterDeclaration,
    passed: readonly BuiltinArgument[],
    span: Span,
    base: ModuleInstance,
    evaluator: Evaluator,
  ): ModuleInstance {
    const environment = new Environment(this.files.of(declaration.span.source).environment);
    const level = base.adapters.length;
    environment.define(declaration.base.text, { kind: "instance", instance: base, level });
    const callee = { name: declaration.name.text, parameters: declaration.parameters };
    bindArguments(callee, passed, span, environment, evaluator);
    const same = base.adapters.filter((other) => other.declaration === declaration).length;
    const step = { name: declaration.name.text, index: same === 0 ? null : same, count: null };
    const prefix = level === 0 ? base.checkpoint : `${base.checkpoint}.${level}`;
    const place = {
      steps: [...base.steps, step],
      checkpoint: prefix,
      nameChild: (own: string) => `${prefix}.${own}`,
      role: null,
    };
    return this.build(declaration, environment, span, place, evaluator);
  }

  private build(
    declaration: ModuleDeclaration | AdapterDeclaration,
    environment: Environment,
    span: Span,
    place: Place,
    evaluator: Evaluator,
  ): ModuleInstance {
    const { trace } = evaluator;
    if (++this.count > instanceLimit) trace.fail("too-large", span, { what: "modules", limit: instanceLimit });
    const path = printSteps(place.steps);
    const instance: ModuleInstance = {
      declaration,
      ...place,
      path,
      environment,
      members: new Map(),
      parameters: [],
      children: [],
      adapters: [],
      values: new Map(),
      span,
    };
    trace.within({ path, name: declaration.name.text }, span, () => {
      for (const member of declaration.members) {
        if (trace.recover(() => this.member(member, instance, place, evaluator)) === null)
          forget(member, instance, evaluator);
      }
    });
    return instance;
  }

  private member(member: Member, instance: ModuleInstance, place: Place, evaluator: Evaluator): void {
    switch (member.kind) {
      case "let":
        runLet(member, instance.environment, evaluator, () => undefined);
        break;
      case "require":
        this.require(member, instance, evaluator);
        break;
      case "param":
        this.param(member, instance, place, evaluator);
        break;
      case "part":
        this.part(member, instance, place, evaluator);
        break;
      case "forward":
        break;
    }
  }

  /** A requirement that fails is the mistake of whoever gave the numbers, so the diagnostic points there. */
  private require({ condition, message, span }: Require, instance: ModuleInstance, evaluator: Evaluator): void {
    if (evaluator.flag(condition, instance.environment)) return;
    const labels = [{ span, message: "required here" }];
    const values = operandsOf(condition).map((operand) => {
      const { source, start, end } = operand.span;
      return `${source.text.slice(start, end)} is ${describe(evaluator.evaluate(operand, instance.environment))}`;
    });
    const notes = [`for \`${instance.path}\`: ${[...new Set(values)].join(", ")}`];
    evaluator.trace.fail("requirement-failed", instance.span, { message: message.value }, { labels, notes });
  }

  private param(member: ParamMember, instance: ModuleInstance, place: Place, evaluator: Evaluator): void {
    const made = this.parameter(member, instance.environment, place, evaluator);
    instance.members.set(member.name.text, made === null ? none : { kind: "parameter", parameter: made });
    if (made !== null) instance.parameters.push(made);
  }

  /** A declared parameter, or null when its condition is false. */
  parameter(
    { name, type, storage, initial, role, named, when, span }: ParamMember,
    environment: Environment,
    place: Place,
    evaluator: Evaluator,
  ): ParameterInstance | null {
    if (when !== null && !evaluator.flag(when, environment)) return null;
    const steps = [...place.steps, { name: name.text, index: null, count: null }];
    const families = this.files.of(span.source).families;
    return {
      path: printSteps(steps),
      steps,
      checkpoint: place.nameChild(named?.value ?? name.text),
      type: sizesOf(type, environment, evaluator),
      storage,
      initial: initial === null ? { kind: "constant", value: 0 } : initialOf(initial, environment, evaluator),
      role: role === null ? null : resolveRole(role, span, families, evaluator.trace),
      span,
    };
  }

  private part(member: PartMember, instance: ModuleInstance, place: Place, evaluator: Evaluator): void {
    instance.members.set(
      member.name.text,
      this.parts(member, instance.environment, place, evaluator, instance.children),
    );
  }

  /** A declared part or list of parts, which are added to `children`; `none` when its condition is false. */
  parts(
    { name, repetition, module, role, named, when, span }: PartMember,
    environment: Environment,
    place: Place,
    evaluator: Evaluator,
    children: ModuleInstance[],
  ): Value {
    if (when !== null && !evaluator.flag(when, environment)) return none;
    const families = this.files.of(span.source).families;
    const resolved = role === null ? null : resolveRole(role, span, families, evaluator.trace);
    const make = (inside: Environment, index: number | null, count: number | null): Value => {
      const at = { name: name.text, index, count };
      const child = this.fromCall(module, inside, placeChild(place, name.text, named, resolved, at), evaluator);
      children.push(child);
      return { kind: "instance", instance: child, level: Number.POSITIVE_INFINITY };
    };
    if (repetition === null) return make(environment, null, null);
    const elements = elementsOf(repetition, environment, evaluator);
    return list(
      elements.map((element, index) => {
        const inside = new Environment(environment);
        if (repetition.kind === "for") inside.define(repetition.variable.text, element);
        return make(inside, index, elements.length);
      }),
    );
  }
}

/** Makes unknown what a member with a mistake would have given; nothing below a requirement that fails has a meaning. */
function forget(member: Member, { environment, members }: ModuleInstance, evaluator: Evaluator): void {
  switch (member.kind) {
    case "let":
      forgetLet(member, environment, () => undefined);
      break;
    case "param":
    case "part":
      members.set(member.name.text, unknown);
      break;
    case "forward":
      break;
    case "require":
      evaluator.trace.giveUp();
  }
}

/** `zeros`, `ones`, `constant(c)`, `normal(std)`, `uniform(bound)`, or a number. */
function initialOf(expression: Expression, environment: Environment, evaluator: Evaluator): InitialValue {
  const value = evaluator.evaluate(expression, environment);
  if (value.kind === "initial") return value.initial;
  if (value.kind === "number") return { kind: "constant", value: value.value };
  if (value.kind === "builtin" && value.name === "zeros") return { kind: "constant", value: 0 };
  if (value.kind === "builtin" && value.name === "ones") return { kind: "constant", value: 1 };
  const expected = "`zeros`, `ones`, `constant(c)`, `normal(std)` or `uniform(bound)`";
  return evaluator.refuse("a first value", expected, value, expression.span);
}

/** What a condition compares, for a message that shows the values. */
function operandsOf(condition: Expression): readonly Expression[] {
  switch (condition.kind) {
    case "binary":
      return [...operandsOf(condition.left), ...operandsOf(condition.right)];
    case "unary":
      return operandsOf(condition.operand);
    case "number":
    case "string":
    case "boolean":
    case "none":
    case "infer":
    case "arrow":
      return [];
    case "name":
    case "list":
    case "range":
    case "if":
    case "call":
    case "member":
    case "index":
    case "pipe":
      return [condition];
  }
}
