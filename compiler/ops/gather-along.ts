import { at } from "../at.ts";
import type { Build } from "../ir/build.ts";
import { elementCount, type Node, printType } from "../ir/types.ts";
import { inputAt, sizeAlong } from "./indexing.ts";
import { areAlignedBeforeLast, never } from "./rows.ts";
import { noFlops, noInput, type OperationRule, resultTwice } from "./rule.ts";

/** Elements of each row by their places in it: [..., n], i32[..., k] -> [..., k]. A place beyond the row gives 0. */
export const gatherAlong: OperationRule<"gather_along"> = {
  isElementwise: false,
  ofUniform: "not uniform",
  movesElements: false,
  numbers: (_, inputs) => ({ input: 1, limit: sizeAlong(at(inputs, 0).shape, -1) }),
  isRandom: false,
  keepsRows: areAlignedBeforeLast,
  isRowWise: never,
  isOfScores: false,
  isCheap: false,
  isMultilinear: false,
  equalInput: noInput,
  shorterForm: null,
  type: (_, [rows, places]) => {
    if (rows === undefined || places === undefined) return "it needs a tensor and places";
    if (places.dtype !== "i32") return `places are i32, not ${printType(places)}`;
    const rank = rows.shape.length;
    const fits =
      rank > 0 &&
      places.shape.length === rank &&
      places.shape.slice(0, -1).every((size, axis) => size === rows.shape[axis]);
    if (!fits) return `${printType(places)} and ${printType(rows)} differ in more than the axis that is taken along`;
    return { dtype: rows.dtype, shape: places.shape };
  },
  isProduct: false,
  bytesMoved: resultTwice,
  flops: noFlops,
  saved: "inputs",
  derivative: ({ inputs: [rows, places], gradient }, build) =>
    rows === undefined || places === undefined ? [] : [addedAlong(rows, places, gradient, build), null],
  evaluate: (_, inputs, type, output) => {
    const { type: rows, data } = inputAt(inputs, 0);
    const places = inputAt(inputs, 1).data;
    const [length, count] = [sizeAlong(rows.shape, -1), sizeAlong(type.shape, -1)];
    for (const [index, place] of places.entries()) {
      const isThere = place >= 0 && place < length;
      output[index] = isThere ? (data[Math.floor(index / count) * length + place] ?? Number.NaN) : 0;
    }
  },
};

/** Gradients added at the places that they come from: rows of one number, all in one table. */
function addedAlong({ type: { shape } }: Node, places: Node, gradient: Node, build: Build): Node {
  const length = sizeAlong(shape, -1);
  const all = elementCount({ dtype: "f32", shape });
  const count = elementCount(gradient.type);
  const rows = length === 0 ? 0 : all / length;
  const offsets = build.mul(build.add({ op: "iota", size: rows }), length);
  const inRows = build.reshape(places, [rows, rows === 0 ? 0 : count / rows]);
  const ids = build.add({ op: "add" }, inRows, build.reshape(offsets, [rows, 1]));
  const added = build.add(
    { op: "scatter_add", rows: all },
    build.reshape(ids, [count]),
    build.reshape(gradient, [count]),
  );
  return build.reshape(added, shape);
}
