import type { Expression, Let, Source, Statement } from "../../../grammar/index.ts";
import { type BuiltinName, builtinNamed, isBuiltinName } from "../../elaborate/index.ts";
import type { Facts } from "./facts.ts";
import { arePrivate, isUnchanged, letsIn } from "./lets.ts";
import type { Declarations } from "./scope.ts";
import { expressionsIn, visitExpression } from "./walk.ts";

/** softmax(scale * q k^T + bias) v, which PyTorch computes at once. */
export interface Attention {
  readonly query: Expression;
  readonly key: Expression;
  readonly value: Expression;
  /** Numbers; null for 1. */
  readonly scale: { readonly by: "*" | "/"; readonly number: Expression } | null;
  /** What is added to the scores, where it is not `none`. */
  readonly bias: Expression | null;
}

/** The attentions of a body by the products that end them, and the lets that only they read. */
export interface Attentions {
  readonly found: ReadonlyMap<Expression, Attention>;
  readonly dropped: ReadonlySet<Statement>;
}

/**
 * Finds what the passes find in the graph: a product of batches of matrices that passes through a softmax into another one, and is read
 * nowhere else. Lets whose names are in `exposed` are read from outside.
 */
export function attentionsIn(
  body: readonly Statement[],
  exposed: ReadonlySet<string>,
  declarations: Declarations,
): Attentions {
  const found = new Map<Expression, Attention>();
  const dropped = new Set<Statement>();
  const lets = letsIn(body);
  const all = expressionsIn(body);
  for (const each of all)
    visitExpression(each, (end) => {
      const matcher = new Matcher(lets, declarations);
      const attention = matcher.attention(end);
      if (attention === null) return;
      const within = [end, ...[...matcher.passed.values()].map(({ value }) => value)];
      if (!arePrivate(matcher.passed.keys(), within, all, exposed) || !isUnchanged(within, body)) return;
      found.set(end, attention);
      for (const statement of matcher.passed.values()) dropped.add(statement);
    });
  return { found, dropped };
}

/** Follows one attention from its end to its scores. */
class Matcher {
  /** The lets on its way. */
  readonly passed = new Map<string, Let>();
  private readonly lets: ReadonlyMap<string, Let>;
  private readonly declarations: Declarations;

  constructor(lets: ReadonlyMap<string, Let>, declarations: Declarations) {
    this.lets = lets;
    this.declarations = declarations;
  }

  attention(end: Expression): Attention | null {
    const weighted = this.call(end, "matmul");
    const [weights, value] = [weighted?.get("a"), weighted?.get("b")];
    if (weighted === null || weights === undefined || value === undefined) return null;
    if (weighted.has("transpose_a") || weighted.has("transpose_b")) return null;
    const softmax = this.call(this.resolved(weights), "softmax");
    const [scores, axis] = [softmax?.get("x"), softmax?.get("axis")];
    if (scores === undefined || axis === undefined || !isLast(axis)) return null;
    const biased = this.biased(scores);
    const made = biased === null ? null : { ...biased, value };
    return made !== null && isOneRank([made.query, made.key, value], this.declarations.facts) ? made : null;
  }

  private biased(expression: Expression): Omit<Attention, "value"> | null {
    const scores = this.resolved(expression);
    const plain = this.scaled(scores);
    if (plain !== null) return { ...plain, bias: null };
    if (scores.kind === "binary" && scores.operator === "+") return this.added(scores.left, scores.right, scores);
    if (scores.kind !== "if" || scores.condition.kind !== "binary") return null;
    const { left, right, operator } = scores.condition;
    const isOfNone = right.kind === "none" && left.kind === "name" && (operator === "==" || operator === "!=");
    if (!isOfNone) return null;
    const [without, withBias] = operator === "==" ? [scores.then, scores.otherwise] : [scores.otherwise, scores.then];
    const added = this.resolved(withBias);
    if (this.scaled(this.resolved(without)) === null || added.kind !== "binary" || added.operator !== "+") return null;
    const made = this.added(added.left, added.right, added);
    return made?.bias?.kind === "name" && made.bias.text === left.text ? made : null;
  }

