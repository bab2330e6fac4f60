import { type AdaptedInput, dot } from "../../../compiler/index.ts";
import { type LeadingDirections, leadingDirections, MomentsSum } from "../../adapters/index.ts";
import { at } from "../../at.ts";

/** Products are of 32-bit floats: a variance below that share of the largest cannot be told from zero, and its direction is any that is left. */
const nothing = 1e-7;

/** The principal directions of what modules read, batch by batch, as many as the highest of their ranks. */
export class InputDirections {
  readonly input: AdaptedInput;
  readonly rank: number;
  private readonly sum: MomentsSum;
  private latest: LeadingDirections | null = null;
  private isSame = false;
  /** The smallest cosine of a direction with that of the batch before that is taken for the same. */
  private readonly converged: number;

  constructor(input: AdaptedInput, converged: number) {
    this.input = input;
    this.rank = Math.max(...input.updates.map(({ rank }) => rank));
    this.sum = new MomentsSum(input.width);
    this.converged = converged;
  }

  /** Rows so far. */
  get rows(): number {
    return this.sum.rows;
  }

  /** Whether the last batch left all directions where they were. */
  get isConverged(): boolean {
    return this.isSame;
  }

  /** Adds what a run of the program gives. */
  add(outputs: ReadonlyMap<string, Float32Array>): void {
    for (const { rows, mean, scatter } of this.input.parts)
      this.sum.add({ rows, mean: outputOf(outputs, mean), scatter: outputOf(outputs, scatter) });
  }

  /** Whether all that was added is finite. */
  isFinite(): boolean {
    return this.sum.mean.every(Number.isFinite) && this.sum.scatter.every(Number.isFinite);
  }

  /** Finds the directions of all rows so far, once a batch, where there are enough rows. */
  find(): void {
    if (this.rows < this.rank) return;
    const { latest } = this;
    const found = leadingDirections(this.sum.scatter, this.input.width, this.rank, latest?.vectors, "coarse");
    const known = countAboveNothing(found);
    this.isSame =
      latest !== null &&
      found.vectors
        .slice(0, known)
        .every((vector, place) => Math.abs(dot(vector, at(latest.vectors, place))) >= this.converged);
    this.latest = found;
  }

  /** Finds the directions as exactly as the rows allow, once the last batch was read. */
  settle(): void {
    this.latest = leadingDirections(this.sum.scatter, this.input.width, this.rank, this.found.vectors);
  }

  /** The directions as rows, [rank, width], of a rank that is not above that of this. */
  rowsOf(rank: number): Float32Array {
    const { width } = this.input;
    const rows = new Float32Array(rank * width);
    for (const [place, vector] of this.found.vectors.slice(0, rank).entries()) rows.set(vector, place * width);
    return rows;
  }

  /** The share of the variance of what is read that each direction has. */
  shares(): readonly number[] {
    const { width } = this.input;
    let total = 0;
    for (let place = 0; place < width; place++) total += at(this.sum.scatter, place * (width + 1));
    return this.found.values.map((value) => (total > 0 ? value / total : 0));
  }

  /** How many directions what is read has, of as many as the rank. */
  directions(): number {
    return countAboveNothing(this.found);
  }

  private get found(): LeadingDirections {
    if (this.latest === null) throw new Error("directions are asked for once there are enough rows");
    return this.latest;
  }
}

function countAboveNothing({ values }: LeadingDirections): number {
  return values.filter((value) => value > nothing * at(values, 0)).length;
}

function outputOf(outputs: ReadonlyMap<string, Float32Array>, name: string): Float32Array {
  const value = outputs.get(name);
  if (value === undefined) throw new Error(`a backend gives ${name}`);
  return value;
}
