import type { Diagnostic, Expression, FileLet, ModelDeclaration } from "../../grammar/index.ts";
import { Calls } from "./calls.ts";
import { Evaluator } from "./evaluate.ts";
import type { Files } from "./files.ts";
import { Instantiator } from "./instantiate.ts";
import { Trace } from "./trace.ts";
import { Environment, isKnown, type Value } from "./values.ts";

/**
 * Values that are known before any part of a model is made: its lets and those of its file that depend on no tensor, and what is
 * computed from them.
 */
export class Constants {
  readonly values = new Map<string, Value>();
  private readonly environment: Environment;
  private readonly evaluator: Evaluator;

  /** `lets` are those of the model's file, which `files` have. */
  constructor(model: ModelDeclaration, lets: readonly FileLet[], files: Files) {
    this.environment = new Environment(files.of(model.span.source).environment);
    this.evaluator = new Evaluator(new Trace(model.name.text), new Calls(new Instantiator(files)));
    for (const { name } of lets) {
      const value = this.environment.lookup(name.text);
      if (value !== undefined) this.values.set(name.text, value);
    }
    for (const member of model.members) {
      if (member.kind !== "head-let") continue;
      // What is wrong with a let is reported where the model is traced.
      const value = this.evaluate(member.value);
      if (value === null || !isKnown(value)) continue;
      this.values.set(member.name.text, value);
      this.environment.define(member.name.text, value);
    }
  }

  /** The value of an expression; null where it has none at compile time, and why not goes to `refused`. */
  evaluate(expression: Expression, refused: Diagnostic[] = []): Value | null {
    const { evaluator, environment } = this;
    return Trace.attempt(
      () => evaluator.evaluate(expression, new Environment(environment)),
      (diagnostic) => refused.push(diagnostic),
    );
  }
}
