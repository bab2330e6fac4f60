import type * as ast from "./ast.ts";
import { report } from "./diagnostics/index.ts";
import { duplicates } from "./duplicates.ts";
import { numberValue, stringValue } from "./literals.ts";
import { combine, type Operand } from "./precedence.ts";
import { joinSpans, type Span } from "./source.ts";
import { TokenReader } from "./token-reader.ts";
import * as t from "./tokens.ts";

const k = t.keywords;

/** What an expression can begin with. */
const expressionStarts: ReadonlySet<t.TokenType | undefined> = new Set([
  ...[k.if, k.not, t.Minus, t.NumberToken, t.StringToken, k.true, k.false, k.none, k.infer],
  ...[t.Identifier, t.LeftBracket, t.LeftParenthesis],
]);

/** The rules for names, literals and expressions. They are few, because each costs stack at every bracket. */
export class ExpressionRules extends TokenReader {
  /** Whether `loss` is a name, as in the value of a setting, where no loss is declared or used. */
  private lossIsName = false;

  protected refuseDuplicates(names: readonly ast.Name[]): void {
    this.problems = [...this.problems, ...duplicates(names)];
  }

  private nameOf(token: t.Token): ast.Name {
    return { text: token.image, span: this.spanOf(token) };
  }

  /** A keyword after a dot or before `=` is a name like any other. */
  protected word(): ast.Name {
    return this.nameOf(this.takeIf(({ isWord }) => isWord, t.Identifier.label));
  }

  protected name(): ast.Name {
    return this.nameOf(this.take(t.Identifier));
  }

  protected text(): ast.StringText {
    const token = this.take(t.StringToken);
    const { value, badEscape } = stringValue(token.image);
    if (badEscape !== null) {
      const start = token.startOffset + badEscape;
      const span = { source: this.source, start, end: start + 2 };
      this.problems.push(report("bad-escape", span, { escape: token.image.slice(badEscape, badEscape + 2) }));
    }
    return { value, span: this.spanOf(token) };
  }

  protected number(): ast.NumberLiteral {
    const token = this.take(t.NumberToken);
    const value = numberValue(token.image);
    const span = this.spanOf(token);
    if (!Number.isFinite(value)) this.problems.push(report("bad-number", span, { text: token.image }));
    return { kind: "number", text: token.image, value, span };
  }

  protected startsExpression(): boolean {
    return expressionStarts.has(this.next());
  }

  /** The value of a setting, in which `loss` is what is trained on. */
  protected settingValue(): ast.Expression {
    this.lossIsName = true;
    try {
      return this.expression();
    } finally {
      this.lossIsName = false;
    }
  }

  expression(): ast.Expression {
    if (this.next() !== t.Identifier || this.next(1) !== t.Arrow) return this.piped();
    const parameter = this.name();
    this.take(t.Arrow);
    const body = this.piped();
    return { kind: "arrow", parameter, body, span: joinSpans(parameter.span, body.span) };
  }

  private piped(): ast.Expression {
    let value = this.unpiped();
    while (this.takes(t.Pipe)) {
      const into = this.postfix();
      value = { kind: "pipe", value, into, span: joinSpans(value.span, into.span) };
    }
    return value;
  }

  /** The `else` of a conditional takes no pipe: in `if a then b else c |> f` the whole goes into `f`. */
  private unpiped(): ast.Expression {
    if (this.next() !== k.if) return this.row();
    const start = this.take(k.if);
    const condition = this.expression();
    this.take(k.then);
    const then = this.expression();
    this.take(k.else);
    const otherwise = this.unpiped();
    return { kind: "if", condition, then, otherwise, span: this.from(start) };
  }

  /** Operands with operators between them; one rule for all precedences. */
  protected row(): ast.Expression {
    const operands: Operand[] = [{ operator: null, ...this.operand() }];
    while (this.next()?.isBinary === true) {
      const operator = this.takeIf(({ isBinary }) => isBinary, "an operator");
      operands.push({ operator, ...this.operand() });
    }
    return combine(
      operands,
      (token) => this.spanOf(token),
      (token) => this.refuseOperator(token),
    );
  }

