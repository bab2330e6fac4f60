import { createInterface } from "node:readline/promises";

/**
 * Asks a person one question on standard error, and reads a line of standard input. Null where Ctrl-C or the end of the input is the
 * answer: the terminal is then as it was before.
 */
export async function askPerson(
  question: string,
  input: NodeJS.ReadableStream = process.stdin,
  output: NodeJS.WritableStream = process.stderr,
): Promise<string | null> {
  const lines = createInterface({ input, output });
  // Node 20 leaves a question that is closed without an answer waiting forever.
  const closed = new Promise<null>((settle) => lines.once("close", () => settle(null)));
  const answer = lines.question(question).catch(() => null);
  const text = await Promise.race([answer, closed]);
  if (text === null) output.write("\n");
  lines.close();
  return text;
}
