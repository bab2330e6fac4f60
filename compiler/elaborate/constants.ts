import type { Diagnostic, Expression, ModelDeclaration } from "../../grammar/index.ts";
import { Calls } from "./calls.ts";
import { Evaluator } from "./evaluate.ts";
import type { Files } from "./files.ts";
import { Instantiator } from "./instantiate.ts";
import { Trace } from "./trace.ts";
import { Environment, type Value } from "./values.ts";

/** Values that are known before any part of a model is made: its lets that depend on no tensor, and what is computed from them. */
export class Constants {
  readonly values = new Map<string, Value>();
  private readonly environment: Environment;
  private readonly evaluator: Evaluator;

  constructor(model: ModelDeclaration, files: Files) {
    this.environment = new Environment(files.of(model.span.source).environment);
    this.evaluator = new Evaluator(new Trace(model.name.text), new Calls(new Instantiator(files)));
    for (const member of model.members) {
      if (member.kind !== "head-let") continue;
      // What is wrong with a let is reported where the model is traced.
      const value = this.evaluate(member.value);
      if (value === null || !isPlain(value)) continue;
      this.values.set(member.name.text, value);
      this.environment.define(member.name.text, value);
    }
  }

  /** Those that are numbers. */
  get numbers(): ReadonlyMap<string, number> {
    return new Map([...this.values].flatMap(([name, value]) => (value.kind === "number" ? [[name, value.value]] : [])));
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

function isPlain(value: Value): boolean {
  switch (value.kind) {
    case "number":
    case "string":
    case "boolean":
      return true;
    case "list":
      return value.elements.every(isPlain);
    case "none":
    case "infer":
    case "dtype":
    case "tensor":
    case "initial":
    case "parameter":
    case "instance":
    case "callable":
    case "builtin":
    case "axis-name":
    case "unknown":
      return false;
  }
}
