import { type Builder, type Node, neededFor, type OperationOf } from "../ir/index.ts";
import { equalInputOf } from "../ops/index.ts";

/** How the kernel of a convolution moves. */
type Moves = Omit<OperationOf<"conv">, "op">;

/** A value that is x W^T + b, or a convolution of x with W, plus b, where W and b depend on parameters alone. */
export interface Projection {
  readonly x: Node;
  readonly outputs: number;
  /** W, [outputs, inputs], or [outputs, inputs / groups, ...] of a convolution. */
  readonly weight: Pending;
  /** Null for a product. */
  readonly moves: Moves | null;
  /** The groups of the convolution that the program has, also where its weight was made whole. */
  readonly groups: number;
  readonly bias: Pending | null;
  /** Whether x is indices of the columns of W, the rows of a table. */
  readonly isLookup: boolean;
  /** Parameters that are [inputs, outputs], as a table is, where a weight is [outputs, inputs]. */
  readonly turned: readonly string[];
  /** Whether it is more than one product after the other: what branches and comes together, or is scaled. */
  readonly isMerged: boolean;
}

/** A value of another program, which is appended to it when it is needed, after the values that it is made from. */
export interface Pending {
  readonly from: readonly Pending[];
  /** `made` has what became of a node. */
  readonly make: (made: Made, build: Builder, from: readonly Node[]) => Node;
}

export type Made = (node: Node) => Node;

/** The projections so far, as a node sees them: those in its own place. */
interface Known {
  readonly get: (node: Node) => Projection | undefined;
  readonly isNear: (node: Node) => boolean;
  /** Whether the weight of a convolution in groups is made whole where one without groups is added to it. */
  readonly isWhole: boolean;
  /** Whether looking up rows of a table is a projection, too. */
  readonly isLookedUp: boolean;
  /** Whether a value is what an adapter computes: a weight in the place of a module's own, or a sum with a bias of the adapter's. */
  readonly isReplaced: (value: Node) => boolean;
}

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

/** A matrix with its axes in the other order. */
export function transposed(matrix: Pending): Pending {
  return pending([matrix], (build, whole) => build.add({ op: "transpose", permutation: [1, 0] }, whole));
}

/** The parameters that a table of their shape is made from. */
function tablesIn(table: Node): readonly string[] {
  const { shape } = table.type;
  return neededFor([table]).flatMap((each) => (each.type.shape.join() === shape.join() ? parameterOf(each) : []));
}

function parameterOf({ operation }: Node): readonly string[] {
  return operation.op === "parameter" ? [operation.path] : [];
}