  private added(left: Expression, bias: Expression, sum: Expression): Omit<Attention, "value"> | null {
    const scores = this.scaled(this.resolved(left));
    const { facts } = this.declarations;
    // A bias that is repeated along an axis of the scores is as good as one of their shape; the reverse is not.
    const [before, after, added] = [facts.of(left), facts.of(sum), facts.of(bias)];
    if (scores === null || before === null) return null;
    if (after !== null && [...after.shapes].some((shape) => !before.shapes.has(shape))) return null;
    if (added !== null && (added.isWhole || [...added.kinds].some((kind) => !kinds.has(kind)))) return null;
    return { ...scores, bias };
  }

  private scaled(expression: Expression): Omit<Attention, "value" | "bias"> | null {
    const plain = this.product(expression);
    if (plain !== null) return { ...plain, scale: null };
    if (expression.kind !== "binary") return null;
    const { operator, left, right } = expression;
    if (operator !== "*" && operator !== "/") return null;
    const { facts } = this.declarations;
    for (const [number, product] of operator === "*"
      ? ([
          [left, right],
          [right, left],
        ] as const)
      : ([[right, left]] as const)) {
      const made = facts.isAll(number, "number") ? this.product(this.resolved(product)) : null;
      if (made !== null) return { ...made, scale: { by: operator, number } };
    }
    return null;
  }

  private product(expression: Expression): Pick<Attention, "query" | "key"> | null {
    const product = this.call(expression, "matmul");
    const [query, key, turned] = ["a", "b", "transpose_b"].map((name) => product?.get(name));
    const isTurned = turned?.kind === "boolean" && turned.value;
    if (query === undefined || key === undefined || !isTurned || product?.has("transpose_a") === true) return null;
    return { query, key };
  }

  /** What a name stands for that a let of the same body declares. */
  private resolved(expression: Expression): Expression {
    const known = expression.kind === "name" ? this.lets.get(expression.text) : undefined;
    if (expression.kind !== "name" || known === undefined) return expression;
    this.passed.set(expression.text, known);
    return this.resolved(known.value);
  }

  /** The arguments of a call of a builtin, by its parameters; null for another expression. */
  private call(expression: Expression, wanted: BuiltinName): ReadonlyMap<string, Expression> | null {
    const called = expression.kind === "pipe" ? expression.into : expression;
    const callee = called.kind === "call" ? called.callee : called;
    if (callee.kind !== "name" || callee.text !== wanted || !this.isBuiltin(callee.text, callee.span.source))
      return null;
    const given = called.kind === "call" ? called.arguments : [];
    const first = expression.kind === "pipe" ? [{ name: null, value: expression.value }] : [];
    const parameters = builtinNamed(wanted).parameters.map((each) => each.replace("?", ""));
    return new Map(
      [...first, ...given].map(({ name, value }, index) => [name?.text ?? parameters[index] ?? "", value]),
    );
  }

  private isBuiltin(name: string, source: Source): boolean {
    return isBuiltinName(name) && this.declarations.callable(name, source) === null;
  }
}

const kinds: ReadonlySet<string> = new Set(["tensor", "parameter", "none"]);

function isLast(axis: Expression): boolean {
  return axis.kind === "unary" && axis.operator === "-" && axis.operand.kind === "number" && axis.operand.value === 1;
}

/** Whether all have the same number of axes, batches of matrices at least. */
function isOneRank(expressions: readonly Expression[], facts: Facts): boolean {
  const ranks = new Set(expressions.flatMap((each) => [...(facts.of(each)?.ranks ?? [0])]));
  const [rank = 0] = ranks;
  return ranks.size === 1 && rank >= 3;
}
