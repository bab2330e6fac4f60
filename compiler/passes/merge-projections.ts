import { allNodesOf, type Builder, memoizeDepthFirst, type Node, nodesOf, type Program, rewrite } from "../ir/index.ts";
import { equalInputOf, traitsOf } from "../ops/index.ts";
import { consumersOf } from "./consumers.ts";

/** A value that is x W^T + b, where W and b depend on parameters alone. */
interface Projection {
  readonly x: Node;
  readonly outputs: number;
  /** W, [outputs, inputs] */
  readonly weight: Pending;
  readonly bias: Pending | null;
  /** Whether it is more than one product after the other: what branches and comes together, or is scaled. */
  readonly isMerged: boolean;
}

/** A value of another program, which is appended to it when it is needed, after the values that it is made from. */
interface Pending {
  readonly from: readonly Pending[];
  /** `made` has what became of a node. */
  readonly make: (made: Made, build: Builder, from: readonly Node[]) => Node;
}

type Made = (node: Node) => Node;

/** A value that follows from one or two others. */
function pending(from: readonly Pending[], make: (build: Builder, a: Node, b: Node) => Node): Pending {
  return {
    from,
    make: (_, build, [a, b = a]) => {
      if (a === undefined || b === undefined) throw new Error("it is made from what it names");
      return make(build, a, b);
    },
  };
}

function add(a: Pending, b: Pending): Pending {
  return pending([a, b], (build, left, right) => build.add({ op: "add" }, left, right));
}

/** What became of a node. */
function became(node: Node): Pending {
  return { from: [], make: (made) => made(node) };
}

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
  const isLast = (node: Node): boolean => roots.has(node) || !consumers(node).every((user) => isWithin(node, user));
  const once = new Map<string, Node>();
  const folds: Fold[] = [];
  const standIns = new Set<Node>();
  const made = new Map<Node, Node>();
  const madeFor: Made = (node) => {
    const found = made.get(node);
    if (found === undefined) throw new Error("a node stands after its inputs");
    return found;
  };
  let builder: Builder | null = null;
  const appended = memoizeDepthFirst(
    ({ from }: Pending) => from,
    ({ make }, from: readonly Node[]): Node => {
      if (builder === null) throw new Error("values are appended while the program is rewritten");
      return make(madeFor, builder, from);
    },
  );
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
    builder = build;
    let result: Node;
    if (projection?.isMerged !== true || !isLast(node)) result = build.copy(node, inputs);
    else {
      const { x, weight, bias } = projection;
      const value = appended(weight);
      const shift = bias === null ? null : appended(bias);
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
    const { operation, inputs } = node;
    const varies = operation.op === "input" || traitsOf(operation).isRandom;
    if (!varies && inputs.every((input) => fixed.has(input))) fixed.add(node);
  }
  return fixed;
}

/** What a value is of its projections: a product after one, a sum of two or with a bias, or one that is scaled. */
function projectionOf({ operation, inputs, type }: Node, fixed: ReadonlySet<Node>, known: Known): Projection | null {
  const equal = equalInputOf(operation, inputs, type);
  if (equal !== null) return known.get(equal) ?? null;
  const [a, b] = inputs;
  if (a === undefined || b === undefined) return null;
  switch (operation.op) {
    case "matmul": {
      if (operation.transposeA || b.type.shape.length !== 2 || !fixed.has(b)) return null;
      const matrix = operation.transposeB
        ? became(b)
        : pending([became(b)], (build, whole) => build.add({ op: "transpose", permutation: [1, 0] }, whole));
      return productOf(a, matrix, type.shape.at(-1) ?? 1, fixed, known);
    }
    case "add": {
      const [left, right] = [known.get(a), known.get(b)];
      if (left !== undefined && right !== undefined) return left.x === right.x ? sumOf(left, right) : null;
      const [base, shift] = left === undefined ? [right, a] : [left, b];
      if (base === undefined || !fixed.has(shift) || !isPerOutput(shift, base)) return null;
      const { bias } = base;
      const added = became(shift);
      const first = pending([added], (build, value) => build.broadcast(value, [base.outputs]));
      return { ...base, bias: bias === null ? first : add(bias, added) };
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
function productOf(a: Node, matrix: Pending, outputs: number, fixed: ReadonlySet<Node>, known: Known): Projection {
  const before = known.get(a);
  if (before !== undefined) {
    const { bias } = before;
    const product = (left: Pending, right: Pending): Pending =>
      pending([left, right], (build, one, other) =>
        build.add({ op: "matmul", transposeA: false, transposeB: false }, one, other),
      );
    const reshaped = (value: Pending, shape: readonly number[]): Pending =>
      pending([value], (build, whole) => build.reshape(whole, shape));
    return {
      x: before.x,
      outputs,
      weight: product(matrix, before.weight),
      bias: bias === null ? null : reshaped(product(matrix, reshaped(bias, [before.outputs, 1])), [outputs]),
      isMerged: before.isMerged,
    };
  }
  const [x, factor] = a.operation.op === "mul" && known.isNear(a) ? factorOf(a, fixed) : [undefined, undefined];
  if (x !== undefined && factor !== undefined) {
    const weight = pending([matrix, became(factor)], (build, whole, columns) => build.mul(whole, columns));
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
  const bias = one === null || other === null ? (one ?? other) : add(one, other);
  return { x: left.x, outputs: left.outputs, weight: add(left.weight, right.weight), bias, isMerged: true };
}

function scaled(base: Projection, factor: Node): Projection {
  const { bias } = base;
  const isVector = factor.type.shape.length === 1;
  const rows = pending([became(factor)], (build, value) =>
    isVector ? build.reshape(value, [base.outputs, 1]) : value,
  );
  const times = (value: Pending, by: Pending): Pending =>
    pending([by, value], (build, multiplier, whole) => build.mul(whole, multiplier));
  return {
    ...base,
    weight: times(base.weight, rows),
    bias: bias === null ? null : times(bias, became(factor)),
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
