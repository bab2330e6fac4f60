/** The probability of a standard normal number at least so far from 0, on either side: erfc(|z| / √2), to about 14 digits. */
export function twoSided(z: number): number {
  const x = Math.abs(z) / Math.SQRT2;
  return x < 2 ? 1 - erfBySeries(x) : erfcByFraction(x);
}

/** The series of erf, whose terms are all positive: 2/√π e^(-x²) Σ 2ⁿ x^(2n+1) / (1·3·…·(2n+1)). */
function erfBySeries(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; term > sum * 2 ** -54; n++) {
    term *= (2 * x * x) / (2 * n + 1);
    sum += term;
  }
  return (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * sum;
}

/** The continued fraction of erfc, from far enough inside: e^(-x²) / (√π (x + (1/2) / (x + 1 / (x + (3/2) / (x + …))))). */
function erfcByFraction(x: number): number {
  let value = x;
  for (let n = 120; n >= 1; n--) value = x + n / 2 / value;
  return Math.exp(-x * x) / (Math.sqrt(Math.PI) * value);
}
