import type { BinaryOperator, Expression } from "./ast.ts";
import { joinSpans, type Span } from "./source.ts";
import * as t from "./tokens.ts";

/** How tightly an operator holds its operands; two of an unchained level cannot stand side by side. */
interface Binding {
  readonly level: number;
  readonly chains: boolean;
}

const comparison: Binding = { level: 4, chains: false };
const sum: Binding = { level: 6, chains: true };
const product: Binding = { level: 7, chains: true };

/** From the loosest to the tightest; a pipe and a conditional are looser than all of them. */
export const bindings: Readonly<Record<BinaryOperator | "..", Binding>> = {
  or: { level: 1, chains: true },
  and: { level: 2, chains: true },
  "==": comparison,
  "!=": comparison,
  "<": comparison,
  "<=": comparison,
  ">": comparison,
  ">=": comparison,
  "..": { level: 5, chains: false },
  "+": sum,
  "-": sum,
  "*": product,
  "/": product,
  "//": product,
  "%": product,
};

/** `not` stands between `and` and the comparisons; a minus sign is tighter than every operator between two operands. */
export const prefixLevels = { not: 3, "-": 8 } as const;

const operatorNames: ReadonlyMap<string, BinaryOperator | ".."> = new Map(
  (["or", "and", "==", "!=", "<", "<=", ">", ">=", "..", "+", "-", "*", "/", "//", "%"] as const).map((text) => [
    text,
    text,
  ]),
);

/** One operand with the `not`s and minus signs before it, and the operator that joins it to the operand before. */
export interface Operand {
  readonly operator: t.Token | null;
  readonly prefixes: readonly t.Token[];
  readonly value: Expression;
}

interface Pending {
  readonly token: t.Token;
  readonly level: number;
  readonly prefix: boolean;
}

/**
 * Makes one tree of operands in a row, with two stacks (Dijkstra's shunting yard), so that a long row costs no stack of
 * ours. `refuse` hears of an operator that cannot stand where it does: `a < b < c`, or `a + not b`.
 */
export function combine(
  operands: readonly Operand[],
  spanOf: (token: t.Token) => Span,
  refuse: (token: t.Token) => void,
): Expression {
  const values: Expression[] = [];
  const pending: Pending[] = [];
  const reduce = (): void => {
    const top = pending.pop();
    const right = values.pop();
    if (top === undefined || right === undefined) return;
    if (top.prefix) {
      const operator = top.token.image === "not" ? "not" : "-";
      values.push({ kind: "unary", operator, operand: right, span: joinSpans(spanOf(top.token), right.span) });
      return;
    }
    const left = values.pop();
    if (left !== undefined) values.push(binary(left, top.token, right));
  };
  for (const { operator, prefixes, value } of operands) {
    const name = operator === null ? undefined : operatorNames.get(operator.image);
    if (operator !== null && name !== undefined) {
      const { level, chains } = bindings[name];
      let top = pending.at(-1);
      while (top !== undefined && top.level >= level) {
        if (top.level === level && !chains) refuse(operator);
        reduce();
        top = pending.at(-1);
      }
      pending.push({ token: operator, level, prefix: false });
    }
    for (const token of prefixes) {
      const level = token.tokenType === t.keywords.not ? prefixLevels.not : prefixLevels["-"];
      if ((pending.at(-1)?.level ?? 0) > level) refuse(token);
      pending.push({ token, level, prefix: true });
    }
    values.push(value);
  }
  while (pending.length > 0) reduce();
  const [whole] = values;
  if (whole === undefined) throw new Error("a row of operands is never empty");
  return whole;
}

function binary(left: Expression, operator: t.Token, right: Expression): Expression {
  const name = operatorNames.get(operator.image) ?? "+";
  const span = joinSpans(left.span, right.span);
  if (name === "..") return { kind: "range", from: left, to: right, span };
  return { kind: "binary", operator: name, left, right, span };
}
