/** A value for each of that many axes, where those that there are stand last. */
export function filledTo<Each>(axes: number, values: readonly Each[], fill: Each): readonly Each[] {
  return [...Array.from({ length: axes - values.length }, () => fill), ...values];
}

/** Whether each channel has a kernel of its own. */
export function isDepthwise([outputs, channels]: readonly number[], groups: number): boolean {
  return channels === 1 && outputs === groups;
}

export function countOf(sizes: readonly number[]): number {
  return sizes.reduce((product, size) => product * size, 1);
}
