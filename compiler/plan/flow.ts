import { type Expression, type ModelDeclaration, printExpression } from "../../grammar/index.ts";
import type { Graph, Node, TensorType } from "../ir/index.ts";
import type { FlowArrow, FlowStep, FlowUnit, PlannedFlow } from "./types.ts";

/** A traced model, as far as it says what depends on what. */
export interface FlowSource {
  readonly graph: Graph;
  /** In the order in which the model declares them. */
  readonly losses: readonly Node[];
  /** The model's lets. */
  readonly outputs: ReadonlyMap<string, Node>;
  /** Every named value in the modules, by its path. */
  readonly named: ReadonlyMap<string, Node>;
}

/** Inputs, encoders, lets and losses, and which of them uses a value of which other, as the graph's nodes say. */
export function flowOf(model: ModelDeclaration, source: FlowSource): PlannedFlow {
  return new FlowFinder(model, source).find();
}

/** A unit while its arrows are looked for. */
interface Draft {
  readonly unit: Omit<FlowUnit, "components" | "steps">;
  readonly components: Set<string>;
}

class FlowFinder {
  private readonly source: FlowSource;
  private readonly drafts: Draft[] = [];
  private readonly inputs = new Map<string, number>();
  private readonly encoders = new Map<string, number>();
  /** The first let that names a node. */
  private readonly lets = new Map<Node, number>();
  /** Lets and losses with the nodes that they are. */
  private readonly ends: { readonly unit: number; readonly node: Node }[] = [];
  private readonly names: ReadonlyMap<Node, string>;
  private readonly arrows = new Map<string, FlowArrow>();
  private readonly leaving = new Set<Node>();

  constructor(model: ModelDeclaration, source: FlowSource) {
    this.source = source;
    this.names = new Map([...source.named].reverse().map(([path, node]) => [node, path]));
    for (const { operation, type } of source.graph.nodes) {
      if (operation.op !== "input" || this.inputs.has(operation.name)) continue;
      this.inputs.set(operation.name, this.add("input", operation.name, null, type));
    }
    const losses = [...source.losses];
    for (const member of model.members) {
      if (member.kind === "encoder") {
        const name = member.name.text;
        this.encoders.set(name, this.add("encoder", name, member.module, null));
      } else if (member.kind === "head-let") {
        const node = source.outputs.get(member.name.text);
        if (node === undefined) continue;
        const unit = this.add("let", member.name.text, member.value, node.type);
        if (!this.lets.has(node)) this.lets.set(node, unit);
        this.ends.push({ unit, node });
      } else if (member.kind === "loss-use") {
        const node = losses.shift();
        if (node !== undefined) this.ends.push({ unit: this.add("loss", "loss", member.value, node.type), node });
      }
    }
  }

  find(): PlannedFlow {
    for (const node of this.source.graph.nodes) {
      const encoder = this.encoderOf(node);
      if (encoder === undefined) continue;
      for (const input of node.inputs) if (this.encoderOf(input) !== encoder) this.walk(input, encoder);
    }
    for (const { unit, node } of this.ends) this.walk(node, unit);
    return {
      units: this.drafts.map(({ unit, components }) => ({
        ...unit,
        components: unit.kind === "encoder" ? [unit.name] : [...components],
        steps: unit.kind === "encoder" ? this.stepsOf(unit.name) : [],
      })),
      arrows: [...this.arrows.values()],
    };
  }

  private add(kind: FlowUnit["kind"], name: string, written: Expression | null, type: TensorType | null): number {
    const text = written === null ? "" : printExpression(written);
    return this.drafts.push({ unit: { kind, name, text, type }, components: new Set() }) - 1;
  }

  /** Goes back from a node to the values of other units, through what belongs to none. */
  private walk(start: Node, target: number): void {
    const seen = new Set<Node>();
    const stack = [start];
    for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
      if (seen.has(node)) continue;
      seen.add(node);
      const from = this.unitOf(node, target);
      if (from !== null) {
        this.connect(from, target, node);
        continue;
      }
      const component = componentOf(placeOf(node));
      if (component !== null) this.drafts[target]?.components.add(component);
      stack.push(...node.inputs);
    }
  }

  /** The unit whose value a node is, a let rather than what it stands for; null for what the target computes itself. */
  private unitOf(node: Node, target: number): number | null {
    const { operation } = node;
    const named = this.lets.get(node);
    if (named !== undefined && named !== target && this.drafts[target]?.unit.kind !== "encoder") return named;
    if (operation.op === "input") return this.inputs.get(operation.name) ?? null;
    const encoder = this.encoderOf(node);
    return encoder === undefined || encoder === target ? null : encoder;
  }

  private encoderOf(node: Node): number | undefined {
    return this.encoders.get(firstStep(placeOf(node)));
  }

  private connect(from: number, to: number, node: Node): void {
    this.leaving.add(node);
    // What has no name of its own is an arrow without one.
    const value = this.names.get(node) ?? "";
    this.arrows.set(`${from} ${to} ${node.id}`, { from, to, value, type: node.type });
  }

  /** The modules of an encoder, each when it is first run, and its named values, each when it is known. */
  private stepsOf(encoder: string): readonly FlowStep[] {
    const values = new Map<Node, string>();
    for (const [path, node] of this.source.named) {
      const name = path.slice(encoder.length + 1);
      if (!path.startsWith(`${encoder}.`) || name.includes(".") || node.operation.op === "parameter") continue;
      // What `forward` returns mostly has a name already.
      if (firstStep(placeOf(node)) === encoder && !values.has(node)) values.set(node, name);
    }
    const steps: FlowStep[] = [];
    const seen = new Set<string>();
    for (const node of this.source.graph.nodes) {
      const path = placeOf(node);
      if (firstStep(path) === encoder && path !== encoder && !seen.has(path)) {
        seen.add(path);
        steps.push({ kind: "module", path });
      }
      const name = values.get(node);
      if (name !== undefined) steps.push({ kind: "value", name, type: node.type, isUsed: this.leaving.has(node) });
    }
    return steps;
  }
}

/** Where in the tree of modules a node is; of a parameter, where the parameter is. */
function placeOf({ operation, origin }: Node): string {
  return operation.op === "parameter" ? operation.path : origin.path;
}

function firstStep(path: string): string {
  return path.replace(/[.[].*$/s, "");
}

/** The component of a plan that a path is in: `heads.image` of `heads.image.weight`. */
function componentOf(path: string): string | null {
  if (path === "") return null;
  const first = firstStep(path);
  return first === "heads" ? `${first}.${firstStep(path.slice(first.length + 1))}` : first;
}
