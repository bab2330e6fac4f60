import { EmbeddedActionsParser, type IToken, type ParserMethod, type TokenType } from "chevrotain";
import type * as ast from "./ast.ts";
import { type Diagnostic, report } from "./diagnostics/index.ts";
import { numberValue, stringValue } from "./literals.ts";
import { createSource, joinSpans, type Source, type Span } from "./source.ts";
import { expectations } from "./expectations.ts";
import * as t from "./tokens.ts";

const k = t.keywords;

const binaryOperators: ReadonlyMap<string, ast.BinaryOperator> = new Map(
  (["and", "or", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "/", "//"] as const).map((text) => [text, text]),
);

/** The rules for expressions, from the loosest (a pipe) to the tightest (a literal). */
export class ExpressionRules extends EmbeddedActionsParser {
  /** Set before each chunk is parsed: where spans point. */
  source: Source = createSource("", "");
  /** Mistakes that leave the text readable, such as an unknown escape. */
  problems: Diagnostic[] = [];

  constructor() {
    super([...t.vocabulary], {
      recoveryEnabled: false,
      maxLookahead: 2,
      nodeLocationTracking: "none",
      errorMessageProvider: expectations,
    });
  }

  protected spanOf(token: IToken): Span {
    return { source: this.source, start: token.startOffset, end: t.endOf(token) };
  }

  protected upToHere(from: Span): Span {
    const last = this.LA(0);
    return { source: this.source, start: from.start, end: Math.max(from.end, t.endOf(last)) };
  }

  protected nameOf(token: IToken): ast.Name {
    return { text: token.image, span: this.spanOf(token) };
  }

  /** A keyword after a dot or before `=` is a name like any other. */
  readonly word = this.RULE("word", (): ast.Name => {
    const token = this.CONSUME(t.Word);
    return this.ACTION(() => this.nameOf(token));
  });

  readonly name = this.RULE("name", (): ast.Name => {
    const token = this.CONSUME(t.Identifier);
    return this.ACTION(() => this.nameOf(token));
  });

  readonly text = this.RULE("text", (): ast.StringText => {
    const token = this.CONSUME(t.StringToken);
    return this.ACTION(() => {
      const { value, badEscape } = stringValue(token.image);
      if (badEscape !== null) {
        const start = token.startOffset + badEscape;
        const span = { source: this.source, start, end: start + 2 };
        this.problems.push(report("bad-escape", span, { escape: token.image.slice(badEscape, badEscape + 2) }));
      }
      return { value, span: this.spanOf(token) };
    });
  });

  readonly number = this.RULE("number", (): ast.NumberLiteral => {
    const token = this.CONSUME(t.NumberToken);
    return this.ACTION(() => ({
      kind: "number",
      text: token.image,
      value: numberValue(token.image),
      span: this.spanOf(token),
    }));
  });

  readonly expression: ParserMethod<[], ast.Expression> = this.RULE("expression", (): ast.Expression => {
    let value = this.SUBRULE(this.conditional);
    this.MANY(() => {
      this.CONSUME(t.Pipe);
      const into = this.SUBRULE(this.postfix);
      value = this.ACTION(() => ({ kind: "pipe", value, into, span: joinSpans(value.span, into.span) }));
    });
    return value;
  });

  /** The `else` of a conditional takes no pipe: in `if a then b else c |> f` the whole goes into `f`. */
  readonly conditional: ParserMethod<[], ast.Expression> = this.RULE(
    "conditional",
    (): ast.Expression =>
      this.OR([
        {
          ALT: () => {
            const start = this.CONSUME(k.if);
            const condition = this.SUBRULE(this.expression);
            this.CONSUME(k.then);
            const then = this.SUBRULE1(this.expression);
            this.CONSUME(k.else);
            const otherwise = this.SUBRULE(this.conditional);
            return this.ACTION(
              (): ast.Expression => ({
                kind: "if",
                condition,
                then,
                otherwise,
                span: joinSpans(this.spanOf(start), otherwise.span),
              }),
            );
          },
        },
        { ALT: () => this.SUBRULE(this.disjunction) },
      ]),
  );

