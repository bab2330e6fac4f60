import { type AdaptedInput, dot } from "../../../compiler/index.ts";
import { type LeadingDirections, leadingDirections, MomentsSum, roundedHalfToEven } from "../../adapters/index.ts";
import { at } from "../../at.ts";

/** Products are of 32-bit floats: a variance below that share of the largest cannot be told from zero, and its direction is any that is left. */
const nothing = 1e-7;

/** The principal directions of what modules read, batch by batch, as many as the highest of their ranks, or `rho` times as many. */
export class InputDirections {
  readonly input: AdaptedInput;
  /** How many directions are looked for. */
  readonly rank: number;
  /** The ranks of the modules; whoever redistributes ranks changes them. */
  ranks: readonly number[];
  private readonly sum: MomentsSum;
  private latest: LeadingDirections | null = null;
  /** The cosines of directions with those of the batch before; null before there is one. */
  private cosines: readonly number[] | null = null;
  /** The smallest cosine of a direction with that of the batch before that is taken for the same. */
  private readonly converged: number;

  constructor(input: AdaptedInput, converged: number, rho = 1) {
    this.input = input;
    const highest = Math.max(...input.updates.map(({ rank }) => roundedHalfToEven(rho * rank)));
    this.rank = Math.min(highest, input.width);
    this.ranks = input.updates.map(({ rank }) => (rho === 1 ? rank : this.rank));
    this.sum = new MomentsSum(input.width);
    this.converged = converged;
  }

  /** Rows so far. */
  get rows(): number {
    return this.sum.rows;
  }

  /** Whether the last batch left all directions where they were that the ranks have. */
  get isConverged(): boolean {
    const needed = Math.max(...this.ranks);
    return this.cosines?.slice(0, needed).every((cosine) => cosine >= this.converged) ?? false;
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
    this.cosines =
      latest === null
        ? null
        : found.vectors.slice(0, known).map((vector, place) => Math.abs(dot(vector, at(latest.vectors, place))));
    this.latest = found;
  }

  /** Finds the directions as exactly as the rows allow, once the last batch was read. */
  settle(): void {
    this.latest = leadingDirections(this.sum.scatter, this.input.width, this.rank, this.found.vectors);
  }

  /**
   * The directions as rows, [rank, width], of a rank that is not above that of this; whitened, each is divided by the square root of its
   * singular value, that of all rows about their mean, but those along which nothing varies.
   */
  rowsOf(rank: number, isWhitened = false): Float32Array {
    const { width } = this.input;
    const { values, vectors } = this.found;
    const varying = this.directions();
    const rows = new Float32Array(rank * width);
    for (const [place, vector] of vectors.slice(0, rank).entries()) {
      const length = isWhitened && place < varying ? Math.sqrt(Math.sqrt(at(values, place))) : 1;
      rows.set(
        vector.map((each) => each / length),
        place * width,
      );
    }
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
