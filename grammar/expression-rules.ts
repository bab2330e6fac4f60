import { EmbeddedActionsParser, type IToken, type ParserMethod } from "chevrotain";
import type * as ast from "./ast.ts";
import { type Diagnostic, report } from "./diagnostics/index.ts";
import { duplicates } from "./duplicates.ts";
import { expectations } from "./expectations.ts";
import { numberValue, stringValue } from "./literals.ts";
import { combine, type Operand } from "./precedence.ts";
import { createSource, joinSpans, type Source, type Span } from "./source.ts";
import * as t from "./tokens.ts";

const k = t.keywords;

/** The rules for names, literals and expressions. They are few, because each costs stack at every bracket. */
export class ExpressionRules extends EmbeddedActionsParser {
  /** Set before each statement is parsed: where spans point. */
  source: Source = createSource("", "");
  /** Mistakes that leave the text readable, such as an unknown escape. */
  problems: Diagnostic[] = [];

  constructor(options: { readonly validate: boolean }) {
    super([...t.vocabulary], {
      recoveryEnabled: false,
      skipValidations: !options.validate,
      maxLookahead: 2,
      nodeLocationTracking: "none",
      errorMessageProvider: expectations,
    });
  }

  protected spanOf(token: IToken): Span {
    return { source: this.source, start: token.startOffset, end: t.endOf(token) };
  }

  /** From a span to the last token that was read. */
  protected upToHere(from: Span): Span {
    const last = this.LA(0);
    return { source: this.source, start: from.start, end: Math.max(from.end, t.endOf(last)) };
  }

  protected from(start: IToken): Span {
    return this.upToHere(this.spanOf(start));
  }

  protected refuseDuplicates(names: readonly ast.Name[]): void {
    this.problems = [...this.problems, ...duplicates(names)];
  }

  private nameOf(token: IToken): ast.Name {
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
    return this.ACTION(() => {
      const value = numberValue(token.image);
      const span = this.spanOf(token);
      if (!Number.isFinite(value)) this.problems.push(report("bad-number", span, { text: token.image }));
      return { kind: "number", text: token.image, value, span };
    });
  });

  readonly expression: ParserMethod<[], ast.Expression> = this.RULE("expression", (): ast.Expression => {
    let value = this.OR({
      ERR_MSG: "an expression",
      DEF: [{ ALT: () => this.SUBRULE(this.conditional) }, { ALT: () => this.SUBRULE(this.row) }],
    });
    this.MANY(() => {
      this.CONSUME(t.Pipe);
      const into = this.SUBRULE(this.postfix);
      value = this.ACTION(() => ({ kind: "pipe", value, into, span: joinSpans(value.span, into.span) }));
    });
    return value;
  });

  /** The `else` of a conditional takes no pipe: in `if a then b else c |> f` the whole goes into `f`. */
  private readonly conditional: ParserMethod<[], ast.Expression> = this.RULE("conditional", (): ast.Expression => {
    const start = this.CONSUME(k.if);
    const condition = this.SUBRULE(this.expression);
    this.CONSUME(k.then);
    const then = this.SUBRULE1(this.expression);
    this.CONSUME(k.else);
    const otherwise = this.OR({
      ERR_MSG: "an expression",
      DEF: [{ ALT: () => this.SUBRULE(this.conditional) }, { ALT: () => this.SUBRULE(this.row) }],
    });
    return this.ACTION(() => ({ kind: "if", condition, then, otherwise, span: this.from(start) }));
  });

  /** Operands with operators between them; one rule for all precedences. */
  readonly row: ParserMethod<[], ast.Expression> = this.RULE("row", (): ast.Expression => {
    const operands: Operand[] = [];
    const first = this.SUBRULE(this.operand);
    this.ACTION(() => operands.push({ operator: null, ...first }));
    this.MANY(() => {
      const operator = this.CONSUME(t.BinaryOperator);
      const next = this.SUBRULE1(this.operand);
      this.ACTION(() => operands.push({ operator, ...next }));
    });
    return this.ACTION(() =>
      combine(
        operands,
        (token) => this.spanOf(token),
        (token) => this.refuseOperator(token),
      ),
    );
  });

  private refuseOperator(token: IToken): void {
    const found = `\`${token.image}\``;
    const extra = { help: "put parentheses around what belongs together" };
    this.problems.push(
      report("unexpected-token", this.spanOf(token), { found, expected: "no further operator" }, extra),
    );
  }

  private readonly operand: ParserMethod<[], Omit<Operand, "operator">> = this.RULE(
    "operand",
    (): Omit<Operand, "operator"> => {
      const prefixes: IToken[] = [];
      this.MANY(() => {
        const prefix = this.OR([{ ALT: () => this.CONSUME(k.not) }, { ALT: () => this.CONSUME(t.Minus) }]);
        this.ACTION(() => prefixes.push(prefix));
      });
      const value = this.SUBRULE(this.postfix);
      return { prefixes, value };
    },
  );

  /** A literal, a name, a list or a bracketed expression, with the members, indices and calls after it. */
  private readonly postfix: ParserMethod<[], ast.Expression> = this.RULE("postfix", (): ast.Expression => {
    let value = this.OR<ast.Expression>({
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
    });
    this.MANY(() => {
      value = this.OR1<ast.Expression>([
        {
          ALT: () => {
            this.CONSUME(t.Dot);
            const name = this.SUBRULE(this.word);
            return this.ACTION(() => ({ kind: "member", object: value, name, span: this.upToHere(value.span) }));
          },
        },
        {
          ALT: () => {
            this.CONSUME(t.LeftBracket);
            const index = this.SUBRULE1(this.expression);
            this.CONSUME(t.RightBracket);
            return this.ACTION(() => ({ kind: "index", object: value, index, span: this.upToHere(value.span) }));
          },
        },
        {
          ALT: () => {
            const passed = this.SUBRULE(this.callArguments);
            return this.ACTION(() => ({
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

  private literal(token: IToken, make: (span: Span) => ast.Expression): ast.Expression {
    return this.ACTION(() => make(this.spanOf(token)));
  }

  private readonly list: ParserMethod<[], ast.Expression> = this.RULE("list", (): ast.Expression => {
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
    return this.ACTION(() => ({ kind: "list", elements, span: this.from(open) }));
  });

  private readonly callArguments: ParserMethod<[], readonly ast.Argument[]> = this.RULE(
    "callArguments",
    (): readonly ast.Argument[] => {
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
      this.ACTION(() => this.refuseDuplicates(passed.flatMap(({ name }) => name ?? [])));
      return passed;
    },
  );

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
}
