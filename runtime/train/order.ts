import { at } from "../at.ts";

/** What the order of examples follows from. */
export interface OrderSettings {
  readonly examples: number;
  readonly batch: number;
  /** A whole number that is not negative. */
  readonly seed: number;
  /** The examples in each archive, where all are in one. */
  readonly archives?: readonly (readonly number[])[] | null;
}

/** The batches of a training, any of which can be asked for. */
export interface TrainingOrder {
  readonly batchesPerEpoch: number;
  /** Examples that an epoch leaves out. */
  readonly leftOver: number;
  /** The batch of a step, which is counted from 0. */
  readonly batchAt: (step: number) => Batch;
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
  | { readonly kind: "order"; readonly order: TrainingOrder }
  | { readonly kind: "too-few"; readonly problem: string; readonly help: string };

/**
 * Plans the order of examples. A batch is always full, since a contrastive loss of fewer examples is another loss: what
 * is left over at the end of an epoch waits for the next one, which has another order.
 */
export function planOrder(settings: OrderSettings): PlannedOrder {
  const { examples, batch } = settings;
  if (batch > 0 && examples >= batch) {
    const { archives = null } = settings;
    // What fits into one window is shuffled as a whole, as where nothing is in an archive.
    const isSequential = archives !== null && archives.length > archivesAtOnce;
    const order = isSequential ? new ArchiveOrder(settings, archives) : new ExampleOrder(settings);
    return { kind: "order", order };
  }
  const problem = `there are ${examples} examples to train on, and a batch needs ${batch}`;
  return { kind: "too-few", problem, help: "add examples, or use a smaller batch" };
}

/** A permutation of the examples for each epoch, from nothing but the seed and the epoch: any step can be asked for. */
class ExampleOrder implements TrainingOrder {
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

/** Archives among whose examples a training goes to and fro; the others are read before or after. */
const archivesAtOnce = 8;

/**
 * The order of examples in archives, which are best read one after the other: the archives are shuffled, and then the examples of some of
 * them at a time, the window. It too follows from nothing but the seed and the epoch, and holds no more than one window.
 */
class ArchiveOrder implements TrainingOrder {
  readonly batchesPerEpoch: number;
  readonly leftOver: number;
  private readonly settings: OrderSettings;
  private readonly archives: readonly (readonly number[])[];
  private epoch: { readonly number: number; readonly windows: readonly Window[] } | null = null;
  private last: { readonly window: Window; readonly order: Uint32Array } | null = null;

  constructor(settings: OrderSettings, archives: readonly (readonly number[])[]) {
    this.settings = settings;
    this.archives = archives;
    this.batchesPerEpoch = Math.floor(settings.examples / settings.batch);
    this.leftOver = settings.examples % settings.batch;
  }

  batchAt(step: number): Batch {
    const epoch = Math.floor(step / this.batchesPerEpoch);
    const position = step % this.batchesPerEpoch;
    const { batch, seed } = this.settings;
    if (this.epoch?.number !== epoch) this.epoch = { number: epoch, windows: this.windowsOf(epoch) };
    const examples = new Uint32Array(batch);
    const start = position * batch;
    for (const window of this.epoch.windows) {
      const from = Math.max(start, window.start);
      const to = Math.min(start + batch, window.end);
      if (from >= to) continue;
      if (this.last?.window !== window) this.last = { window, order: this.shuffled(window, seed, epoch) };
      examples.set(this.last.order.subarray(from - window.start, to - window.start), from - start);
    }
    return { epoch, position, examples };
  }

  /** Which archives are read together, and where their examples stand in the epoch. */
  private windowsOf(epoch: number): readonly Window[] {
    const order = permutation(this.archives.length, this.settings.seed, epoch);
    const windows: Window[] = [];
    let start = 0;
    for (let from = 0; from < order.length; from += archivesAtOnce) {
      const archives = [...order.subarray(from, from + archivesAtOnce)];
      const end = archives.reduce((sum, archive) => sum + at(this.archives, archive).length, start);
      windows.push({ number: windows.length, archives, start, end });
      start = end;
    }
    return windows;
  }

  private shuffled({ number, archives, start, end }: Window, seed: number, epoch: number): Uint32Array {
    const examples = archives.flatMap((archive) => at(this.archives, archive));
    return permutation(end - start, seed, epoch, number).map((place) => at(examples, place));
  }
}

interface Window {
  readonly number: number;
  readonly archives: readonly number[];
  /** Where its examples start in the epoch, and where they end. */
  readonly start: number;
  readonly end: number;
}

/**
 * The numbers below a count, each once, in an order that is the same on every machine (Fisher and Yates; Durstenfeld 1964); another one
 * for each part of an epoch.
 */
export function permutation(count: number, seed: number, epoch: number, part: number | null = null): Uint32Array {
  const draw = generator(seed, epoch, part);
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

/** Whole numbers below 2^32 by xoshiro128** (Blackman and Vigna, 2021), its state mixed from a seed, an epoch and a part of it. */
function generator(seed: number, epoch: number, part: number | null): () => number {
  let mixed = 0;
  const words = [seed, seed / 2 ** 32, epoch, epoch / 2 ** 32, ...(part === null ? [] : [part])];
  for (const word of words) mixed = mix(mixed ^ (word >>> 0));
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