/** What a value is of its projections: a product after one, a sum of two or with a bias, or one that is scaled. */
export function projectionOf(node: Node, fixed: ReadonlySet<Node>, known: Known): Projection | null {
  const { operation, inputs, type } = node;
  const equal = equalInputOf(operation, inputs, type);
  if (equal !== null) return known.get(equal) ?? null;
  const [a, b] = inputs;
  if (a === undefined || b === undefined) return null;
  switch (operation.op) {
    case "matmul": {
      if (operation.transposeA || b.type.shape.length !== 2 || !fixed.has(b)) return null;
      const matrix = operation.transposeB ? became(b) : transposed(became(b));
      const isMerged = known.isReplaced(b);
      const product = productOf(a, matrix, type.shape.at(-1) ?? 1, { isMerged }, fixed, known);
      return operation.transposeB || product.turned.length > 0 ? product : { ...product, turned: parameterOf(b) };
    }
    case "gather": {
      const isTable = operation.axis === 0 && a.type.shape.length === 2 && fixed.has(a) && !fixed.has(b);
      if (!isTable || !known.isLookedUp) return null;
      const own = { outputs: a.type.shape[1] ?? 1, moves: null, groups: 1, bias: null, isLookup: true };
      return { ...own, x: b, weight: transposed(became(a)), turned: tablesIn(a), isMerged: known.isReplaced(a) };
    }
    case "conv":
      return fixed.has(b) ? convolutionOf(operation, a, b, fixed, known) : null;
    case "add": {
      const [left, right] = [known.get(a), known.get(b)];
      if (left !== undefined && right !== undefined) return sumOf(left, right, known.isWhole);
      const [base, shift] = left === undefined ? [right, a] : [left, b];
      if (base === undefined || !fixed.has(shift) || !isPerOutput(shift, base)) return null;
      const { bias } = base;
      const added = became(shift);
      const first = pending([added], (build, value) => build.broadcast(value, [base.outputs]));
      const isMerged = base.isMerged || known.isReplaced(node);
      return { ...base, bias: bias === null ? first : add(bias, added), isMerged };
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
  matrix: Pending,
  outputs: number,
  { isMerged }: Pick<Projection, "isMerged">,
  fixed: ReadonlySet<Node>,
  known: Known,
): Projection {
  const before = known.get(a);
  if (before !== undefined && (before.moves?.groups ?? 1) === 1) return afterOne(before, matrix, outputs);
  const own = { outputs, moves: null, groups: 1, bias: null, isLookup: false, turned: [] };
  const [x, factor] = factorOf(a, fixed, known);
  if (x !== undefined && factor !== undefined) {
    const weight = pending([matrix, became(factor)], (build, whole, columns) => build.mul(whole, columns));
    return { ...own, x, weight, isMerged: true };
  }
  return { ...own, x: a, weight: matrix, isMerged };
}

/** A convolution of a single place after another one, after a factor for each input, or of some value. */
function convolutionOf(
  { stride, padding, dilation, groups }: OperationOf<"conv">,
  a: Node,
  b: Node,
  fixed: ReadonlySet<Node>,
  known: Known,
): Projection {
  const moves = { stride, padding, dilation, groups };
  const [outputs = 0, inputs = 0, ...kernel] = b.type.shape;
  const weight = became(b);
  const before = known.get(a);
  if (before !== undefined && before.moves?.groups === 1 && isOfOnePlace(moves, b) && (groups === 1 || known.isWhole)) {
    const whole = groups === 1 ? weight : wholeWeight(weight, groups);
    const matrix = pending([whole], (build, one) => build.reshape(one, [outputs, inputs * groups]));
    return afterOne(before, matrix, outputs);
  }
  const own = { outputs, moves, groups, bias: null, isLookup: false, turned: [] };
  const [x, factor] = factorOf(a, fixed, known);
  if (x === undefined || factor === undefined) return { ...own, x: a, weight, isMerged: known.isReplaced(b) };
  // What is padded is 0 before and after it was multiplied.
  const scaledWeight = pending([weight, became(factor)], (build, one, columns) => {
    const ones = kernel.map(() => 1);
    const apart = build.reshape(one, [groups, outputs / groups, inputs, ...kernel]);
    const made = build.mul(apart, build.reshape(columns, [groups, 1, inputs, ...ones]));
    return build.reshape(made, [outputs, inputs, ...kernel]);
  });
  return { ...own, x, weight: scaledWeight, isMerged: true };
}

/** Whether each place of the output is made from the same place of the input. */
function isOfOnePlace({ stride, padding }: Moves, { type: { shape } }: Node): boolean {
  return [...shape.slice(2), ...stride].every((size) => size === 1) && padding.flat().every((amount) => amount === 0);
}

/** A matrix after a projection of one group. */
function afterOne(before: Projection, matrix: Pending, outputs: number): Projection {
  const { bias } = before;
  const product = (left: Pending, right: Pending, shape: (right: readonly number[]) => readonly number[]): Pending =>
    pending([left, right], (build, one, other) => {
      const { shape: sizes } = other.type;
      const rows = build.reshape(other, [before.outputs, sizes.slice(1).reduce((count, size) => count * size, 1)]);
      const made = build.add({ op: "matmul", transposeA: false, transposeB: false }, one, rows);
      return build.reshape(made, shape(sizes));
    });
  return {
    ...before,
    outputs,
    turned: [],
    weight: product(matrix, before.weight, (sizes) => [outputs, ...sizes.slice(1)]),
    bias: bias === null ? null : product(matrix, bias, () => [outputs]),
  };
}

/** The weight [outputs, inputs, ...] of [outputs, inputs / groups, ...], which is 0 between different groups. */
function wholeWeight(weight: Pending, groups: number): Pending {
  return pending([weight], (build, ofGroups) => {
    const [outputs = 0, inputs = 0, ...kernel] = ofGroups.type.shape;
    const apart = build.reshape(ofGroups, [groups, outputs / groups, 1, inputs, ...kernel]);
    const places = build.add({ op: "one_hot", depth: groups }, build.add({ op: "iota", size: groups }));
    const own = build.reshape(places, [groups, 1, groups, 1, ...kernel.map(() => 1)]);
    return build.reshape(build.mul(apart, own), [outputs, groups * inputs, ...kernel]);
  });
}

/** A convolution in groups as one without. */
function withoutGroups(projection: Projection): Projection {
  const { moves, weight } = projection;
  if (moves === null || moves.groups === 1) return projection;
  return { ...projection, moves: { ...moves, groups: 1 }, weight: wholeWeight(weight, moves.groups) };
}

/** What is multiplied with a factor for each of its last axis, and the factor. */
function factorOf(
  a: Node,
  fixed: ReadonlySet<Node>,
  known: Known,
): readonly [x: Node | undefined, factor: Node | undefined] {
  if (a.operation.op !== "mul" || !known.isNear(a)) return [undefined, undefined];
  const [one, other] = a.inputs;
  const isFactor = (node: Node | undefined): boolean =>
    node !== undefined && fixed.has(node) && node.type.shape.length === 1 && node.type.shape[0] === a.type.shape.at(-1);
  if (isFactor(other)) return [one, other];
  return isFactor(one) ? [other, one] : [undefined, undefined];
}

/** The sum of two projections of the same value; null where they move in different ways over it. */
function sumOf(left: Projection, right: Projection, isWhole: boolean): Projection | null {
  const isInGroups = left.moves?.groups !== right.moves?.groups && isWhole;
  const [a, b] = isInGroups ? [withoutGroups(left), withoutGroups(right)] : [left, right];
  if (a.x !== b.x || a.isLookup !== b.isLookup || JSON.stringify(a.moves) !== JSON.stringify(b.moves)) return null;
  const bias = a.bias === null || b.bias === null ? (a.bias ?? b.bias) : add(a.bias, b.bias);
  const turned = [...a.turned, ...b.turned];
  return { ...a, weight: add(a.weight, b.weight), groups: Math.max(a.groups, b.groups), bias, turned, isMerged: true };
}

function scaled(base: Projection, factor: Node): Projection {
  const { bias } = base;
  const isVector = factor.type.shape.length === 1;
  const times = (value: Pending, by: Pending): Pending =>
    pending([by, value], (build, multiplier, whole) => build.mul(whole, multiplier));
  const weight = pending([base.weight, became(factor)], (build, whole, multiplier) =>
    build.mul(
      whole,
      isVector ? build.reshape(multiplier, [base.outputs, ...whole.type.shape.slice(1).map(() => 1)]) : multiplier,
    ),
  );
  return {
    ...base,
    weight,
    bias: bias === null ? null : times(bias, became(factor)),
    isMerged: isVector || base.isMerged,
  };
}

/** One number, or one for each output. */
function isPerOutput({ type: { shape } }: Node, { outputs }: Projection): boolean {
  return shape.length === 0 || (shape.length === 1 && shape[0] === outputs);
}
