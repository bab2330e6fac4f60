import type { Expression } from "../../../grammar/index.ts";
import type { ModuleInstance } from "../../elaborate/index.ts";
import { variableName } from "./names.ts";
import { type PythonArgument, word } from "./python.ts";
import { refuse } from "./refusal.ts";
import type { Declarations } from "./scope.ts";
import { visitExpression } from "./walk.ts";

/** The pipe's end that makes the module of a head. */
export function pipeOf(value: Expression, made: ModuleInstance, { facts }: Declarations): Expression {
  const isMaker = (each: Expression): each is Expression & { readonly kind: "pipe" } => {
    if (each.kind !== "pipe") return false;
    const callee = each.into.kind === "call" ? each.into.callee : each.into;
    return facts.of(callee)?.callables.has(made.declaration) ?? false;
  };
  const pipes: Expression[] = [];
  visitExpression(value, (each) => {
    if (isMaker(each)) pipes.push(each.into);
  });
  return pipes[0] ?? refuse("the module of this let is made in a way that is not a plain pipe", value.span);
}

/** The sizes that a head's module found from what flows into it. */
export function inferredArguments(
  { declaration, environment }: ModuleInstance,
  pipe: Expression,
): readonly PythonArgument[] {
  const given = pipe.kind === "call" ? pipe.arguments : [];
  return declaration.parameters.flatMap(({ name, default: fallback }, index): readonly PythonArgument[] => {
    const passed = given.find((each, at) => each.name?.text === name.text || (each.name === null && at === index));
    const isInferred = passed === undefined ? fallback?.kind === "infer" : passed.value.kind === "infer";
    const value = environment.lookup(name.text);
    if (!isInferred || value?.kind !== "number") return [];
    return [{ name: variableName(name.text), value: word(String(value.value)) }];
  });
}
