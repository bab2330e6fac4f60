/** The nearest whole number; of two that are as near, the even one. */
export function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const beyond = value - below;
  if (beyond === 0.5) return below % 2 === 0 ? below : below + 1;
  return beyond < 0.5 ? below : below + 1;
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
