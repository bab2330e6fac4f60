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

  /** Appends the same operation as another graph has; on inputs of the same types, it has the same type. */
  copy({ operation, inputs: before, type, origin }: Node, inputs: readonly Node[]): Node | string {
    if (!inputs.every((input, index) => input.type === before[index]?.type)) return this.add(operation, inputs, origin);
    const node = { id: this.nodes.length, operation, inputs, type, origin };
    this.nodes.push(node);
    return node;
  }

  /** The nodes on which some nodes of this graph depend, those included, each after its inputs. */
  neededFor(outputs: Iterable<Node>): readonly Node[] {
    const isNeeded = new Uint8Array(this.nodes.length);
    for (const node of outputs) {
      if (this.nodes[node.id] !== node) throw new Error("a program's values are nodes of its graph");
      isNeeded[node.id] = 1;
    }
    for (const node of this.nodes.toReversed()) {
      if (isNeeded[node.id] === 1) for (const input of node.inputs) isNeeded[input.id] = 1;
    }
    return this.nodes.filter(({ id }) => isNeeded[id] === 1);
  }
}
