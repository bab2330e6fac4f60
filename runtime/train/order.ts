import { at } from "../at.ts";

/** What the order of examples follows from. */
export interface OrderSettings {
  readonly examples: number;
  readonly batch: number;
  /** A whole number that is not negative. */
  readonly seed: number;
}

/** The examples of a step, by their numbers, and where it is. */
export interface Batch {
  readonly epoch: number;
  /** Which batch of its epoch it is, from 0 on. */
  readonly position: number;
  readonly examples: Uint32Array;
}

/** In which order a training sees its examples, or why it cannot see them. */
export type PlannedOrder =
  | { readonly kind: "order"; readonly order: ExampleOrder }
  | { readonly kind: "too-few"; readonly problem: string; readonly help: string };

/**
 * Plans the order of examples. A batch is always full, since a contrastive loss of fewer examples is another loss: what
 * is left over at the end of an epoch waits for the next one, which has another order.
 */
export function planOrder(settings: OrderSettings): PlannedOrder {
  const { examples, batch } = settings;
  if (batch > 0 && examples >= batch) return { kind: "order", order: new ExampleOrder(settings) };
  const problem = `there are ${examples} examples to train on, and a batch needs ${batch}`;
  return { kind: "too-few", problem, help: "add examples, or use a smaller batch" };
}

/** A permutation of the examples for each epoch, from nothing but the seed and the epoch: any step can be asked for. */
export class ExampleOrder {
  readonly batchesPerEpoch: number;
  /** Examples that an epoch leaves out. */
  readonly leftOver: number;
  private readonly settings: OrderSettings;
  private last: { readonly epoch: number; readonly order: Uint32Array } | null = null;

  constructor(settings: OrderSettings) {
    this.settings = settings;
    this.batchesPerEpoch = Math.floor(settings.examples / settings.batch);
    this.leftOver = settings.examples % settings.batch;
  }

  /** The batch of a step, which is counted from 0. */
  batchAt(step: number): Batch {
    const epoch = Math.floor(step / this.batchesPerEpoch);
    const position = step % this.batchesPerEpoch;
    const { examples, batch, seed } = this.settings;
    if (this.last?.epoch !== epoch) this.last = { epoch, order: permutation(examples, seed, epoch) };
    const start = position * batch;
    return { epoch, position, examples: this.last.order.slice(start, start + batch) };
  }
}

/** The numbers below a count, each once, in an order that is the same on every machine (Fisher and Yates; Durstenfeld 1964). */
export function permutation(count: number, seed: number, epoch: number): Uint32Array {
  const draw = generator(seed, epoch);
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  for (let last = count - 1; last > 0; last--) {
    const other = below(last + 1, draw);
    const kept = at(order, last);
    order[last] = at(order, other);
    order[other] = kept;
  }
  return order;
}

/** A whole number below a limit, each as likely: draws of an incomplete last round are drawn again. */
function below(limit: number, draw: () => number): number {
  const whole = 2 ** 32 - (2 ** 32 % limit);
  let drawn = draw();
  while (drawn >= whole) drawn = draw();
  return drawn % limit;
}

/** Whole numbers below 2^32 by xoshiro128** (Blackman and Vigna, 2021), its state mixed from a seed and an epoch. */
function generator(seed: number, epoch: number): () => number {
  let mixed = 0;
  for (const word of [seed, seed / 2 ** 32, epoch, epoch / 2 ** 32]) mixed = mix(mixed ^ (word >>> 0));
  // Four states of a counter, mixed one to one, are not all zero.
  let [a, b, c, d] = [mix(mixed + 1), mix(mixed + 2), mix(mixed + 3), mix(mixed + 4)];
  return () => {
    const drawn = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotate(d, 11);
    return drawn;
  };
}

/** Spreads the bits of a 32-bit number, one to one: a step of a Weyl sequence, then MurmurHash3's finalizer. */
function mix(value: number): number {
  let mixed = (value + 0x9e3779b9) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) | 0;
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
