import { singularVectors } from "../../../compiler/index.ts";
import { generator } from "../../random.ts";

/** Multiplications, nearly, that the singular vectors of a whole update take: products of its shorter side, and their reduction. */
export function svdWork({ outputs, inputs, groups }: { outputs: number; inputs: number; groups: number }): number {
  const rows = outputs / groups;
  const short = Math.min(rows, inputs);
  return groups * short ** 2 * (Math.max(rows, inputs) / 2 + short);
}

/** Rows and columns of the matrix that tells how fast a machine is: it takes some tenths of a second. */
const sampleSize = 320;

/** How many of these multiplications this machine makes in a second, from one decomposition. */
export function measuredSvdRate(): number {
  const random = generator(sampleSize);
  const sample = Float64Array.from({ length: sampleSize ** 2 }, () => random() - 0.5);
  const start = performance.now();
  singularVectors(sample, sampleSize, sampleSize, 8);
  const seconds = (performance.now() - start) / 1000;
  return svdWork({ outputs: sampleSize, inputs: sampleSize, groups: 1 }) / seconds;
}
