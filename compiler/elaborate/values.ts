import type { AdapterDeclaration, Arrow, ModuleDeclaration, Span } from "../../grammar/index.ts";
import { type DrawnValue, type Dtype, type InitialValue, type Node, printType, type TensorType } from "../ir/index.ts";
import type { Callable } from "../load/index.ts";
import type { Role, Step } from "./parameters.ts";

/** What an expression gives while a spec is elaborated. */
export type Value =
  | { readonly kind: "number"; readonly value: number }
  | { readonly kind: "string"; readonly value: string }
  | { readonly kind: "boolean"; readonly value: boolean }
  | { readonly kind: "none" }
  | { readonly kind: "infer" }
  | { readonly kind: "list"; readonly elements: readonly Value[] }
  | { readonly kind: "dtype"; readonly dtype: Dtype }
  | TensorValue
  | { readonly kind: "initial"; readonly initial: DrawnValue }
  | { readonly kind: "parameter"; readonly parameter: ParameterInstance }
  /** A buffer that a checkpoint need not have, so that nothing can read it. */
  | { readonly kind: "optional-buffer"; readonly text: string }
  | InstanceValue
  | { readonly kind: "callable"; readonly callable: Callable; readonly home: Environment }
  | { readonly kind: "builtin"; readonly name: string }
  | ArrowValue
  /** An import with a name of its own: what is known behind it. */
  | { readonly kind: "imported"; readonly alias: string; readonly values: ReadonlyMap<string, Value> }
  /** A bare name as an axis: the label of a tensor's axis, or else what the name means. */
  | { readonly kind: "axis-name"; readonly text: string; readonly meaning: Value | null }
  /** What would be there without a mistake that is reported. */
  | { readonly kind: "unknown" };

/** `i => 4 + i` with what it knows. */
export interface ArrowValue {
  readonly kind: "arrow";
  readonly arrow: Arrow;
  readonly home: Environment;
}

export interface TensorValue {
  readonly kind: "tensor";
  readonly node: Node;
  /** The names that a typed `let` gave to the axes. */
  readonly labels: readonly (string | null)[];
}

/** What an adapter is in PEFT: the type of its config, and the fields that say what it computes, in their order. */
export interface PeftForm {
  readonly type: string;
  readonly fields: ReadonlyMap<string, PeftValue>;
}

export type PeftValue = number | string | boolean | null | readonly PeftValue[];

/** A module in the tree; `level` says how many of its adapters are around it. */
export interface InstanceValue {
  readonly kind: "instance";
  readonly instance: ModuleInstance;
  readonly level: number;
}

/** How the names of children in checkpoints follow from that of their parent. */
export type ChildNaming = (own: string) => string;

/** A module with its numbers, at its place in the tree. */
export interface ModuleInstance {
  readonly declaration: ModuleDeclaration | AdapterDeclaration;
  readonly steps: readonly Step[];
  /** The steps as a selector writes them: `vision.spatial.layers[0].attention`. */
  readonly path: string;
  /** The module's name in checkpoints. */
  readonly checkpoint: string;
  readonly nameChild: ChildNaming;
  readonly role: Role | null;
  /** Arguments and lets: what the members' declarations know. */
  readonly environment: Environment;
  /** What `forward` and those outside see: parameters, parts, and `none` for members that are off. */
  readonly members: Map<string, Value>;
  readonly parameters: ParameterInstance[];
  readonly optional: OptionalInstance[];
  readonly children: ModuleInstance[];
  /** Innermost first. */
  readonly adapters: AdapterInstance[];
  /** What an adapter is in PEFT, where it says so; one at most. */
  readonly forms: PeftForm[];
  /** The lets of the last trace of `forward`, by name. */
  readonly values: Map<string, Value>;
  readonly span: Span;
}

/** A parameter or a buffer at its place in the tree. */
export interface ParameterInstance {
  readonly path: string;
  readonly steps: readonly Step[];
  readonly checkpoint: string;
  readonly type: TensorType;
  readonly storage: "param" | "buffer";
  readonly initial: InitialValue;
  readonly role: Role | null;
  /** Innermost first; those around the module that it belongs to are not among them. */
  readonly adapters: AdapterInstance[];
  readonly span: Span;
}

/** What a checkpoint may have besides: a tensor that the model computes itself, or does not need. */
export interface OptionalInstance {
  readonly path: string;
  readonly checkpoint: string;
  readonly type: TensorType;
  /** What it is where a checkpoint has it: a number for all elements, or what a graph of its own gives; null for any value. */
  readonly value: number | Node | null;
  readonly span: Span;
}

