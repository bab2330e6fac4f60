import type { Builder } from "../ir/builder.ts";
import type { Node } from "../ir/types.ts";
import { allNodesOf, nodesOf, type Program } from "../programs/program.ts";
import { consumersOf } from "./consumers.ts";
import { rewrite } from "./rewrite.ts";

/** A value that is x W^T + b, where W and b depend on parameters alone. */
interface Projection {
  readonly x: Node;
  readonly outputs: number;
  /** Appends W, [outputs, inputs], to another program; `made` has what became of a node. */
  readonly weight: (made: Made, build: Builder) => Node;
  readonly bias: ((made: Made, build: Builder) => Node) | null;
  /** Whether it is more than one product after the other: what branches and comes together, or is scaled. */
  readonly isMerged: boolean;
}

type Made = (node: Node) => Node;

/** The projections so far, as a node sees them: those in its own place. */
interface Known {
  readonly get: (node: Node) => Projection | undefined;
  readonly isNear: (node: Node) => boolean;
}

/**
 * Folds what stands beside or around a projection into its weight, where all of it is linear in the same input: LoRA's
 * x W^T + s (x A^T) B^T is x (W + s B A)^T, and factors for inputs or outputs are factors for columns or rows of W. The new
 * weights are computed once, and are named after the parameter that they take the place of.
 */
export function mergeProjections(program: Program): Program {
  return merge(program, () => "").program;
}

/** A projection that something was folded into, in the place where that is. */
export interface Fold {
  readonly place: string;
  /** [outputs, inputs]; it depends on parameters alone, like the bias. */
  readonly weight: Node;
  /** [outputs] */
  readonly bias: Node | null;
}

export interface FoldedAdapters {
  readonly program: Program;
  /** Their places are the modules that are adapted. */
  readonly folds: readonly Fold[];
  /** Adapted modules with something that is left beside or around their projection. */
  readonly left: ReadonlySet<string>;
}

/**
 * Folds adapters into the modules that they adapt, and nothing else into them or them into anything else: what is computed is
 * a new value for each module's own weight and bias. `moduleOf` gives the module that the adapter at a path adapts.
 */
export function foldAdapters(program: Program, moduleOf: (path: string) => string | null): FoldedAdapters {
  const { program: folded, folds, made } = merge(program, ({ origin: { path } }) => moduleOf(path) ?? path);
  const left = nodesOf(folded).flatMap((node) => (made.has(node) ? [] : (moduleOf(node.origin.path) ?? [])));
  return { program: folded, folds, left: new Set(left) };
}

/** Folds what is in the same place. */
function merge(
  program: Program,
  placeOf: (node: Node) => string,
): { readonly program: Program; readonly folds: readonly Fold[]; readonly made: ReadonlySet<Node> } {
  const fixed = fixedNodes(program);
  const projections = new Map<Node, Projection>();
  for (const node of nodesOf(program)) {
    if (fixed.has(node)) continue;
    const isNear = (other: Node): boolean => placeOf(other) === placeOf(node);
    const known = { get: (input: Node) => (isNear(input) ? projections.get(input) : undefined), isNear };
    const projection = projectionOf(node, fixed, known);
    if (projection !== null) projections.set(node, projection);
  }
  const consumers = consumersOf(program);
  const roots = new Set([...program.outputs.values(), ...program.updates.values()]);
  const isWithin = (node: Node, user: Node): boolean =>
    projections.get(user)?.isMerged === true && placeOf(user) === placeOf(node);
  const isLast = (node: Node): boolean =>
    roots.has(node) || !(consumers.get(node) ?? []).every((user) => isWithin(node, user));
  const once = new Map<string, Node>();
  const folds: Fold[] = [];
  const standIns = new Set<Node>();
  const made = new Map<Node, Node>();
  const madeFor: Made = (node) => {
    const found = made.get(node);
    if (found === undefined) throw new Error("a node stands after its inputs");
    return found;
  };
  const keep = (wanted: string, value: Node, build: Builder): Node => {
    let path = wanted;
    for (let count = 1; once.has(path); count++) path = `${wanted}:${count}`;
    once.set(path, value);
    const parameter = build.add({ op: "parameter", path, type: value.type });
    standIns.add(parameter);
    return parameter;
  };
  const merged = rewrite(program, (node, inputs, build) => {
    const projection = projections.get(node);
    let result: Node;
    if (projection?.isMerged !== true || !isLast(node)) result = build.add(node.operation, ...inputs);
    else {
      const { x, weight, bias } = projection;
      const value = weight(madeFor, build);
      const shift = bias?.(madeFor, build) ?? null;
      folds.push({ place: placeOf(node), weight: value, bias: shift });
      const parameter = keep(`${parameterIn(value) ?? `${node.origin.path}.weight`}:merged`, value, build);
      result = build.add({ op: "matmul", transposeA: false, transposeB: true }, madeFor(x), parameter);
      standIns.add(result);
      if (shift !== null) {
        const kept = keep(`${node.origin.path}.bias:merged`, shift, build);
        result = build.add({ op: "add" }, result, kept);
        standIns.add(result);
      }
    }
    made.set(node, result);
    return result;
  });
  return { program: { ...merged, once: new Map([...merged.once, ...once]) }, folds, made: standIns };
}

