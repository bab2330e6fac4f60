import type { ModuleInstance } from "../../elaborate/index.ts";
import { memoizeDepthFirst, type Node, printType } from "../../ir/index.ts";
import type { Element } from "../../select/index.ts";
import { digest } from "./digest.ts";

/** A node by its operation, its type and what flows into it. */
export function digestOfNode(scope: string, { operation, type }: Node, inputs: readonly string[]): string {
  return digest(`${scope} ${JSON.stringify(operation)} ${printType(type)} of ${inputs.join(", ")}`);
}

/** What modules compute by themselves, and what the model computes between them. */
export class OwnComputation {
  private readonly nodes: readonly Node[];
  /** For the modules of adapters the path of what they are on: it is what others see in their place. */
  private readonly seenAs = new Map<string, string>();
  /** Names of nodes that leave a module: `vision.spatial` for a let, `vision.return` for what it gives. */
  private readonly names = new Map<Node, string>();
  private readonly lets: ReadonlyMap<Node, string>;
  /** By module, the nodes of it that are used outside. */
  private readonly exits = new Map<string, Set<Node>>();
  /** A node by what its module computes for it, and what it is called that flows in. */
  private readonly within = memoizeDepthFirst(
    (node: Node) => node.inputs.filter((input) => isOfModule(input, node)),
    (node, digests: readonly string[]): string => {
      const left = [...digests];
      const inputs = node.inputs.map((input) => (isOfModule(input, node) ? (left.shift() ?? "") : this.labelOf(input)));
      return digestOfNode("module", node, inputs);
    },
  );

  constructor(
    nodes: readonly Node[],
    lets: ReadonlyMap<string, Node>,
    results: readonly Node[],
    elements: readonly Element[],
  ) {
    this.nodes = nodes;
    // Of lets that are the same value the first is meant.
    this.lets = new Map([...lets].reverse().map(([name, node]) => [node, name]));
    for (const { instance } of elements) if (instance !== null) this.nameValues(instance);
    for (const node of results) this.exit(node);
    for (const node of nodes) {
      for (const input of node.inputs) if (ownerOf(input) !== ownerOf(node)) this.exit(input);
    }
  }

  /** The paths of modules that compute something, adapters among them. */
  get modules(): readonly string[] {
    return [...this.exits.keys()].filter((path) => path !== "");
  }

  ofModule(path: string): string {
    const exits = [...(this.exits.get(path) ?? [])].map((node) => this.within(node));
    return digest(`module ${exits.sort().join(", ")}`);
  }

  /**
   * A value of the model by what is computed outside its modules for it, back to other lets. What flows into a module from
   * outside all modules counts for the value that uses it.
   */
  ofModelNode(node: Node, name: string | null): string {
    const alias = this.lets.get(node);
    if (alias !== undefined && alias !== name) return digest(`let ${alias}`);
    const entered = new Set<string>();
    const otherLet = (each: Node): string | null => {
      const other = this.lets.get(each);
      return other === undefined || other === name || each === node ? null : other;
    };
    const isOfModel = (each: Node): boolean => ownerOf(each) === null || ownerOf(each) === "";
    const visit = memoizeDepthFirst(
      (each: Node): readonly Node[] => {
        if (otherLet(each) !== null) return [];
        const owner = ownerOf(each);
        return owner === null || owner === "" ? each.inputs : this.enter(owner, entered);
      },
      (each, inputs: readonly string[]): string => {
        const other = otherLet(each);
        if (other !== null) return `let ${other}`;
        return isOfModel(each)
          ? digestOfNode("model", each, inputs)
          : digest(`from ${this.labelOf(each)} with ${inputs.join(", ")}`);
      },
    );
    return visit(node);
  }

  /** What flows into the component of a module from outside all modules, the first time that it is met. */
  private enter(owner: string, entered: Set<string>): readonly Node[] {
    const component = componentOf(owner);
    if (entered.has(component)) return [];
    entered.add(component);
    const inputs = this.nodes
      .filter((node) => {
        const other = ownerOf(node);
        return other !== null && componentOf(other) === component;
      })
      .flatMap((node) => node.inputs.filter((input) => ownerOf(input) === ""));
    return [...new Set(inputs)];
  }

  private exit(node: Node): void {
    const owner = ownerOf(node);
    if (owner === null) return;
    const exits = this.exits.get(owner) ?? new Set();
    this.exits.set(owner, exits);
    exits.add(node);
  }

  /** What a node is called where it is used. */
  private labelOf(node: Node): string {
    const owner = ownerOf(node) ?? "";
    return `${this.names.get(node) ?? this.seenAs.get(owner) ?? owner} ${printType(node.type)}`;
  }

  /** Names what a module has made in its last trace; what it only passes on is named by the module that made it. */
  private nameValues({ adapters, path, values }: ModuleInstance): void {
    const visit = (module: ModuleInstance): void => {
      this.seenAs.set(module.path, path);
      module.children.forEach(visit);
    };
    for (const adapter of adapters) visit(adapter.instance);
    const seenAs = this.seenAs.get(path) ?? path;
    // What a module gives is called that, whatever else it is called inside.
    const order = (name: string): string => (name === "return" ? "" : name);
    const named = [...values].sort(([a], [b]) => (order(a) < order(b) ? -1 : 1));
    for (const [name, value] of named) {
      if (value.kind !== "tensor" || ownerOf(value.node) !== path || this.names.has(value.node)) continue;
      this.names.set(value.node, `${seenAs}.${name}`);
    }
  }
}

/** Whether a value is made by the module of who uses it, or is given. */
function isOfModule(input: Node, user: Node): boolean {
  const owner = ownerOf(input);
  return owner === null || owner === ownerOf(user);
}

/** The module that made a node, empty for the model; null for what is given, which every user sees alike. */
function ownerOf({ operation, origin }: Node): string | null {
  return operation.op === "parameter" || operation.op === "input" || operation.op === "constant" ? null : origin.path;
}

/** `vision` of `vision.spatial.layers[0]`, and `heads.image` of what is in that head. */
function componentOf(path: string): string {
  const [first = "", second] = path.replace(/\[\d+\]/g, "").split(".");
  return first === "heads" && second !== undefined ? `${first}.${second}` : first;
}
