import type {
  AdapterDeclaration,
  Call,
  ModuleDeclaration,
  OptionalBuffer,
  ParamMember,
  PartMember,
  Require,
  Span,
  StringText,
} from "../../grammar/index.ts";
import { at } from "../at.ts";
import { inputsGiven, placedName } from "../load/index.ts";
import { bindArguments } from "./arguments.ts";
import type { BuiltinArgument } from "./builtins/builtin.ts";
import type { Evaluator } from "./evaluate.ts";
import type { Files } from "./files.ts";
import { firstValueOf } from "./first-value.ts";
import { operandsOf } from "./operands.ts";
import { optionalBuffer } from "./optional-buffer.ts";
import { printSteps, type Role, type Step } from "./parameters.ts";
import { bindSizes, sizesOf } from "./patterns.ts";
import { isOfWholeModel, peftFormOf } from "./peft-form.ts";
import { resolveRole } from "./roles.ts";
import { SharedParameters } from "./shared-parameters.ts";
import { elementsOf, forgetLet, runLet } from "./statements.ts";
import { madeSoFar, type Surroundings, surroundingsOf } from "./surroundings.ts";
import { shortenTexts } from "./text-length.ts";
import type { PlacedOne } from "./trace.ts";
import {
  type Adaptable,
  type ChildNaming,
  describe,
  Environment,
  holdsTensor,
  isModule,
  list,
  type ModuleInstance,
  none,
  type OptionalInstance,
  type ParameterInstance,
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
  readonly shared = new SharedParameters();
  /** What the placements of an adapter are on, by what it is called there, in the order of the model. */
  placementsOf: (name: string) => readonly Adaptable[] = () => [];
  private readonly files: Files;
  /** At most so many tokens of a text are read; null where encoders say it themselves. */
  private readonly longestText: number | null;
  private count = 0;

  constructor(files: Files, longestText: number | null = null) {
    this.files = files;
    this.longestText = longestText;
  }

  /** The module of an encoder: inputs of its `forward` among the arguments are for when it is run. */
  encoder(call: Call, environment: Environment, place: Place, evaluator: Evaluator): ModuleInstance {
    const callee = evaluator.evaluate(call.callee, environment);
    const callable = callee.kind === "callable" ? callee.callable : null;
    const isInput = callable?.kind === "module" ? inputsGiven(callable) : () => false;
    const own = call.arguments.filter((argument) => !isInput(argument));
    return this.fromCall({ ...call, arguments: own }, environment, place, evaluator, this.longestText);
  }

  /** The module of a part, whose arguments are all given. */
  fromCall(
    call: Call,
    environment: Environment,
    place: Place,
    evaluator: Evaluator,
    longestText: number | null = null,
  ): ModuleInstance {
    const callee = evaluator.evaluate(call.callee, environment);
    if (callee.kind !== "callable" || callee.callable.kind !== "module") {
      return evaluator.trace.fail("not-callable", call.callee.span, { found: describe(callee) });
    }
    const passed = evaluator.passed(callee, call.arguments, environment);
    return this.module(callee.callable, passed, call.span, place, evaluator, new Map(), longestText);
  }

  module(
    declaration: ModuleDeclaration,
    passed: readonly BuiltinArgument[],
    span: Span,
    place: Place,
    evaluator: Evaluator,
    inferred: ReadonlyMap<string, Value>,
    longestText: number | null = null,
  ): ModuleInstance {
    const environment = new Environment(this.files.of(declaration.span.source).environment);
    const callee = { name: declaration.name.text, parameters: declaration.parameters };
    bindArguments(callee, passed, span, environment, evaluator, inferred);
    if (longestText !== null) shortenTexts(declaration, environment, longestText);
    return this.build(declaration, environment, span, place, evaluator);
  }

  /** An adapter around a module or a parameter; its declarations see that as `base`, and the sizes of a parameter by their names. */
  adapter(
    declaration: AdapterDeclaration,
    passed: readonly BuiltinArgument[],
    span: Span,
    base: Adaptable,
    evaluator: Evaluator,
  ): ModuleInstance {
    const environment = new Environment(this.files.of(declaration.span.source).environment);
    const level = base.adapters.length;
    const value: Value = isModule(base)
      ? { kind: "instance", instance: base, level }
      : { kind: "parameter", parameter: base };
    environment.define(declaration.base.text, value);
    const { wraps } = declaration;
    if (wraps.kind === "parameter" && !isModule(base)) bindSizes(wraps.type, base.type, environment, evaluator);
    const callee = { name: declaration.name.text, parameters: declaration.parameters };
    const name = placedName(declaration);
    const same = base.adapters.filter((other) => placedName(other.declaration) === name).length;
    const bind = (): void => bindArguments(callee, passed, span, environment, evaluator);
    evaluator.trace.withinPlacement(() => this.placedOne(name, base, same), bind);
    const step = { name, index: same === 0 ? null : same, count: null };
    const prefix = level === 0 ? base.checkpoint : `${base.checkpoint}.${level}`;
    const place = {
      steps: [...base.steps, step],
      checkpoint: prefix,
      nameChild: (own: string) => (isOfWholeModel(declaration) || prefix === "" ? own : `${prefix}.${own}`),
      role: null,
    };
    return this.build(declaration, environment, span, place, evaluator);
  }

  /** The placement on a base that has `same` others of the adapter already. */
  private placedOne(name: string, base: Adaptable, same: number): PlacedOne {
    const all = this.placementsOf(name);
    const own = all.flatMap((each, index) => (each === base ? [index] : []));
    const bases = all.map(
      (each): Value =>
        isModule(each) ? { kind: "instance", instance: each, level: 0 } : { kind: "parameter", parameter: each },
    );
    return { bases, number: at(own, same) };
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
      optional: [],
      children: [],
      adapters: [],
      forms: [],
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
        runLet(member, instance.environment, evaluator, (_, value) => {
          if (holdsTensor(value)) evaluator.trace.fail("tensor-outside-forward", member.span, {});
        });
        break;
      case "require":
        this.require(member, instance, evaluator);
        break;
      case "param":
        this.param(member, instance, place, evaluator);
        break;
      case "optional-buffer": {
        instance.members.set(member.name.text, { kind: "optional-buffer", text: member.name.text });
        const before = madeSoFar(instance);
        instance.optional.push(...this.optional(member, instance.environment, before, place, evaluator));
        break;
      }
      case "part":
        this.part(member, instance, place, evaluator);
        break;
      case "peft":
        instance.forms.push(peftFormOf(member, instance, evaluator));
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
    if (member.shared) {
      const make = (steps: readonly Step[], nameChild: ChildNaming): ParameterInstance | null => {
        const above: Place = { steps, checkpoint: "", nameChild, role: null };
        return this.parameter(member, surroundingsOf(member, instance), above, evaluator);
      };
      const shared = this.shared.of(member, instance, make, evaluator);
      instance.members.set(member.name.text, shared === null ? none : { kind: "parameter", parameter: shared });
      return;
    }
    const made = this.parameter(member, surroundingsOf(member, instance), place, evaluator);
    instance.members.set(member.name.text, made === null ? none : { kind: "parameter", parameter: made });
    if (made !== null) instance.parameters.push(made);
  }

  /** A declared parameter, or null when its condition is false. */
  parameter(
    { name, type, storage, initial, role, named, when, span }: ParamMember,
    { environment, before, later }: Surroundings,
    place: Place,
    evaluator: Evaluator,
  ): ParameterInstance | null {
    if (when !== null && !evaluator.flag(when, environment)) return null;
    const steps = [...place.steps, { name: name.text, index: null, count: null }];
    const { families } = this.files.of(span.source);
    const sizes = sizesOf(type, environment, evaluator);
    const path = printSteps(steps);
    const first = { name: name.text, path, type: sizes, environment: before, later };
    return {
      path,
      steps,
      checkpoint: place.nameChild(named?.value ?? name.text),
      type: sizes,
      storage,
      initial: initial === null ? { kind: "constant", value: 0 } : firstValueOf(initial, first, evaluator),
      role: role === null ? null : resolveRole(role, span, families, evaluator.trace),
      adapters: [],
      span,
    };
  }

  /** What is declared of an optional buffer; nothing when its condition is false. */
  optional(
    member: OptionalBuffer,
    environment: Environment,
    before: Environment,
    place: Place,
    evaluator: Evaluator,
  ): readonly OptionalInstance[] {
    const { name, type, named, when } = member;
    if (when !== null && !evaluator.flag(when, environment)) return [];
    const path = printSteps([...place.steps, { name: name.text, index: null, count: null }]);
    const checkpoint = place.nameChild(named?.value ?? name.text);
    const sizes = sizesOf(type, environment, evaluator);
    return [optionalBuffer(member, { path, checkpoint, type: sizes, environment: before }, evaluator)];
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
    case "optional-buffer":
    case "part":
      members.set(member.name.text, unknown);
      break;
    case "forward":
    case "peft":
      break;
    case "require":
      evaluator.trace.giveUp();
  }
}
