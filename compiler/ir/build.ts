import type { Dtype, Node, Operation } from "./types.ts";

/** What derivatives and rewrites append operations with; all of them get the origin of one node. */
export interface Build {
  /** Throws where the types do not fit: what the compiler makes always does. */
  readonly add: (operation: Operation, ...inputs: readonly Node[]) => Node;
  readonly constant: (value: number, dtype?: Dtype) => Node;
  readonly mul: (a: Node, b: Node | number) => Node;
  readonly sum: (x: Node, axes: readonly number[], keep: boolean) => Node;
  readonly reshape: (x: Node, shape: readonly number[]) => Node;
  readonly broadcast: (x: Node, shape: readonly number[]) => Node;
  /** The gradient of what was broadcast from `shape`: the sum over the axes along which it was repeated. */
  readonly sumTo: (gradient: Node, shape: readonly number[]) => Node;
}
