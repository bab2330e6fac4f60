/** Numbers from 0 up to, and without, 1, from a seed of 32 bits (mulberry32): the same on every machine. */
export function generator(seed: number): () => number {
  let place = 0;
  return () => bitsAt(seed, place++) / 2 ** 32;
}

/** The 32 bits of a generator's number at a place, without those before it. */
export function bitsAt(seed: number, place: number): number {
  const state = ((seed >>> 0) + Math.imul(place + 1, 0x6d2b79f5)) >>> 0;
  let mixed = Math.imul(state ^ (state >>> 15), state | 1);
  mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
  return (mixed ^ (mixed >>> 14)) >>> 0;
}

/** A seed of 32 bits from whole numbers from 0 up to 2 ** 53; close numbers give seeds that are far apart (FNV-1a, mixed). */
export function seedOf(...parts: readonly number[]): number {
  let hash = 0x811c9dc5;
  for (const part of parts) {
    for (const half of [part >>> 0, Math.floor(part / 2 ** 32)]) {
      hash = Math.imul(hash ^ half, 0x01000193);
      hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
      hash ^= hash >>> 13;
    }
  }
  return hash >>> 0;
}