/** What an adapter can stand around. */
export type Adaptable = ModuleInstance | ParameterInstance;

export function isModule(base: Adaptable): base is ModuleInstance {
  return "declaration" in base;
}

/** An adapter around a module or a parameter. */
export interface AdapterInstance {
  readonly declaration: AdapterDeclaration;
  /** The adapter's own arguments and parameters. */
  readonly instance: ModuleInstance;
}

/** Names and what they mean, inside a wider environment. */
export class Environment {
  private readonly values = new Map<string, Value>();
  private readonly outer: Environment | null;

  constructor(outer: Environment | null) {
    this.outer = outer;
  }

  lookup(name: string): Value | undefined {
    return this.values.get(name) ?? this.outer?.lookup(name);
  }

  define(name: string, value: Value): void {
    this.values.set(name, value);
  }

  /** Gives a known name a new value where it was defined, up to `limit`; false when it is not known so far. */
  assign(name: string, value: Value, limit: Environment): boolean {
    if (this.values.has(name)) {
      this.values.set(name, value);
      return true;
    }
    return this === limit || this.outer === null ? false : this.outer.assign(name, value, limit);
  }

  /** Every name that is known here, for suggestions. */
  names(): readonly string[] {
    return [...this.values.keys(), ...(this.outer?.names() ?? [])];
  }
}

export const none: Value = { kind: "none" };

export const unknown: Value = { kind: "unknown" };

export function number(value: number): Value {
  return { kind: "number", value };
}

export function boolean(value: boolean): Value {
  return { kind: "boolean", value };
}

export function list(elements: readonly Value[]): Value {
  return { kind: "list", elements };
}

export function tensor(node: Node): TensorValue {
  return { kind: "tensor", node, labels: [] };
}

/** Whether a value is a tensor, or a list with one in it. */
export function holdsTensor(value: Value): boolean {
  const seen = new Set([value]);
  for (const each of seen) if (each.kind === "list") for (const element of each.elements) seen.add(element);
  return [...seen].some(({ kind }) => kind === "tensor");
}

/** A value in a message. Of lists in lists two levels are written out: what holds another one twice, again and again, has no end. */
export function describe(value: Value): string {
  return describeTo(2, value);
}

function describeTo(depth: number, value: Value): string {
  switch (value.kind) {
    case "number":
      return String(value.value);
    case "string":
      return JSON.stringify(value.value);
    case "boolean":
      return String(value.value);
    case "none":
      return "none";
    case "infer":
      return "infer";
    case "list":
      return value.elements.length > 8 || depth === 0
        ? `a list of ${value.elements.length}`
        : `[${value.elements.map((element) => describeTo(depth - 1, element)).join(", ")}]`;
    case "dtype":
      return `the type ${value.dtype}`;
    case "tensor":
      return printType(value.node.type);
    case "initial":
      return printInitial(value.initial);
    case "parameter":
      return printType(value.parameter.type);
    case "instance":
      return `the module \`${value.instance.path}\``;
    case "callable":
      return `the ${value.callable.kind} \`${value.callable.name.text}\``;
    case "builtin":
      return `the operation \`${value.name}\``;
    case "arrow":
      return `the function \`${value.arrow.parameter.text} => ...\``;
    case "imported":
      return `the import \`${value.alias}\``;
    case "optional-buffer":
    case "axis-name":
      return `\`${value.text}\``;
    case "unknown":
      return "an unknown value";
  }
}

/** An initialiser as the language writes it. */
export function printInitial(initial: InitialValue): string {
  switch (initial.kind) {
    case "constant":
      return initial.value === 0 ? "zeros" : initial.value === 1 ? "ones" : `constant(${initial.value})`;
    case "normal":
      return `normal(${initial.standardDeviation})`;
    case "uniform":
      return `uniform(${initial.bound})`;
    case "computed":
      return initial.text;
  }
}

/**
 * True for what is known before any part of a model is made, and belongs to no trace of it. Lists may share lists, and each is looked
 * into once.
 */
export function isKnown(value: Value): boolean {
  const seen = new Set<Value>([value]);
  // What is added while this runs is visited as well.
  for (const each of seen) {
    switch (each.kind) {
      case "number":
      case "string":
      case "boolean":
      case "none":
      case "dtype":
      case "initial":
      case "callable":
      case "builtin":
      case "arrow":
        break;
      case "list":
        for (const element of each.elements) seen.add(element);
        break;
      case "infer":
      case "tensor":
      case "parameter":
      case "instance":
      case "imported":
      case "optional-buffer":
      case "axis-name":
      case "unknown":
        return false;
    }
  }
  return true;
}
