import type { Node } from "./types.ts";

/** Values for most nodes of one graph, by their numbers: several times as fast as a `Map` of half a million nodes. */
export class NodeMap<Value> {
  private readonly keys: (Node | undefined)[] = [];
  private readonly values: (Value | undefined)[] = [];

  get(node: Node): Value | undefined {
    return this.keys[node.id] === node ? this.values[node.id] : undefined;
  }

  has(node: Node): boolean {
    return this.keys[node.id] === node;
  }

  set(node: Node, value: Value): void {
    const { id } = node;
    // Without holes, since an array with large ones becomes a table.
    while (this.keys.length <= id) {
      this.keys.push(undefined);
      this.values.push(undefined);
    }
    const known = this.keys[id];
    if (known !== undefined && known !== node) throw new Error("the nodes of a NodeMap are of one graph");
    this.keys[id] = node;
    this.values[id] = value;
  }
}
