import { compileSpec, type TensorData } from "../../compiler/index.ts";
import type { Graph, Node } from "../../compiler/ir/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

/** A module of two examples, x: f32[2, 3], wide: f32[2, 3, 4], n: i32[2, 3], with a `let` for each expression. */
export function traced(expressions: readonly string[]): {
  readonly graph: Graph | null;
  readonly values: readonly Node[];
  readonly problems: readonly string[];
} {
  const text = `
    module m() {
      forward(x: f32[batch, 3], wide: f32[batch, 3, 4], n: i32[batch, 3]) {
        ${expressions.map((expression, index) => `let v${index} = ${expression}`).join("\n        ")}
        return x + mean(wide) + cast(n, f32)
      }
    }
    model example { encoder e = m() }
    train { batch = 2 }
  `;
  const path = "specs/primitives.vlm";
  const { spec, diagnostics } = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path));
  const problems = diagnostics.map(
    ({ code, message, help }) => `${code} ${message}${help === null ? "" : ` (${help})`}`,
  );
  if (spec === null) return { graph: null, values: [], problems };
  const values = expressions.flatMap((_, index) => spec.named.get(`e.v${index}`) ?? []);
  return { graph: spec.graph, values, problems };
}

export function given(): ReadonlyMap<string, TensorData> {
  const wide = Float64Array.from({ length: 24 }, (_, place) => ((place * 7) % 24) / 4 - 2.5);
  return new Map<string, TensorData>([
    ["x", { type: { dtype: "f32", shape: [2, 3] }, data: Float64Array.of(1.5, -2.5, 3, 0.5, 3, -0.25) }],
    ["wide", { type: { dtype: "f32", shape: [2, 3, 4] }, data: wide }],
    ["n", { type: { dtype: "i32", shape: [2, 3] }, data: Float64Array.of(-7, 2, 5, 0, 9, -1) }],
  ]);
}