  private refuseOperator(token: t.Token): void {
    const found = `\`${token.image}\``;
    const extra = { help: "put parentheses around what belongs together" };
    this.problems.push(
      report("unexpected-token", this.spanOf(token), { found, expected: "no further operator" }, extra),
    );
  }

  private operand(): Omit<Operand, "operator"> {
    const prefixes: t.Token[] = [];
    while (this.next() === k.not || this.next() === t.Minus) prefixes.push(this.takeOne([k.not, t.Minus], "a prefix"));
    return { prefixes, value: this.postfix() };
  }

  /** A literal, a name, a list or a bracketed expression, with the members, indices and calls after it. */
  protected postfix(): ast.Expression {
    let value = this.primary();
    for (;;) {
      const { span } = value;
      if (this.takes(t.Dot)) {
        value = { kind: "member", object: value, name: this.word(), span: this.upToHere(span) };
      } else if (this.takes(t.LeftBracket)) {
        const index = this.expression();
        this.take(t.RightBracket);
        value = { kind: "index", object: value, index, span: this.upToHere(span) };
      } else if (this.next() === t.LeftParenthesis) {
        value = { kind: "call", callee: value, arguments: this.callArguments(), span: this.upToHere(span) };
      } else {
        return value;
      }
    }
  }

  private primary(): ast.Expression {
    switch (this.next()) {
      case t.NumberToken:
        return this.number();
      case t.StringToken: {
        const { value, span } = this.text();
        return { kind: "string", value, span };
      }
      case k.true:
        return { kind: "boolean", value: true, span: this.spanTaken(k.true) };
      case k.false:
        return { kind: "boolean", value: false, span: this.spanTaken(k.false) };
      case k.none:
        return { kind: "none", span: this.spanTaken(k.none) };
      case k.infer:
        return { kind: "infer", span: this.spanTaken(k.infer) };
      case t.Identifier: {
        const { text, span } = this.name();
        return { kind: "name", text, span };
      }
      case k.loss:
        return this.lossIsName
          ? { kind: "name", text: "loss", span: this.spanTaken(k.loss) }
          : this.fail("an expression");
      case t.LeftBracket:
        return this.list();
      case t.LeftParenthesis: {
        this.take(t.LeftParenthesis);
        const inner = this.expression();
        this.take(t.RightParenthesis);
        return inner;
      }
      default:
        return this.fail("an expression");
    }
  }

  private spanTaken(type: t.TokenType): Span {
    return this.spanOf(this.take(type));
  }

  private list(): ast.Expression {
    const open = this.take(t.LeftBracket);
    const elements = this.startsExpression() ? this.several(t.Comma, () => this.expression()) : [];
    this.take(t.RightBracket);
    return { kind: "list", elements, span: this.from(open) };
  }

  protected callArguments(): readonly ast.Argument[] {
    this.take(t.LeftParenthesis);
    const starts = this.startsExpression() || this.next()?.isWord === true;
    const passed = starts ? this.several(t.Comma, () => this.argument()) : [];
    this.take(t.RightParenthesis);
    this.refuseDuplicates(passed.flatMap(({ name }) => name ?? []));
    return passed;
  }

  private argument(): ast.Argument {
    const isNamed = this.next()?.isWord === true && this.next(1) === t.Equal;
    const name = isNamed ? this.word() : null;
    if (isNamed) this.take(t.Equal);
    const value = this.expression();
    return { name, value, span: joinSpans(name?.span ?? value.span, value.span) };
  }

  /** `lora(rank = 8)`, `mine.lora(rank = 8)`: a name and its arguments, as encoders, parts and placements need it. */
  protected call(): ast.Call {
    const { text, span } = this.name();
    let callee: ast.Expression = { kind: "name", text, span };
    if (this.takes(t.Dot)) callee = { kind: "member", object: callee, name: this.name(), span: this.upToHere(span) };
    const passed = this.callArguments();
    return { kind: "call", callee, arguments: passed, span: this.upToHere(span) };
  }
}
