import type { Expression } from "../../../grammar/index.ts";
import type { ModuleInstance, Value, Watch } from "../../elaborate/index.ts";
import type { Node } from "../../ir/index.ts";
import type { Callable } from "../../load/index.ts";

/** What an expression gave, over all the modules and calls in which it was computed. */
export interface Fact {
  readonly kinds: Set<Value["kind"]>;
  /** Labels of axes, as text, so that they can be compared. */
  readonly labels: Set<string>;
  readonly ranks: Set<number>;
  /** Shapes, as text. */
  readonly shapes: Set<string>;
  readonly callables: Set<Callable>;
  readonly builtins: Set<string>;
  readonly instances: Set<ModuleInstance>;
  /** The tensor that it gave last: in the model's own members, which are computed once in a trace, its only one. */
  node: Node | null;
  /** Whether all numbers and elements of tensors were whole. */
  isWhole: boolean;
  /** Whether all tensors were inputs as they are fed. */
  isFed: boolean;
  /** Whether a tensor was drawn there for a step of training. */
  isDrawn: boolean;
  /** Whether any tensor follows from an input, or from chance. */
  followsInputs: boolean;
}

/** What Python's syntax does not show: the values that expressions had while the model was traced. */
export class Facts {
  private readonly known = new Map<Expression, Fact>();
  /** What follows from an input, of the nodes that were asked for. */
  private readonly following = new Map<Node, boolean>();

  readonly watch: Watch = (expression, value) => {
    let fact = this.known.get(expression);
    if (fact === undefined) {
      const empty = {
        labels: new Set<string>(),
        ranks: new Set<number>(),
        shapes: new Set<string>(),
        builtins: new Set<string>(),
      };
      const seen = { callables: new Set<Callable>(), instances: new Set<ModuleInstance>() };
      fact = {
        kinds: new Set(),
        ...empty,
        ...seen,
        node: null,
        isWhole: true,
        isFed: true,
        isDrawn: false,
        followsInputs: false,
      };
      this.known.set(expression, fact);
    }
    note(fact, value);
    if (value.kind === "tensor") fact.followsInputs ||= this.followsInputs(value.node);
  };

  private followsInputs(end: Node): boolean {
    const open = [end];
    for (let node = open.at(-1); node !== undefined; node = open.at(-1)) {
      const unknown = node.inputs.filter((input) => !this.following.has(input));
      if (unknown.length > 0 && !this.following.has(node)) {
        open.push(...unknown);
        continue;
      }
      const { op } = node.operation;
      const isFollowing =
        op === "input" || op === "dropout" || op === "draw" || node.inputs.some((input) => this.following.get(input));
      this.following.set(node, isFollowing);
      open.pop();
    }
    return this.following.get(end) ?? false;
  }

  /** Whether what a module gave follows from an input, or from chance; true where it gave no tensor. */
  varies(instance: ModuleInstance): boolean {
    const node = returnedBy(instance);
    return node === null || this.followsInputs(node);
  }

  /** Null for what was never computed: the branch of a condition that no module takes. */
  of(expression: Expression): Fact | null {
    return this.known.get(expression) ?? null;
  }

  /** True where an expression gives only values of these kinds. */
  isAll(expression: Expression, ...kinds: readonly Value["kind"][]): boolean {
    const found = this.of(expression)?.kinds;
    return found !== undefined && [...found].every((kind) => kinds.includes(kind));
  }
}

function note(fact: Fact, value: Value): void {
  fact.kinds.add(value.kind);
  switch (value.kind) {
    case "tensor":
      fact.node = value.node;
      fact.labels.add(JSON.stringify(value.labels));
      fact.ranks.add(value.node.type.shape.length);
      fact.shapes.add(value.node.type.shape.join(" "));
      fact.isWhole &&= value.node.type.dtype === "i32";
      fact.isFed &&= value.node.operation.op === "input";
      fact.isDrawn ||= value.node.operation.op === "draw";
      break;
    case "parameter":
      fact.labels.add("[]");
      fact.ranks.add(value.parameter.type.shape.length);
      fact.shapes.add(value.parameter.type.shape.join(" "));
      fact.isWhole &&= value.parameter.type.dtype === "i32";
      fact.isFed = false;
      break;
    case "callable":
      fact.callables.add(value.callable);
      break;
    case "builtin":
      fact.builtins.add(value.name);
      break;
    case "instance":
      fact.instances.add(value.instance);
      fact.node = returnedBy(value.instance);
      fact.isWhole = false;
      fact.isFed = false;
      break;
    case "number":
      fact.isWhole &&= Number.isInteger(value.value);
      break;
    case "string":
    case "boolean":
    case "none":
    case "infer":
    case "list":
    case "dtype":
    case "initial":
    case "imported":
    case "optional-buffer":
    case "axis-name":
    case "arrow":
    case "unknown":
      break;
  }
}

/** The value of a module as of its last call. */
function returnedBy({ values }: ModuleInstance): Node | null {
  const value = values.get("return");
  return value?.kind === "tensor" ? value.node : null;
}
