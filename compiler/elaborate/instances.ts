import type { AdapterDeclaration, ModuleDeclaration, RolesDeclaration, Span } from "../../grammar/index.ts";
import type { InitialValue, TensorType } from "../ir/index.ts";
import type { Environment } from "./environment.ts";
import type { Value } from "./values.ts";

/** One step of a path: a part's name, and its number when the part is a list. */
export interface Step {
  readonly name: string;
  readonly index: number | null;
  /** How many members the list has. */
  readonly count: number | null;
}

/** What a projection is for: one role of a family, or a group of them. */
export interface Role {
  readonly family: RolesDeclaration;
  readonly name: string;
  /** The roles that are no groups, of which this one is made. */
  readonly atoms: ReadonlySet<string>;
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
  readonly children: ModuleInstance[];
  /** Innermost first. */
  readonly adapters: AdapterInstance[];
  /** The lets of the last trace of `forward`, by name. */
  readonly values: Map<string, Value>;
  readonly span: Span;
}

/** An adapter around a module. */
export interface AdapterInstance {
  readonly declaration: AdapterDeclaration;
  /** The adapter's own arguments and parameters. */
  readonly instance: ModuleInstance;
}

export interface ParameterInstance {
  readonly path: string;
  readonly steps: readonly Step[];
  readonly checkpoint: string;
  readonly type: TensorType;
  readonly storage: "param" | "buffer";
  readonly initial: InitialValue;
  readonly role: Role | null;
  readonly span: Span;
}

/** Steps as a selector writes them. */
export function printSteps(steps: readonly Step[]): string {
  return steps.map(({ name, index }) => (index === null ? name : `${name}[${index}]`)).join(".");
}
