import { didYouMean, type Let, type Repetition, type Require, type Statement } from "../../grammar/index.ts";
import type { Evaluator } from "./evaluate.ts";
import { matchType } from "./patterns.ts";
import { Environment, none, number, unknown, type Value } from "./values.ts";

/** Hears of every value that a `let` names. */
export type Recorder = (name: string, value: Value) => void;

/** Runs the body of a function or a `forward` in its own environment, and gives what it returns. */
export function runBody(
  body: readonly Statement[],
  environment: Environment,
  evaluator: Evaluator,
  record: Recorder,
): Value {
  return run(body, environment, environment, evaluator, record) ?? none;
}

function run(
  body: readonly Statement[],
  environment: Environment,
  own: Environment,
  evaluator: Evaluator,
  record: Recorder,
): Value | null {
  const { trace } = evaluator;
  for (const statement of body) {
    const done = trace.recover(() => {
      trace.step(statement.span);
      return runStatement(statement, environment, own, evaluator, record);
    });
    if (done === null) forget(statement, environment, own, evaluator, record);
    else if (done.result !== null) return done.result;
  }
  return null;
}

/** Runs one statement; what a `return` gives, or null. */
function runStatement(
  statement: Statement,
  environment: Environment,
  own: Environment,
  evaluator: Evaluator,
  record: Recorder,
): Value | null {
  switch (statement.kind) {
    case "let":
      runLet(statement, environment, evaluator, record);
      return null;
    case "assign": {
      const { name, value, span } = statement;
      const result = evaluator.evaluate(value, environment);
      if (!environment.assign(name.text, result, own)) {
        const help = didYouMean(name.text, environment.names()) ?? `introduce it with \`let ${name.text} = ...\``;
        evaluator.trace.fail("unknown-name", span, { name: name.text }, { help });
      }
      record(name.text, result);
      return null;
    }
    case "require":
      runRequire(statement, environment, evaluator);
      return null;
    case "for":
      for (const element of elementsOf(statement.repetition, environment, evaluator)) {
        const inner = new Environment(environment);
        if (statement.repetition.kind === "for") inner.define(statement.repetition.variable.text, element);
        run(statement.body, inner, own, evaluator, record);
      }
      return null;
    case "return":
      return evaluator.evaluate(statement.value, environment);
  }
}

/** Makes unknown what a statement with a mistake would have given; where nothing after it has a meaning, leaves the body. */
function forget(
  statement: Statement,
  environment: Environment,
  own: Environment,
  evaluator: Evaluator,
  record: Recorder,
): void {
  switch (statement.kind) {
    case "let":
      forgetLet(statement, environment, record);
      break;
    case "assign":
      environment.assign(statement.name.text, unknown, own);
      record(statement.name.text, unknown);
      break;
    case "for":
      for (const inner of statement.body) {
        if (inner.kind === "assign" || inner.kind === "for") forget(inner, environment, own, evaluator, record);
      }
      break;
    case "require":
    case "return":
      evaluator.trace.giveUp();
  }
}

/** The names of a `let` with a mistake, and the sizes that its type would have named, are unknown. */
export function forgetLet({ names, type }: Let, environment: Environment, record: Recorder): void {
  for (const { text } of names) {
    environment.define(text, unknown);
    record(text, unknown);
  }
  for (const dim of type?.dims ?? []) {
    if (dim.kind === "name" && environment.lookup(dim.text) === undefined) environment.define(dim.text, unknown);
  }
}

/** Introduces the names of a `let`; a typed one checks its value and labels its axes. */
export function runLet(statement: Let, environment: Environment, evaluator: Evaluator, record: Recorder): void {
  const { names, destructure, type, value, span } = statement;
  const result = evaluator.evaluate(value, environment);
  const define = (name: string, each: Value): void => {
    const typed = type === null ? each : matchType(type, each, `\`${name}\``, span, environment, evaluator);
    environment.define(name, typed);
    record(name, typed);
  };
  if (!destructure) {
    for (const { text } of names) define(text, result);
    return;
  }
  const elements =
    result.kind === "list" ? result.elements : evaluator.refuse("the destructured value", "a list", result, value.span);
  if (elements.length !== names.length) {
    evaluator.refuse("the destructured value", `a list of ${names.length}`, result, value.span);
  }
  for (const [index, { text }] of names.entries()) define(text, elements[index] ?? none);
}

function runRequire({ condition, message }: Require, environment: Environment, evaluator: Evaluator): void {
  if (!evaluator.flag(condition, environment)) {
    evaluator.trace.fail("requirement-failed", condition.span, { message: message.value });
  }
}

/** What a loop or a repeated part runs over; `repeat n` runs over the numbers from 0. */
export function elementsOf(repetition: Repetition, environment: Environment, evaluator: Evaluator): readonly Value[] {
  switch (repetition.kind) {
    case "repeat": {
      const count = evaluator.number(repetition.count, environment, "a count");
      const { span } = repetition.count;
      if (!Number.isSafeInteger(count) || count < 0) {
        evaluator.trace.fail("bad-size", span, { what: "a count", found: String(count) });
      }
      if (count > repetitionLimit)
        evaluator.trace.fail("too-large", span, { what: "repetitions", limit: repetitionLimit });
      return Array.from({ length: count }, (_, index) => number(index));
    }
    case "for": {
      const over = evaluator.evaluate(repetition.over, environment);
      return over.kind === "list"
        ? over.elements
        : evaluator.refuse("the range of a loop", "a list", over, repetition.over.span);
    }
  }
}

const repetitionLimit = 100_000;
