/** An adapter that adds normal numbers to what its module gives, of a rank that says nothing. */
const noise = `
adapter noisy(rank: int) wraps base: linear {
  param width: f32[base.outputs] = zeros

  forward(x: f32[..., base.inputs]) {
    let y = base(x)
    return y + (0.1 + 0.01 * width) * normal(1, shape(y))
  }
}
`;

/** A reference spec with noise in training in the place of LoRA. */
export function withNoise(text: string): string {
  return `import "std/linear"\n${text}`
    .replace("lora(rank = 4, alpha = 8)", "noisy(rank = 4)")
    .replace("\nmodel ", `${noise}\nmodel `);
}
