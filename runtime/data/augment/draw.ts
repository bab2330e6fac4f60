import { generator, seedOf } from "../../random.ts";

/** What everything that is drawn for one example in one step follows from: nothing depends on threads, order or a resume. */
export interface AugmentDraw {
  /** That of the training. */
  readonly seed: number;
  readonly step: number;
  /** The name of the example, which stays the same whatever else is in the data set. */
  readonly example: string;
}

/** Numbers from 0 up to, and without, 1. */
export type Random = () => number;

/** What one operation of the list draws; whatever the others draw changes nothing. */
export function randomOf({ seed, step, example }: AugmentDraw, operation: number): Random {
  return generator(seedOf(seed, step, operation, ...Buffer.from(example)));
}

/** A number between two, each as likely. */
export function uniform(random: Random, [lowest, highest]: readonly [number, number]): number {
  return lowest + (highest - lowest) * random();
}

/** A number of at most a limit to either side of 0. */
export function eitherSide(random: Random, limit: number): number {
  return uniform(random, [-limit, limit]);
}
