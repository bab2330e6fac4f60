import { elementCount, type Node, type TensorType } from "../../../ir/index.ts";

/** A tensor as rows of numbers: its last axis, and all axes before it. */
export interface Space {
  readonly rows: number;
  readonly columns: number;
}

/** What a value has within a space: a number for each place, for each row, for each column, or one for all. */
export type Kind = "full" | "row" | "column" | "scalar";

function spaceOf(shape: readonly number[]): Space {
  return { rows: shape.slice(0, -1).reduce((product, size) => product * size, 1), columns: shape.at(-1) ?? 1 };
}

/** Whether an operation can be an instruction of a row program: what it computes of a row follows from that row alone. */
export function isOfRows({ operation, inputs, type }: Node): boolean {
  if (!isNumber(type) || !inputs.every((input) => isNumber(input.type))) return false;
  const [first] = inputs;
  switch (operation.op) {
    case "neg":
    case "exp":
    case "log":
    case "sqrt":
    case "rsqrt":
    case "abs":
    case "sign":
    case "erf":
    case "tanh":
    case "add":
    case "sub":
    case "mul":
    case "div":
    case "maximum":
    case "minimum":
    case "equal":
    case "not_equal":
    case "less":
    case "less_equal":
    case "greater":
    case "greater_equal":
    case "where":
    case "cast":
    case "broadcast":
      return true;
    case "sum":
    case "max":
      return operation.keep && operation.axes.length === 1 && isLastAxis(operation.axes[0], first);
    case "softmax":
      return isLastAxis(operation.axis, first);
    case "reshape":
      return first !== undefined && isSameSpace(spaceOf(first.type.shape), spaceOf(type.shape));
    default:
      return false;
  }
}

/** Whether an operation reads a row as a whole. */
export function readsWholeRows({ operation: { op } }: Node): boolean {
  return op === "sum" || op === "max" || op === "softmax";
}

/** The space in which an operation reads and writes. */
export function spaceOfNode(node: Node): Space {
  const [first] = node.inputs;
  const { op } = node.operation;
  return spaceOf(op === "sum" || op === "max" ? (first?.type.shape ?? []) : node.type.shape);
}

/** The space of operations in two spaces: what has one column there are the rows' numbers of the other; null where they do not fit. */
export function commonSpace(a: Space, b: Space): Space | null {
  if (a.rows !== b.rows) return null;
  if (a.columns === b.columns || b.columns === 1) return a;
  return a.columns === 1 ? b : null;
}

/** How a value is found from the place of a result that it is repeated to: its kind, and the steps from row to row. */
export interface View {
  readonly kind: Kind;
  /** For each axis of the result before the last, its size and the elements from one to the next; null where rows follow each other. */
  readonly axes: readonly { readonly size: number; readonly stride: number }[] | null;
}

/** A value of a shape as it is repeated to a result's. */
export function viewOf(shape: readonly number[], result: readonly number[]): View {
  const space = spaceOf(result);
  const size = elementCount({ dtype: "f32", shape });
  if (size === 1 && space.rows * space.columns !== 1) return { kind: "scalar", axes: null };
  const columns = shape.at(-1) ?? 1;
  const kind = columns === space.columns ? "full" : "row";
  const perRow = kind === "full" ? columns : 1;
  if (size === space.rows * perRow) return { kind, axes: null };
  if (size === columns && kind === "full") return { kind: "column", axes: null };
  const missing = result.length - shape.length;
  const axes: { size: number; stride: number }[] = [];
  let step = perRow;
  for (let axis = result.length - 2; axis >= 0; axis--) {
    const own = axis < missing ? 1 : (shape[axis - missing] ?? 1);
    axes.unshift({ size: result[axis] ?? 1, stride: own === 1 ? 0 : step });
    step *= own;
  }
  return { kind, axes };
}

function isNumber({ dtype }: TensorType): boolean {
  return dtype !== "i32";
}

function isSameSpace(a: Space, b: Space): boolean {
  return a.rows === b.rows && a.columns === b.columns;
}

/** Whether an axis is the last of a value, and has more than one place. */
function isLastAxis(axis: number | undefined, value: Node | undefined): boolean {
  const shape = value?.type.shape ?? [];
  return (axis === -1 || axis === shape.length - 1) && (shape.at(-1) ?? 1) > 1;
}
