import { inferType } from "../ops/index.ts";
import type { Node, Operation, Origin } from "./types.ts";

/** Nodes that one trace may have: a spec that asks for more asks for it by mistake. */
export const nodeLimit = 2_000_000;

/** The nodes of one trace, each after its inputs. */
export class Graph {
  readonly nodes: Node[] = [];

  /** Appends an operation on earlier nodes, or says in words why it cannot be applied to them. */
  add(operation: Operation, inputs: readonly Node[], origin: Origin): Node | string {
    const type = inferType(
      operation,
      inputs.map((input) => input.type),
    );
    if (typeof type === "string") return type;
    const node = { id: this.nodes.length, operation, inputs, type, origin };
    this.nodes.push(node);
    return node;
  }
}
