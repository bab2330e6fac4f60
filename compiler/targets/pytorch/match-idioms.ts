import type { Expression, FunctionDeclaration, Let, Statement } from "../../../grammar/index.ts";
import { builtinNamed, isBuiltinName } from "../../elaborate/index.ts";
import { allIdioms, type Idiom, type IdiomName } from "./idioms.ts";
import { arePrivate, isUnchanged, letsIn } from "./lets.ts";
import type { Declarations } from "./scope.ts";
import { expressionsIn, visitExpression } from "./walk.ts";

/** An idiom, with what its names stand for. */
export interface FoundIdiom {
  readonly idiom: Idiom;
  readonly values: ReadonlyMap<string, Expression>;
}

/** The idioms of a body by their outermost expressions, and the lets that only they read. */
export interface FoundIdioms {
  readonly found: ReadonlyMap<Expression, FoundIdiom>;
  readonly dropped: ReadonlySet<Statement>;
}

/**
 * Finds idioms through the lets of a body and through functions that are called in it; a call of a function is left as it is written,
 * and the idiom found in the function. Lets whose names are in `exposed` are read from outside.
 */
export function idiomsIn(
  body: readonly Statement[],
  exposed: ReadonlySet<string>,
  declarations: Declarations,
): FoundIdioms {
  const found = new Map<Expression, FoundIdiom>();
  const dropped = new Set<Statement>();
  const matcher = new Matcher(letsIn(body), declarations);
  const idioms = allIdioms().filter(({ inF32Alone }) => !inF32Alone || declarations.settings.precision === "f32");
  const all = expressionsIn(body);
  const visit = (each: Expression): void => {
    for (const idiom of idioms) {
      const match = matcher.match(idiom, each);
      if (match === null) continue;
      const within = [each, ...[...match.passed.values()].map(({ value }) => value)];
      if (!arePrivate(match.passed.keys(), within, all, exposed) || !isUnchanged(within, body)) continue;
      found.set(each, { idiom, values: match.values });
      for (const statement of match.passed.values()) dropped.add(statement);
      return;
    }
  };
  for (const each of all) visitExpression(each, visit);
  return { found, dropped };
}

/** An expression, and what the names in it mean where a function is called; null where they are the body's own. */
interface Closure {
  readonly expression: Expression;
  readonly within: ReadonlyMap<string, Closure> | null;
}

/** What is known of an idiom that fits so far. */
interface Match {
  readonly values: ReadonlyMap<string, Expression>;
  /** The lets on the way, by their names. */
  readonly passed: ReadonlyMap<string, Let>;
}

/** How many functions an idiom is looked for in, one called by the other. */
const deepest = 4;

class Matcher {
  private readonly lets: ReadonlyMap<string, Let>;
  private readonly declarations: Declarations;

  constructor(lets: ReadonlyMap<string, Let>, declarations: Declarations) {
    this.lets = lets;
    this.declarations = declarations;
  }

  match({ written, names }: Idiom, expression: Expression): Match | null {
    const fact = this.declarations.facts.of(expression);
    if (fact === null) return null;
    const match = this.alike(written, { expression, within: null }, names, { values: new Map(), passed: new Map() });
    // A vector of length 1 would be repeated.
    const lengths = new Set([...fact.shapes].map((shape) => shape.split(" ").at(-1)));
    const areAlong = [...names].every(([name, { rank }]) => {
      const value = rank === 1 ? match?.values.get(name) : undefined;
      return (
        value === undefined || [...(this.declarations.facts.of(value)?.shapes ?? [])].every((each) => lengths.has(each))
      );
    });
    return areAlong ? match : null;
  }

  private at(written: Expression, closure: Closure, names: Names, known: Match, depth = 0): Match | null {
    const name = written.kind === "name" ? names.get(written.text) : undefined;
    if (written.kind === "name" && name !== undefined) return this.bound(written.text, name, closure, known);
    const passed = new Map(known.passed);
    const resolved = this.resolved(closure, passed);
    const match = this.alike(written, resolved, names, { ...known, passed });
    const inside = match === null && depth < deepest ? this.inside(resolved) : null;
    return inside === null ? match : this.at(written, inside, names, { ...known, passed }, depth + 1);
  }

  /** Whether an expression is of the form that is written, as it stands there. */
  private alike(written: Expression, { expression, within }: Closure, names: Names, known: Match): Match | null {
    const all = (pairs: readonly (readonly [Expression, Expression])[]): Match | null =>
      pairs.reduce<Match | null>(
        (match, [each, other]) => (match === null ? null : this.at(each, { expression: other, within }, names, match)),
        known,
      );
    switch (written.kind) {
      case "number":
        return expression.kind === "number" && expression.value === written.value ? known : null;
      case "boolean":
        return expression.kind === "boolean" && expression.value === written.value ? known : null;
      case "none":
        return expression.kind === "none" ? known : null;
      case "unary":
        return expression.kind === "unary" && expression.operator === written.operator
          ? all([[written.operand, expression.operand]])
          : null;
      case "binary": {
        if (expression.kind !== "binary" || expression.operator !== written.operator) return null;
        const { left, right } = expression;
        const inOrder = all([
          [written.left, left],
          [written.right, right],
        ]);
        const commutes = written.operator === "+" || written.operator === "*";
        if (inOrder !== null || !commutes) return inOrder;
        return all([
          [written.left, right],
          [written.right, left],
        ]);
      }
      case "if":
        return expression.kind === "if"
          ? all([
              [written.condition, expression.condition],
              [written.then, expression.then],
              [written.otherwise, expression.otherwise],
            ])
          : null;
      case "call": {
        const [wanted, given] = [this.builtinCall(written), this.builtinCall(expression)];
        if (wanted === null || given === null || wanted.name !== given.name) return null;
        if (wanted.arguments.size !== given.arguments.size) return null;
        return [...wanted.arguments].reduce<Match | null>((match, [parameter, each]) => {
          const other = given.arguments.get(parameter);
          if (match === null || other === undefined) return null;
          return this.at(each, { expression: other, within }, names, match);
        }, known);
      }
      case "name":
      case "string":
      case "infer":
      case "list":
      case "range":
      case "arrow":
      case "member":
      case "index":
      case "pipe":
        return null;
    }
  }

