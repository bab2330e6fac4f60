import type { Unwritable } from "../../compiler/index.ts";
import type { Problem } from "../text/index.ts";

/** A spec that a target cannot say, with the place in it; `by` is what was to say it. */
export function unwritable({ span: { source, start }, message }: Unwritable, by: string): Problem {
  const lines = source.text.slice(0, start).split("\n");
  const subject = `${source.name}:${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}`;
  return { subject, message: `${by} cannot express it: ${message}`, help: null };
}
