/** How many damaged files a test makes up: MUTANTS, as CI sets it, or fewer, so that all tests together stay quick. */
export function mutantCount(usual: number): number {
  return Number(process.env.MUTANTS ?? usual);
}