  /** A name of the idiom for an expression of the body, the same wherever the name stands. */
  private bound(name: string, wanted: IdiomName, closure: Closure, known: Match): Match | null {
    const value = outside(closure);
    if (value === null || !this.isFit(value, wanted)) return null;
    const before = known.values.get(name);
    if (before !== undefined) return isSame(before, value) ? known : null;
    return { ...known, values: new Map([...known.values, [name, value]]) };
  }

  private isFit(value: Expression, { kind, mayBeNone, rank }: IdiomName): boolean {
    const { facts } = this.declarations;
    if (kind === "number") return value.kind === "number" || facts.isAll(value, "number");
    const fact = facts.of(value);
    if (fact === null) return false;
    if ([...fact.kinds].every((each) => each === "none")) return mayBeNone;
    if (!facts.isAll(value, "tensor", "parameter", ...(mayBeNone ? (["none"] as const) : []))) return false;
    if (fact.isWhole) return false;
    return rank === null || [...fact.ranks].every((each) => each === rank);
  }

  /** What a name stands for that a let of the body, or of the function, declares. */
  private resolved(closure: Closure, passed: Map<string, Let>): Closure {
    const { expression, within } = closure;
    if (expression.kind !== "name") return closure;
    if (within !== null) {
      const known = within.get(expression.text);
      return known === undefined ? closure : this.resolved(known, passed);
    }
    const known = this.lets.get(expression.text);
    if (known === undefined) return closure;
    passed.set(expression.text, known);
    return this.resolved({ expression: known.value, within: null }, passed);
  }

  /** What a function that is called there returns. */
  private inside({ expression, within }: Closure): Closure | null {
    const called = calledBy(expression);
    if (called === null || within?.has(called.name) === true) return null;
    const { name, source, passed } = called;
    const callable = this.declarations.callable(name, source);
    if (callable?.kind !== "function" || !isPlain(callable)) return null;
    const inner = new Map<string, Closure>();
    for (const [index, { name: parameter, default: fallback }] of callable.parameters.entries()) {
      const given = passed.find((each) => each.name === parameter.text) ?? passed[index];
      if (given !== undefined) inner.set(parameter.text, { expression: given.value, within });
      else if (fallback !== null) inner.set(parameter.text, { expression: fallback, within: inner });
    }
    for (const each of callable.body)
      if (each.kind === "let")
        for (const { text } of each.names) inner.set(text, { expression: each.value, within: inner });
    const last = callable.body.at(-1);
    return last?.kind === "return" ? { expression: last.value, within: inner } : null;
  }

  /** A call of a builtin, with its arguments by its parameters; null for another expression. */
  private builtinCall(expression: Expression): BuiltinCall | null {
    const called = calledBy(expression);
    if (called === null || !isBuiltinName(called.name)) return null;
    if (this.declarations.callable(called.name, called.source) !== null) return null;
    const parameters = builtinNamed(called.name).parameters.map((each) => each.replace("?", ""));
    const entries = called.passed.map(({ name, value }, index) => [name ?? parameters[index] ?? "", value] as const);
    return { name: called.name, arguments: new Map(entries) };
  }
}

type Names = Idiom["names"];

interface BuiltinCall {
  readonly name: string;
  readonly arguments: ReadonlyMap<string, Expression>;
}

interface Called {
  readonly name: string;
  readonly source: Expression["span"]["source"];
  readonly passed: readonly { readonly name: string | null; readonly value: Expression }[];
}

/** What is called by its name, with its arguments; null for another expression. */
function calledBy(expression: Expression): Called | null {
  const called = expression.kind === "pipe" ? expression.into : expression;
  const callee = called.kind === "call" ? called.callee : called;
  if (callee.kind !== "name" || (expression.kind !== "pipe" && called.kind !== "call")) return null;
  const first = expression.kind === "pipe" ? [{ name: null, value: expression.value }] : [];
  const rest = called.kind === "call" ? called.arguments : [];
  const passed = [...first, ...rest.map(({ name, value }) => ({ name: name?.text ?? null, value }))];
  return { name: callee.text, source: callee.span.source, passed };
}

/** Whether a function is lets, of one value each, and what it returns. */
function isPlain({ body }: FunctionDeclaration): boolean {
  const [last, ...lets] = body.toReversed();
  return last?.kind === "return" && lets.every((each) => each.kind === "let" && !each.destructure);
}

/** An expression of the body that an expression within a function stands for; null for what the function computes itself. */
function outside({ expression, within }: Closure): Expression | null {
  if (within === null || expression.kind === "number") return expression;
  const known = expression.kind === "name" ? within.get(expression.text) : undefined;
  return known === undefined ? null : outside(known);
}

function isSame(one: Expression, other: Expression): boolean {
  if (one.kind === "name" && other.kind === "name") return one.text === other.text;
  if (one.kind === "number" && other.kind === "number") return one.value === other.value;
  return one === other;
}
