import type { Rates } from "./rates.ts";
import { expectTimeOf, type TimedProgram } from "./time.ts";

/** A step, and the seconds that it was measured to take. */
export interface MeasuredStep {
  readonly programs: readonly TimedProgram[];
  readonly seconds: number;
}

/** Bytes a second of any machine lie between these. */
const slowest = 1e7;
const fastest = 1e13;

/** Each time finds one rate with the other as it was found before; after some nothing changes. */
const rounds = 5;

/** Halvings of the logarithm of a bandwidth: to far less than a millionth. */
const halvings = 40;

/**
 * The rates with which two steps take as long as they did, of which those of products and of a run are known: what an operation takes
 * besides follows from a small step, and how many bytes are moved in a second from a larger one. Both are then those of the operations that
 * training steps have, in their mixture and in the sizes that they have.
 */
export function fitRates(
  small: MeasuredStep,
  large: MeasuredStep,
  known: Pick<Rates, "productFlops" | "runSeconds">,
): Rates {
  let rates: Rates = { ...known, bytes: 1e10, operationSeconds: 0 };
  for (let round = 0; round < rounds; round++) {
    rates = { ...rates, operationSeconds: operationSecondsOf(small, rates) };
    rates = { ...rates, bytes: bandwidthOf(large, rates) };
  }
  return rates;
}

/** Time grows with it on a line. */
function operationSecondsOf({ programs, seconds }: MeasuredStep, rates: Rates): number {
  const without = expectTimeOf(programs, { ...rates, operationSeconds: 0 });
  const operations = expectTimeOf(programs, { ...rates, operationSeconds: 1 }) - without;
  return Math.max(0, seconds - without) / operations;
}

/** The more bytes a second, the less time; of two numbers on a busy machine the larger may be the other one. */
function bandwidthOf({ programs, seconds }: MeasuredStep, rates: Rates): number {
  let [low, high] = [Math.log(slowest), Math.log(fastest)];
  for (let halving = 0; halving < halvings; halving++) {
    const middle = (low + high) / 2;
    if (expectTimeOf(programs, { ...rates, bytes: Math.exp(middle) }) > seconds) low = middle;
    else high = middle;
  }
  return Math.exp((low + high) / 2);
}
