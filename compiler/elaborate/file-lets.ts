import type { Diagnostic, File, FileLet } from "../../grammar/index.ts";
import type { Program } from "../load/index.ts";
import { Calls } from "./calls.ts";
import { Evaluator } from "./evaluate.ts";
import type { Files } from "./files.ts";
import { Instantiator } from "./instantiate.ts";
import { Trace } from "./trace.ts";
import { type Environment, isKnown, unknown } from "./values.ts";

/**
 * Gives the declarations of each file the values of its `let`s, and reports those that have none at compile time. What a variant puts in
 * the place of a `let` of its base holds for the declarations in the base's file, too: they are as in the whole that the variant stands for.
 */
export function defineLets({ entry, files, bases }: Program, contexts: Files): readonly Diagnostic[] {
  const refused: Diagnostic[] = [];
  const sources = new Set(bases.map(({ source }) => source));
  for (const { source, parsed } of files) {
    if (!sources.has(source)) evaluateLets(parsed.file, contexts.of(source).environment, contexts, refused);
  }
  const { environment } = contexts.of(entry.source);
  for (const { source, parsed } of files) {
    if (!sources.has(source)) continue;
    for (const { name } of letsOf(parsed.file)) {
      const value = environment.lookup(name.text);
      if (value !== undefined) contexts.of(source).environment.define(name.text, value);
    }
  }
  return refused;
}

function evaluateLets(file: File, environment: Environment, contexts: Files, refused: Diagnostic[]): void {
  for (const { name, value: expression } of letsOf(file)) {
    const evaluator = new Evaluator(new Trace(name.text), new Calls(new Instantiator(contexts)));
    const value = Trace.attempt(
      () => {
        const found = evaluator.evaluate(expression, environment);
        if (isKnown(found)) return found;
        return evaluator.refuse(`\`${name.text}\``, "known at compile time", found, expression.span);
      },
      (diagnostic) => refused.push(diagnostic),
    );
    // What is made from a value that is not known would only repeat its mistake.
    environment.define(name.text, value ?? unknown);
  }
}

export function letsOf({ items }: File): readonly FileLet[] {
  return items.filter((item): item is FileLet => item.kind === "file-let");
}