  /** Operands of one precedence, from left to right. */
  private chain(operator: TokenType, operand: () => ast.Expression, next: () => ast.Expression): ast.Expression {
    let left = operand();
    this.MANY(() => {
      const token = this.CONSUME(operator);
      const right = next();
      left = this.ACTION(() => this.binary(left, token, right));
    });
    return left;
  }

  private binary(left: ast.Expression, operator: IToken, right: ast.Expression): ast.Expression {
    const text = binaryOperators.get(operator.image) ?? "+";
    return { kind: "binary", operator: text, left, right, span: joinSpans(left.span, right.span) };
  }

  readonly disjunction = this.RULE(
    "disjunction",
    (): ast.Expression =>
      this.chain(
        k.or,
        () => this.SUBRULE(this.conjunction),
        () => this.SUBRULE1(this.conjunction),
      ),
  );

  readonly conjunction = this.RULE(
    "conjunction",
    (): ast.Expression =>
      this.chain(
        k.and,
        () => this.SUBRULE(this.negation),
        () => this.SUBRULE1(this.negation),
      ),
  );

  readonly negation = this.RULE("negation", (): ast.Expression => {
    const marks: IToken[] = [];
    this.MANY(() => {
      const mark = this.CONSUME(k.not);
      this.ACTION(() => marks.push(mark));
    });
    const operand = this.SUBRULE(this.comparison);
    return this.ACTION(() => this.prefixed(marks, "not", operand));
  });

  private prefixed(marks: readonly IToken[], operator: "-" | "not", operand: ast.Expression): ast.Expression {
    return marks.reduceRight<ast.Expression>(
      (inner, mark) => ({ kind: "unary", operator, operand: inner, span: joinSpans(this.spanOf(mark), inner.span) }),
      operand,
    );
  }

  readonly comparison = this.RULE("comparison", (): ast.Expression => {
    let left = this.SUBRULE(this.range);
    this.OPTION(() => {
      const operator = this.CONSUME(t.Comparison);
      const right = this.SUBRULE1(this.range);
      left = this.ACTION(() => this.binary(left, operator, right));
    });
    return left;
  });

  readonly range = this.RULE("range", (): ast.Expression => {
    let from = this.SUBRULE(this.sum);
    this.OPTION(() => {
      this.CONSUME(t.DotDot);
      const to = this.SUBRULE1(this.sum);
      from = this.ACTION(() => ({ kind: "range", from, to, span: joinSpans(from.span, to.span) }));
    });
    return from;
  });

  readonly sum = this.RULE(
    "sum",
    (): ast.Expression =>
      this.chain(
        t.AdditionOperator,
        () => this.SUBRULE(this.product),
        () => this.SUBRULE1(this.product),
      ),
  );

  readonly product = this.RULE(
    "product",
    (): ast.Expression =>
      this.chain(
        t.MultiplicationOperator,
        () => this.SUBRULE(this.unary),
        () => this.SUBRULE1(this.unary),
      ),
  );

  readonly unary = this.RULE("unary", (): ast.Expression => {
    const marks: IToken[] = [];
    this.MANY(() => {
      const mark = this.CONSUME(t.Minus);
      this.ACTION(() => marks.push(mark));
    });
    const operand = this.SUBRULE(this.postfix);
    return this.ACTION(() => this.prefixed(marks, "-", operand));
  });