/** Nodes that depend on parameters and constants alone. */
function fixedNodes(program: Program): ReadonlySet<Node> {
  const fixed = new Set<Node>();
  for (const node of allNodesOf(program)) {
    const { op } = node.operation;
    if (op !== "input" && op !== "random_uniform" && node.inputs.every((input) => fixed.has(input))) fixed.add(node);
  }
  return fixed;
}

function projectionOf({ operation, inputs, type }: Node, fixed: ReadonlySet<Node>, known: Known): Projection | null {
  const [a, b] = inputs;
  if (a === undefined) return null;
  if (operation.op === "stop_gradient") return known.get(a) ?? null;
  if (b === undefined) return null;
  switch (operation.op) {
    case "matmul": {
      if (operation.transposeA || b.type.shape.length !== 2 || !fixed.has(b)) return null;
      const matrix = (made: Made, build: Builder): Node =>
        operation.transposeB ? made(b) : build.add({ op: "transpose", permutation: [1, 0] }, made(b));
      return productOf(a, matrix, type.shape.at(-1) ?? 1, fixed, known);
    }
    case "add": {
      const [left, right] = [known.get(a), known.get(b)];
      if (left !== undefined && right !== undefined) return left.x === right.x ? sumOf(left, right) : null;
      const [base, shift] = left === undefined ? [right, a] : [left, b];
      if (base === undefined || !fixed.has(shift) || !isPerOutput(shift, base)) return null;
      const { bias } = base;
      const whole = (made: Made, build: Builder): Node =>
        bias === null
          ? build.broadcast(made(shift), [base.outputs])
          : build.add({ op: "add" }, bias(made, build), made(shift));
      return { ...base, bias: whole };
    }
    case "mul": {
      const [left, right] = [known.get(a), known.get(b)];
      const [base, factor] = left === undefined ? [right, a] : [left, b];
      if (base === undefined || !fixed.has(factor) || !isPerOutput(factor, base)) return null;
      return scaled(base, factor);
    }
    default:
      return null;
  }
}

/** A product after another projection, after a factor for each input, or of some value. */
function productOf(
  a: Node,
  matrix: Projection["weight"],
  outputs: number,
  fixed: ReadonlySet<Node>,
  known: Known,
): Projection {
  const before = known.get(a);
  if (before !== undefined) {
    const { bias } = before;
    const product = (left: Node, right: Node, build: Builder): Node =>
      build.add({ op: "matmul", transposeA: false, transposeB: false }, left, right);
    return {
      x: before.x,
      outputs,
      weight: (made, build) => product(matrix(made, build), before.weight(made, build), build),
      bias:
        bias === null
          ? null
          : (made, build) => {
              const column = build.reshape(bias(made, build), [before.outputs, 1]);
              return build.reshape(product(matrix(made, build), column, build), [outputs]);
            },
      isMerged: before.isMerged,
    };
  }
  const [x, factor] = a.operation.op === "mul" && known.isNear(a) ? factorOf(a, fixed) : [undefined, undefined];
  if (x !== undefined && factor !== undefined) {
    const weight: Projection["weight"] = (made, build) => build.mul(matrix(made, build), made(factor));
    return { x, outputs, weight, bias: null, isMerged: true };
  }
  return { x: a, outputs, weight: matrix, bias: null, isMerged: false };
}

/** What is multiplied with a factor for each of its last axis, and the factor. */
function factorOf(
  { inputs: [a, b], type }: Node,
  fixed: ReadonlySet<Node>,
): readonly [x: Node | undefined, factor: Node | undefined] {
  const isFactor = (node: Node | undefined): boolean =>
    node !== undefined && fixed.has(node) && node.type.shape.length === 1 && node.type.shape[0] === type.shape.at(-1);
  if (isFactor(b)) return [a, b];
  return isFactor(a) ? [b, a] : [undefined, undefined];
}

function sumOf(left: Projection, right: Projection): Projection {
  const [one, other] = [left.bias, right.bias];
  const bias: Projection["bias"] =
    one === null || other === null
      ? (one ?? other)
      : (made, build) => build.add({ op: "add" }, one(made, build), other(made, build));
  const weight: Projection["weight"] = (made, build) =>
    build.add({ op: "add" }, left.weight(made, build), right.weight(made, build));
  return { x: left.x, outputs: left.outputs, weight, bias, isMerged: true };
}

function scaled(base: Projection, factor: Node): Projection {
  const { bias } = base;
  const isVector = factor.type.shape.length === 1;
  return {
    ...base,
    weight: (made, build) => {
      const rows = isVector ? build.reshape(made(factor), [base.outputs, 1]) : made(factor);
      return build.mul(base.weight(made, build), rows);
    },
    bias: bias === null ? null : (made, build) => build.mul(bias(made, build), made(factor)),
    isMerged: isVector || base.isMerged,
  };
}

/** One number, or one for each output. */
function isPerOutput({ type: { shape } }: Node, { outputs }: Projection): boolean {
  return shape.length === 0 || (shape.length === 1 && shape[0] === outputs);
}

/** The parameter of a weight's own shape that it is made from, when there is one. */
function parameterIn(weight: Node): string | null {
  // A set keeps the order and takes no node twice.
  const waiting = new Set([weight]);
  for (const node of waiting) {
    const { operation, inputs, type } = node;
    if (operation.op === "parameter" && type.shape.join() === weight.type.shape.join()) return operation.path;
    for (const input of inputs) waiting.add(input);
  }
  return null;
}
