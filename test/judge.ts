/** Prints whether what a sentence says holds; where one does not, the process ends with 1. */
export function judge(holds: boolean, sentence: string): void {
  process.stdout.write(`${holds ? "holds" : "FAILED"}  ${sentence}\n`);
  if (!holds) process.exitCode = 1;
}