/** Expressions with their types and values: [[1.5, -2.5, 3], [0.5, 3, -0.25]], n is [[-7, 2, 5], [0, 9, -1]]. */
export const knownValues: readonly (readonly [string, string, readonly number[]])[] = [
  ["n // 2", "i32[2, 3]", [-4, 1, 2, 0, 4, -1]],
  ["n % 4", "i32[2, 3]", [1, 2, 1, 0, 1, 3]],
  ["n // -2", "i32[2, 3]", [3, -1, -3, 0, -5, 0]],
  ["n % -4", "i32[2, 3]", [-3, -2, -3, 0, -3, -1]],
  ["x // 2", "f32[2, 3]", [0, -2, 1, 0, 1, -1]],
  ["x % 2", "f32[2, 3]", [1.5, 1.5, 1, 0.5, 1, 1.75]],
  ["3 % x", "f32[2, 3]", [0, -2, 0, 0, 0, 0]],
  ["x * (7 % 3) + -7 % 3 + 7 % -3 + -7 // 2", "f32[2, 3]", [-2.5, -6.5, -1, -3.5, -1, -4.25]],
  ["cast(x > 0 and x < 3, f32)", "f32[2, 3]", [1, 0, 0, 1, 0, 0]],
  ["cast(x > 2 or n == 0, f32)", "f32[2, 3]", [0, 0, 1, 1, 1, 0]],
  ["cast(not (x > 0), i32)", "i32[2, 3]", [0, 1, 0, 0, 0, 1]],
  ["floor(x)", "f32[2, 3]", [1, -3, 3, 0, 3, -1]],
  ["round(x)", "f32[2, 3]", [2, -2, 3, 0, 3, 0]],
  ["clip(x, -1, 2)", "f32[2, 3]", [1.5, -1, 2, 0.5, 2, -0.25]],
  ["x * 0 + round(2.5) + floor(-0.5) + clip(7, 0, 3)", "f32[2, 3]", [4, 4, 4, 4, 4, 4]],
  ["min(x, axis = 1)", "f32[2]", [-2.5, -0.25]],
  ["min(n, axis = 0, keep = true)", "i32[1, 3]", [-7, 2, -1]],
  ["exp(logsumexp(log(abs(x)), axis = 1))", "f32[2]", [7, 3.75]],
  ["logsumexp(x + 10000, axis = [0, 1], keep = true) * 0", "f32[1, 1]", [0]],
  ["cumsum(x, axis = 1)", "f32[2, 3]", [1.5, -1, 2, 0.5, 3.5, 3.25]],
  ["cumsum(n, axis = 0)", "i32[2, 3]", [-7, 2, 5, -7, 11, 4]],
  ["sort(x)", "f32[2, 3]", [-2.5, 1.5, 3, -0.25, 0.5, 3]],
  ["sort(x, axis = 0, descending = true)", "f32[2, 3]", [1.5, 3, 3, 0.5, -2.5, -0.25]],
  ["argsort(x * 0)", "i32[2, 3]", [0, 1, 2, 0, 1, 2]],
  ["argsort(n, descending = true)", "i32[2, 3]", [2, 1, 0, 1, 0, 2]],
  ["top_k(x, 2)[0]", "f32[2, 2]", [3, 1.5, 3, 0.5]],
  ["top_k(x, 2)[1]", "i32[2, 2]", [2, 0, 1, 0]],
  ["top_k(x, 1, axis = 0)[1]", "i32[1, 3]", [0, 1, 0]],
  ["take(x, 1, axis = 1)", "f32[2]", [-2.5, 3]],
  ["take(x, -1, axis = 0)", "f32[3]", [0.5, 3, -0.25]],
  ["take(x, [2, 0, -1], axis = 1)", "f32[2, 3]", [3, 1.5, 3, -0.25, 0.5, -0.25]],
  ["take(x, argmax(x, axis = 1), axis = 1)", "f32[2, 2]", [3, -2.5, -0.25, 3]],
  ["take(x, iota(4) // 2, axis = 1)", "f32[2, 4]", [1.5, 1.5, -2.5, -2.5, 0.5, 0.5, 3, 3]],
  ["take(x, n + 0, axis = 1)", "f32[2, 2, 3]", [0, 3, 0, 1.5, 0, 0, 0, -0.25, 0, 0.5, 0, 0]],
  ["gather(iota(3), n + 0)", "i32[2, 3]", [0, 2, 0, 0, 0, 0]],
  ["scatter_add(x, iota(2) * 2, 4)", "f32[4, 3]", [1.5, -2.5, 3, 0, 0, 0, 0.5, 3, -0.25, 0, 0, 0]],
  ["scatter_add(x, iota(2) // 2, rows = 1)", "f32[1, 3]", [2, 0.5, 2.75]],
  ["scatter_add(x, n + 0, 3)", "f32[3]", [0.5, 0, -2.5]],
  ["scatter_add(n, n * 0, 1)", "i32[1]", [8]],
  // As torch.randn has them, below 16 numbers and from there on.
  ["round(drawn_normals([2, 2], 5) * 10000)", "f32[2, 2]", [-4868, -6038, -5581, 6675]],
  ["round(slice(drawn_normals([17], 777), axis = 0, from = 14) * 10000)", "f32[3]", [7046, -4872, -5264]],
  // As NumPy's generator has them, fewer numbers than the limit and more.
  ["drawn_evenly(5, 40, seed = 0)", "i32[5]", [30, 12, 19, 10, 23]],
  ["slice(drawn_evenly(390, 40, 5), axis = 0, from = 0, to = 6)", "i32[6]", [25, 12, 13, 30, 28, 38]],
  // As torch.randperm has them, by torch.unravel_index.
  ["drawn_places([3, 4], 5, seed = 777)", "i32[2, 5]", [2, 1, 0, 2, 0, 3, 3, 3, 0, 0]],
  ["take(x, drawn_places([2, 3, 4], 4, 5)[1], axis = 1)", "f32[2, 4]", [3, 3, 1.5, -2.5, -0.25, -0.25, 0.5, 3]],
  ["take_along(x, argsort(x, descending = true), axis = 1)", "f32[2, 3]", [3, 1.5, -2.5, 3, 0.5, -0.25]],
  ["take_along(x, n - 1, axis = 1)", "f32[2, 3]", [0, -2.5, 0, 0, 0, 0]],
  ["take_along(x, argmax(x, axis = 0, keep = true), axis = 0)", "f32[1, 3]", [1.5, 3, 3]],
  ["x[1]", "f32[3]", [0.5, 3, -0.25]],
  ["x[-2][2]", "f32[]", [3]],
  ["roll(x, 1, axis = 1)", "f32[2, 3]", [3, 1.5, -2.5, -0.25, 0.5, 3]],
  ["roll(x, [-1, 3], axis = [1, 0])", "f32[2, 3]", [3, -0.25, 0.5, -2.5, 3, 1.5]],
  ["roll(x, 0, axis = 1)", "f32[2, 3]", [1.5, -2.5, 3, 0.5, 3, -0.25]],
  ["flip(x, axis = [0, 1])", "f32[2, 3]", [-0.25, 3, 0.5, 3, -2.5, 1.5]],
  ["eye(2)", "f32[2, 2]", [1, 0, 0, 1]],
  ["slice(x, axis = 1, from = -2, to = -1)", "f32[2, 1]", [-2.5, 3]],
  ["slice(x, axis = 1, from = 1)", "f32[2, 2]", [-2.5, 3, 3, -0.25]],
  ["slice(x, axis = 1, step = 2)", "f32[2, 2]", [1.5, 3, 0.5, -0.25]],
  ["slice(iota(7), 0, 1, 6, 2)", "i32[3]", [1, 3, 5]],
  ["slice(iota(7), 0, 0, 7, 3)", "i32[3]", [0, 3, 6]],
  ["slice(iota(7), axis = 0, step = -2)", "i32[4]", [6, 4, 2, 0]],
  ["slice(iota(7), axis = 0, from = -2, to = 1, step = -2)", "i32[2]", [5, 3]],
  ["slice(iota(7), axis = 0, from = 3, to = none, step = -1)", "i32[4]", [3, 2, 1, 0]],
  ['einsum("bi,bj->ij", x, x)', "f32[3, 3]", [2.5, -2.25, 4.375, -2.25, 15.25, -8.25, 4.375, -8.25, 9.0625]],
  ['einsum("bi->i", x)', "f32[3]", [2, 0.5, 2.75]],
  ['einsum("bi->ib", x)', "f32[3, 2]", [1.5, 0.5, -2.5, 3, 3, -0.25]],
  ['einsum("bi, bi -> b", x, x)', "f32[2]", [17.5, 9.3125]],
  ["resize(iota(3), 6)", "i32[6]", [0, 0, 1, 1, 2, 2]],
  ['resize(iota(5), 3, mode = "nearest")', "i32[3]", [0, 1, 3]],
  [
    'resize(x, 6, mode = "linear")',
    "f32[2, 6]",
    [1.5, 0.5, -1.5, -1.125, 1.625, 3, 0.5, 1.125, 2.375, 2.1875, 0.5625, -0.25],
  ],
  ['resize(x, [1, 3], mode = "linear")', "f32[1, 3]", [1, 0.25, 1.375]],
];

