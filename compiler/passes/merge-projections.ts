import { allNodesOf, type Builder, memoizeDepthFirst, type Node, nodesOf, type Program, rewrite } from "../ir/index.ts";
import { traitsOf } from "../ops/index.ts";
import { consumersOf } from "./consumers.ts";
import { type Made, type Pending, type Projection, projectionOf, transposed } from "./projections.ts";

/**
 * Folds what stands beside or around a projection into its weight, where all of it is linear in the same input: LoRA's
 * x W^T + s (x A^T) B^T is x (W + s B A)^T, and factors for inputs or outputs are factors for columns or rows of W. A
 * convolution is a projection of what its kernel covers. The new weights are computed once, and are named after the
 * parameter that they take the place of.
 */
export function mergeProjections(program: Program): Program {
  return merge(
    program,
    () => "",
    fixedNodes(program, () => true),
    null,
  ).program;
}

/** A projection that something was folded into, in the place where that is. */
export interface Fold {
  readonly place: string;
  /** [outputs, inputs, ...]; it depends on parameters alone, like the bias. */
  readonly weight: Node;
  /** The same as [inputs, outputs], where some parameter of it is stored so, and which these are. */
  readonly turned: { readonly weight: Node; readonly parameters: readonly string[] } | null;
  /** The groups of the convolution, which its weight may have no longer. */
  readonly groups: number;
  readonly dilation: readonly number[];
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
 * a new value for each module's own weight and bias. `moduleOf` gives the module that the adapter at a path adapts. What depends on
 * parameters alone may be what a module is used on, as a learned probe is: `isOfModule` says whether a parameter belongs to what is
 * adapted or to an adapter.
 */
export function foldAdapters(
  program: Program,
  moduleOf: (path: string) => string | null,
  isOfModule: (path: string) => boolean,
): FoldedAdapters {
  const placeOf = ({ origin: { path } }: Node): string => moduleOf(path) ?? path;
  const isReplaced = ({ operation, origin }: Node): boolean =>
    operation.op !== "parameter" && moduleOf(origin.path) !== null;
  const { program: folded, folds, made } = merge(program, placeOf, fixedNodes(program, isOfModule), isReplaced);
  const left = nodesOf(folded).flatMap((node) => (made.has(node) ? [] : (moduleOf(node.origin.path) ?? [])));
  return { program: folded, folds, left: new Set(left) };
}

/**
 * Folds what is in the same place. Of adapters `isReplaced` says whether one computes the weight of a product itself, or adds a bias to
 * one; for them weights of convolutions in groups are made whole.
 */
function merge(
  program: Program,
  placeOf: (node: Node) => string,
  fixed: ReadonlySet<Node>,
  isReplaced: ((value: Node) => boolean) | null,
): { readonly program: Program; readonly folds: readonly Fold[]; readonly made: ReadonlySet<Node> } {
  const projections = new Map<Node, Projection>();
  for (const node of nodesOf(program)) {
    if (fixed.has(node)) continue;
    const isNear = (other: Node): boolean => placeOf(other) === placeOf(node);
    const known = {
      get: (input: Node) => (isNear(input) ? projections.get(input) : undefined),
      isNear,
      isWhole: isReplaced !== null,
      isLookedUp: isReplaced !== null,
      isReplaced: isReplaced ?? (() => false),
    };
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
      const { x, weight, bias, moves, groups, isLookup, turned: parameters } = projection;
      const value = appended(weight);
      const shift = bias === null ? null : appended(bias);
      const turned = parameters.length === 0 ? null : { weight: appended(transposed(weight)), parameters };
      folds.push({ place: placeOf(node), weight: value, turned, groups, dilation: moves?.dilation ?? [], bias: shift });
      const read = isLookup ? appended(transposed(weight)) : value;
      const parameter = keep(`${parameterIn(read) ?? `${node.origin.path}.weight`}:merged`, read, build);
      const product = { op: "matmul", transposeA: false, transposeB: true } as const;
      result = isLookup
        ? build.add({ op: "gather", axis: 0 }, parameter, madeFor(x))
        : build.add(moves === null ? product : { op: "conv", ...moves }, madeFor(x), parameter);
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

/** Nodes that depend on constants and on such parameters alone. */
function fixedNodes(program: Program, isFixed: (parameter: string) => boolean): ReadonlySet<Node> {
  const fixed = new Set<Node>();
  for (const node of allNodesOf(program)) {
    const { operation, inputs } = node;
    const isOther = operation.op === "parameter" && !isFixed(operation.path);
    const varies = operation.op === "input" || isOther || traitsOf(operation).isRandom;
    if (!varies && inputs.every((input) => fixed.has(input))) fixed.add(node);
  }
  return fixed;
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
