const [mask64, mask128] = [(1n << 64n) - 1n, (1n << 128n) - 1n];
const multiplier = 0x2360ed051fc65da44385df649fccf645n;

/** The whole numbers that NumPy's `default_rng(seed)` gives: PCG64 (O'Neill, 2014), whose state follows from a `SeedSequence`. */
export class Pcg64 {
  private state = 0n;
  private readonly increment: bigint;
  /** The high half of 64 bits of which the low one was given. */
  private left: number | null = null;

  /** The seed is a whole number from 0 up, below 2^53. */
  constructor(seed: number) {
    const [high = 0n, low = 0n, upper = 0n, lower = 0n] = seedWords(seed);
    this.increment = ((((upper << 64n) | lower) << 1n) | 1n) & mask128;
    this.step();
    this.state = (this.state + ((high << 64n) | low)) & mask128;
    this.step();
  }

  /** Evenly from 0 up to 2^32. */
  next(): number {
    const { left } = this;
    this.left = null;
    if (left !== null) return left;
    this.step();
    const folded = (this.state >> 64n) ^ (this.state & mask64);
    const turn = this.state >> 122n;
    const turned = ((folded >> turn) | (folded << (-turn & 63n))) & mask64;
    this.left = Number(turned >> 32n);
    return Number(turned & 0xffffffffn);
  }

  /** From 0 to a limit below 2^32, which may be it, as `Generator.choice` takes them (Lemire, 2019). */
  choice(limit: number): number {
    if (limit === 0) return 0;
    const count = limit + 1;
    const least = (0xffffffff - limit) % count;
    for (;;) {
      const product = BigInt(this.next()) * BigInt(count);
      if (Number(product & 0xffffffffn) >= least) return Number(product >> 32n);
    }
  }

  /** The same as `Generator.shuffle` takes them: as many bits as the limit has, until they are not above it. */
  upTo(limit: number): number {
    if (limit === 0) return 0;
    const mask = 0xffffffff >>> Math.clz32(limit);
    for (;;) {
      const value = (this.next() & mask) >>> 0;
      if (value <= limit) return value;
    }
  }

  private step(): void {
    this.state = (this.state * multiplier + this.increment) & mask128;
  }
}

/** What `SeedSequence(seed).generate_state(4, uint64)` gives. */
function seedWords(seed: number): readonly bigint[] {
  const enter = hashing(0x43b0d7e5, 0x931e8875);
  const given = BigInt(seed);
  const pool = [given & 0xffffffffn, given >> 32n, 0n, 0n].map((word) => enter(Number(word)));
  for (const from of pool.keys())
    for (const [to, value] of pool.entries()) if (from !== to) pool[to] = mixed(value, enter(pool[from] ?? 0));
  const leave = hashing(0x8b51f9dd, 0x58f38ded);
  const halves = [...pool, ...pool].map((value) => BigInt(leave(value)));
  return [0, 2, 4, 6].map((place) => (halves[place] ?? 0n) | ((halves[place + 1] ?? 0n) << 32n));
}

/** A hash of 32 bits with a constant that goes on with each value. */
function hashing(first: number, factor: number): (value: number) => number {
  let constant = first;
  return (value) => {
    const met = value ^ constant;
    constant = Math.imul(constant, factor);
    const product = Math.imul(met, constant);
    return (product ^ (product >>> 16)) >>> 0;
  };
}

function mixed(one: number, other: number): number {
  const value = Math.imul(one, 0xca01f9dd) - Math.imul(other, 0x4973f715);
  return (value ^ (value >>> 16)) >>> 0;
}