  readonly postfix = this.RULE("postfix", (): ast.Expression => {
    let value = this.SUBRULE(this.primary);
    this.MANY(() => {
      this.OR([
        {
          ALT: () => {
            this.CONSUME(t.Dot);
            const name = this.SUBRULE(this.word);
            value = this.ACTION(() => ({
              kind: "member",
              object: value,
              name,
              span: joinSpans(value.span, name.span),
            }));
          },
        },
        {
          ALT: () => {
            this.CONSUME(t.LeftBracket);
            const index = this.SUBRULE(this.expression);
            this.CONSUME(t.RightBracket);
            value = this.ACTION(() => ({ kind: "index", object: value, index, span: this.upToHere(value.span) }));
          },
        },
        {
          ALT: () => {
            const passed = this.SUBRULE(this.callArguments);
            value = this.ACTION(() => ({
              kind: "call",
              callee: value,
              arguments: passed,
              span: this.upToHere(value.span),
            }));
          },
        },
      ]);
    });
    return value;
  });

  readonly callArguments = this.RULE("callArguments", (): readonly ast.Argument[] => {
    const passed: ast.Argument[] = [];
    this.CONSUME(t.LeftParenthesis);
    this.MANY_SEP({
      SEP: t.Comma,
      DEF: () => {
        const name = this.OPTION({
          GATE: () => this.LA(2).tokenType === t.Equal,
          DEF: () => {
            const key = this.SUBRULE(this.word);
            this.CONSUME(t.Equal);
            return key;
          },
        });
        const value = this.SUBRULE(this.expression);
        this.ACTION(() =>
          passed.push({ name: name ?? null, value, span: joinSpans(name?.span ?? value.span, value.span) }),
        );
      },
    });
    this.CONSUME(t.RightParenthesis);
    return passed;
  });

  /** `lora(rank = 8)`: a name and its arguments, as encoders, parts and placements need it. */
  readonly call = this.RULE("call", (): ast.Call => {
    const callee = this.SUBRULE(this.name);
    const passed = this.SUBRULE(this.callArguments);
    return this.ACTION(() => ({
      kind: "call",
      callee: { kind: "name", text: callee.text, span: callee.span },
      arguments: passed,
      span: this.upToHere(callee.span),
    }));
  });

  readonly primary = this.RULE(
    "primary",
    (): ast.Expression =>
      this.OR<ast.Expression>({
        ERR_MSG: "an expression",
        DEF: [
          { ALT: () => this.SUBRULE(this.number) },
          {
            ALT: () => {
              const text = this.SUBRULE(this.text);
              return this.ACTION((): ast.Expression => ({ kind: "string", value: text.value, span: text.span }));
            },
          },
          { ALT: () => this.literal(this.CONSUME(k.true), (span) => ({ kind: "boolean", value: true, span })) },
          { ALT: () => this.literal(this.CONSUME(k.false), (span) => ({ kind: "boolean", value: false, span })) },
          { ALT: () => this.literal(this.CONSUME(k.none), (span) => ({ kind: "none", span })) },
          { ALT: () => this.literal(this.CONSUME(k.infer), (span) => ({ kind: "infer", span })) },
          {
            ALT: () => {
              const name = this.SUBRULE(this.name);
              return this.ACTION((): ast.Expression => ({ kind: "name", text: name.text, span: name.span }));
            },
          },
          { ALT: () => this.SUBRULE(this.list) },
          {
            ALT: () => {
              this.CONSUME(t.LeftParenthesis);
              const inner = this.SUBRULE(this.expression);
              this.CONSUME(t.RightParenthesis);
              return inner;
            },
          },
        ],
      }),
  );

  private literal(token: IToken, make: (span: Span) => ast.Expression): ast.Expression {
    return this.ACTION(() => make(this.spanOf(token)));
  }

  readonly list = this.RULE("list", (): ast.Expression => {
    const elements: ast.Expression[] = [];
    const open = this.CONSUME(t.LeftBracket);
    this.MANY_SEP({
      SEP: t.Comma,
      DEF: () => {
        const element = this.SUBRULE(this.expression);
        this.ACTION(() => elements.push(element));
      },
    });
    this.CONSUME(t.RightBracket);
    return this.ACTION(() => ({ kind: "list", elements, span: this.upToHere(this.spanOf(open)) }));
  });
}
