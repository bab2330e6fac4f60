import type { Problem } from "../text/index.ts";

/** What is wrong with a file, found where the file's name is not known. */
export type Fault = Omit<Problem, "subject">;

export function fault(message: string, help: string | null = null): Fault {
  return { message, help };
}

export function problemOf(subject: string, { message, help }: Fault): Problem {
  return { subject, message, help };
}