/** Two expressions of one value. */
export const equalForms: readonly (readonly [string, string, string])[] = [
  ['einsum("bhd,bkd->bhk", wide, wide)', "matmul(wide, wide, transpose_b = true)", "one product"],
  ['einsum("bhd,hd->bh", wide, wide[0])', "sum(wide * wide[0], axis = 2)", "a product and a sum of it"],
  ['einsum("bhd,de->bhe", wide, ones([4, 5]))', "matmul(wide, ones([4, 5]))", "rows with a matrix"],
  ['einsum("ed,bhd->bhe", ones([5, 4]), wide)', "matmul(wide, ones([5, 4]), transpose_b = true)", "a matrix with rows"],
  ['einsum("bhd,bhe->bde", wide, wide)', "matmul(wide, wide, transpose_a = true)", "a product read transposed"],
  [
    'einsum("bhd,bh,d->b", wide, x, ones([4]))',
    "sum(sum(wide, axis = 2) * x, axis = 1)",
    "three tensors, what no other has summed first",
  ],
  [
    'einsum("bh,bd->bhd", x, take(wide, 0, axis = 1))',
    'rearrange(x, "b h -> b h 1") * rearrange(take(wide, 0, axis = 1), "b d -> b 1 d")',
    "no sum",
  ],
  [
    'resize(wide, [6, 3], axis = [1, 2], mode = "linear")',
    'resize(resize(wide, 3, mode = "linear"), 6, axis = 1, mode = "linear")',
    "axes one by one",
  ],
  [
    "take(wide, n % 3, axis = 1)",
    'rearrange(take(rearrange(wide, "b h d -> h b d"), n % 3, axis = 0), "x y b d -> b x y d")',
    "another axis",
  ],
];
