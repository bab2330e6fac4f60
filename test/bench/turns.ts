/** How often a benchmark takes its turn: once under CI, where only that it runs is of use, since others work on that machine, too. */
export function turnsOf(usual: number): number {
  return process.env.CI === "true" ? 1 : usual;
}
