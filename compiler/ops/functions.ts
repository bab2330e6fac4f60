const twoOverRootPi = 2 / Math.sqrt(Math.PI);

/**
 * The error function to double precision: its Taylor series near 0, and Lentz's continued fraction of the complement
 * elsewhere (Abramowitz and Stegun 7.1.5 and 7.1.14).
 */
export function erf(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude > 6) return Math.sign(x);
  if (magnitude < 2.5) {
    let term = x;
    let sum = x;
    for (let n = 1; Math.abs(term) > 1e-17 * Math.abs(sum); n++) {
      term *= (-x * x) / n;
      sum += term / (2 * n + 1);
    }
    return twoOverRootPi * sum;
  }
  let fraction = 0;
  for (let n = 60; n >= 1; n--) fraction = n / 2 / (magnitude + fraction);
  const complement = Math.exp(-magnitude * magnitude) / (Math.sqrt(Math.PI) * (magnitude + fraction));
  return Math.sign(x) * (1 - complement);
}

/**
 * A number from 0 up to 1 from a seed, a step, a site and a place: three rounds of a 32-bit mixing function over them
 * (the finaliser of MurmurHash3), so that it needs no state.
 */
export function uniformAt(seed: number, step: number, site: number, place: number): number {
  return uniformFrom(uniformState(seed, step, site), place);
}

/** What the places of one draw share, so that a loop over them computes it once. */
export function uniformState(seed: number, step: number, site: number): number {
  const state = mix(mix(seed ^ 0x9e3779b9) ^ step);
  return mix((state + Math.imul(site, 0x85ebca6b)) | 0);
}

export function uniformFrom(state: number, place: number): number {
  return (mix((state + Math.imul(place, 0xc2b2ae35)) | 0) >>> 8) / 2 ** 24;
}

function mix(value: number): number {
  let state = value | 0;
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return state ^ (state >>> 16);
}
