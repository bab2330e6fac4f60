import type { Span } from "./source.ts";

export interface Name {
  readonly text: string;
  readonly span: Span;
}

export interface StringText {
  readonly value: string;
  readonly span: Span;
}

export type ArithmeticOperator = "+" | "-" | "*" | "/";
export type ComparisonOperator = "==" | "!=" | "<" | "<=" | ">" | ">=";
export type LogicalOperator = "and" | "or";
export type BinaryOperator = ArithmeticOperator | ComparisonOperator | LogicalOperator | "//" | "%";

export type Expression =
  | NumberLiteral
  | { readonly kind: "string"; readonly value: string; readonly span: Span }
  | { readonly kind: "boolean"; readonly value: boolean; readonly span: Span }
  | { readonly kind: "none"; readonly span: Span }
  | { readonly kind: "infer"; readonly span: Span }
  | { readonly kind: "name"; readonly text: string; readonly span: Span }
  | { readonly kind: "list"; readonly elements: readonly Expression[]; readonly span: Span }
  | { readonly kind: "range"; readonly from: Expression; readonly to: Expression; readonly span: Span }
  | { readonly kind: "unary"; readonly operator: "-" | "not"; readonly operand: Expression; readonly span: Span }
  | {
      readonly kind: "binary";
      readonly operator: BinaryOperator;
      readonly left: Expression;
      readonly right: Expression;
      readonly span: Span;
    }
  | {
      readonly kind: "if";
      readonly condition: Expression;
      readonly then: Expression;
      readonly otherwise: Expression;
      readonly span: Span;
    }
  | Call
  | Arrow
  | { readonly kind: "member"; readonly object: Expression; readonly name: Name; readonly span: Span }
  | { readonly kind: "index"; readonly object: Expression; readonly index: Expression; readonly span: Span }
  | { readonly kind: "pipe"; readonly value: Expression; readonly into: Expression; readonly span: Span };

/** `i => 4 + i`: a function of one value. */
export interface Arrow {
  readonly kind: "arrow";
  readonly parameter: Name;
  readonly body: Expression;
  readonly span: Span;
}

/** A literal keeps its text, because an expectation rounds to the digits written. */
export interface NumberLiteral {
  readonly kind: "number";
  readonly text: string;
  /** With the suffix applied: `1.67M` is 1670000, `0.38%` is 0.0038. */
  readonly value: number;
  readonly span: Span;
}

export interface Call {
  readonly kind: "call";
  readonly callee: Expression;
  readonly arguments: readonly Argument[];
  readonly span: Span;
}

export interface Argument {
  readonly name: Name | null;
  readonly value: Expression;
  readonly span: Span;
}
