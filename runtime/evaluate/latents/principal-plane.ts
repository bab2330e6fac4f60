import { at } from "../../at.ts";

/** Iterations after which the plane stands still for any picture. */
const rounds = 60;

/**
 * The places of vectors in the plane of their two first principal components, by iterating on the subspace (Halko et al., 2011). What
 * random gives is where it starts; an axis along which vectors do not differ is 0.
 */
export function principalPlane(
  vectors: readonly Float32Array[],
  random: () => number,
): readonly (readonly [number, number])[] {
  const width = at(vectors, 0).length;
  const mean = new Float64Array(width);
  for (const vector of vectors) {
    for (let index = 0; index < width; index++)
      mean[index] = (mean[index] ?? 0) + (vector[index] ?? 0) / vectors.length;
  }
  let axes: readonly Float64Array[] = [0, 1].map(() => Float64Array.from({ length: width }, () => random() - 0.5));
  for (let round = 0; round < rounds; round++) axes = orthonormal(axes.map((axis) => spread(vectors, mean, axis)));
  const [first, second] = axes;
  if (first === undefined || second === undefined) throw new Error("invariant: a plane has two axes");
  return vectors.map((vector) => [along(vector, mean, first), along(vector, mean, second)]);
}

/** The covariance of the vectors, times their number, applied to an axis. */
function spread(vectors: readonly Float32Array[], mean: Float64Array, axis: Float64Array): Float64Array {
  const result = new Float64Array(axis.length);
  for (const vector of vectors) {
    const share = along(vector, mean, axis);
    for (let index = 0; index < axis.length; index++) {
      result[index] = (result[index] ?? 0) + share * ((vector[index] ?? 0) - (mean[index] ?? 0));
    }
  }
  return result;
}

function along(vector: Float32Array, mean: Float64Array, axis: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < axis.length; index++) {
    sum += ((vector[index] ?? 0) - (mean[index] ?? 0)) * (axis[index] ?? 0);
  }
  return sum;
}

/** Gram-Schmidt; what is left of an axis inside those before it becomes 0. */
function orthonormal(axes: readonly Float64Array[]): Float64Array[] {
  const made: Float64Array[] = [];
  for (const axis of axes) {
    const before = norm(axis);
    let rest = axis;
    for (const other of made) {
      const inside = other.reduce((sum, value, index) => sum + value * at(axis, index), 0);
      rest = rest.map((value, index) => value - inside * at(other, index));
    }
    const length = norm(rest);
    made.push(length <= 1e-12 * before || length === 0 ? rest.map(() => 0) : rest.map((value) => value / length));
  }
  return made;
}

function norm(axis: Float64Array): number {
  return Math.sqrt(axis.reduce((sum, value) => sum + value * value, 0));
}
