const length = 624;

/** The whole numbers that PyTorch's generator on the CPU gives after `manual_seed`: MT19937 (Matsumoto & Nishimura, 1998). */
export class MersenneTwister {
  private readonly state = new Uint32Array(length);
  private at = length;

  /** Of a seed its low 32 bits count. */
  constructor(seed: number) {
    const { state } = this;
    let before = Number(BigInt.asUintN(32, BigInt(seed)));
    state[0] = before;
    for (let place = 1; place < length; place++) {
      before = (Math.imul(1812433253, before ^ (before >>> 30)) + place) >>> 0;
      state[place] = before;
    }
  }

  /** Evenly from 0 up to 2^32. */
  next(): number {
    if (this.at === length) this.turn();
    let value = this.state[this.at++] ?? Number.NaN;
    value ^= value >>> 11;
    value ^= (value << 7) & 0x9d2c5680;
    value ^= (value << 15) & 0xefc60000;
    return (value ^ (value >>> 18)) >>> 0;
  }

  /** What is left of a 64-bit number, the first of whose halves is the high one, divided by a number below 2^37, of which a product with 2^16 is exact. */
  nextOf64(divisor: number): number {
    const [high, low] = [this.next(), this.next()];
    const upper = remainder(remainder(high, divisor) * 65536 + (low >>> 16), divisor);
    return remainder(upper * 65536 + (low & 0xffff), divisor);
  }

  private turn(): void {
    const { state } = this;
    for (let place = 0; place < length; place++) {
      const next = state[place + 1 === length ? 0 : place + 1] ?? Number.NaN;
      const far = state[place < 227 ? place + 397 : place - 227] ?? Number.NaN;
      const both = ((state[place] ?? Number.NaN) & 0x80000000) | (next & 0x7fffffff);
      state[place] = far ^ (both >>> 1) ^ ((both & 1) === 0 ? 0 : 0x9908b0df);
    }
    this.at = 0;
  }
}

/** Much faster than `%` where numbers have more than 32 bits; the quotient may be rounded to the next one. */
function remainder(value: number, divisor: number): number {
  const rest = value - Math.floor(value / divisor) * divisor;
  return rest < 0 ? rest + divisor : rest;
}
