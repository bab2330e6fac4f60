import { type Dtype, type InitialValue, type Node, printType } from "../ir/index.ts";
import type { Callable } from "../load/index.ts";
import type { Builtin } from "./builtins/builtin.ts";
import type { Environment } from "./environment.ts";
import type { ModuleInstance, ParameterInstance } from "./instances.ts";

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
  | { readonly kind: "initial"; readonly initial: InitialValue }
  | { readonly kind: "parameter"; readonly parameter: ParameterInstance }
  | InstanceValue
  | { readonly kind: "callable"; readonly callable: Callable; readonly home: Environment }
  | { readonly kind: "builtin"; readonly name: string; readonly builtin: Builtin }
  /** A bare name as an axis: the label of a tensor's axis, or else what the name means. */
  | { readonly kind: "axis-name"; readonly text: string; readonly meaning: Value | null };

export interface TensorValue {
  readonly kind: "tensor";
  readonly node: Node;
  /** The names that a typed `let` gave to the axes. */
  readonly labels: readonly (string | null)[];
}

/** A module in the tree; `level` says how many of its adapters are around it. */
export interface InstanceValue {
  readonly kind: "instance";
  readonly instance: ModuleInstance;
  readonly level: number;
}

export const none: Value = { kind: "none" };

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

/** A value in a message. */
export function describe(value: Value): string {
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
      return value.elements.length > 8
        ? `a list of ${value.elements.length}`
        : `[${value.elements.map(describe).join(", ")}]`;
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
    case "axis-name":
      return `\`${value.text}\``;
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
  }
}
