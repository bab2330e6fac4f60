import type * as ast from "./ast.ts";
import { report } from "./diagnostics/index.ts";
import { ExpressionRules } from "./expression-rules.ts";
import { joinSpans } from "./source.ts";
import * as t from "./tokens.ts";
import { isTensorType, resolveType, type WrittenType } from "./types.ts";

const k = t.keywords;

/** The rules for types, parameters and what the bodies of `forward`, functions and losses are made of. */
export class StatementRules extends ExpressionRules {
  protected parameters(): readonly ast.Parameter[] {
    this.take(t.LeftParenthesis);
    const parameters = this.next() === t.Identifier ? this.several(t.Comma, () => this.parameter()) : [];
    this.take(t.RightParenthesis);
    this.refuseDuplicates(parameters.map(({ name }) => name));
    return parameters;
  }

  private parameter(): ast.Parameter {
    const name = this.name();
    const type = this.takes(t.Colon) ? this.type() : null;
    const fallback = this.takes(t.Equal) ? this.expression() : null;
    return { name, type, default: fallback, span: this.upToHere(name.span) };
  }

  /** `f32[batch, dim]`, `list[int]`, `int`; what the name means is found after it was read. */
  private writtenType(): WrittenType {
    const name = this.name();
    const dims = this.next() === t.LeftBracket ? this.dimensions() : null;
    return { name, dims, span: this.upToHere(name.span) };
  }

  private dimensions(): readonly ast.Dimension[] {
    this.take(t.LeftBracket);
    const starts = this.startsExpression() || this.next() === t.Ellipsis;
    const dims = starts ? this.several(t.Comma, () => this.dimension()) : [];
    this.take(t.RightBracket);
    return dims;
  }

  private dimension(): ast.Dimension {
    if (this.next() === t.Ellipsis) {
      const span = this.spanOf(this.take(t.Ellipsis));
      if (!this.startsExpression()) return { kind: "rest", span };
      const list = this.expression();
      return { kind: "spread", list, span: this.upToHere(span) };
    }
    return this.startsExpression() ? this.expression() : this.fail("`...` or an expression");
  }

  private type(): ast.TypeExpression {
    const written = this.writtenType();
    const type = resolveType(written);
    if (type !== null) return type;
    this.problems.push(report("unknown-type", written.name.span, { name: written.name.text }));
    return { kind: "scalar-type", name: "int", span: written.span };
  }

  protected tensorType(): ast.TensorType {
    const type = this.type();
    if (isTensorType(type)) return type;
    const found = `\`${this.source.text.slice(type.span.start, type.span.end)}\``;
    const expected = "a tensor type such as `f32[outputs, inputs]`";
    if (this.problems.length === 0) this.problems.push(report("unexpected-token", type.span, { found, expected }));
    return { kind: "tensor-type", dtype: "f32", dims: [], span: type.span };
  }

  letStatement(): ast.Let {
    const start = this.take(k.let);
    const destructure = this.next() === t.LeftBracket;
    const names = destructure ? this.bracketedNames() : [this.letName()];
    const type = this.takes(t.Colon) ? this.tensorType() : null;
    this.take(t.Equal);
    const value = this.expression();
    this.refuseDuplicates(names);
    return { kind: "let", names, destructure, type, value, span: this.from(start) };
  }

  private letName(): ast.Name {
    return this.next() === t.Identifier ? this.name() : this.fail("a name or `[`");
  }

  private bracketedNames(): readonly ast.Name[] {
    this.take(t.LeftBracket);
    const names = this.several(t.Comma, () => this.name());
    this.take(t.RightBracket);
    return names;
  }

  assign(): ast.Assign {
    const name = this.name();
    this.take(t.Equal);
    const value = this.expression();
    return { kind: "assign", name, value, span: joinSpans(name.span, value.span) };
  }

  require(): ast.Require {
    const start = this.take(k.require);
    const condition = this.expression();
    this.take(t.Comma);
    const message = this.text();
    return { kind: "require", condition, message, span: this.from(start) };
  }

  repetition(): ast.Repetition {
    if (this.takes(k.repeat)) return { kind: "repeat", count: this.row() };
    this.take(k.for);
    const variable = this.name();
    this.take(k.in);
    return { kind: "for", variable, over: this.row() };
  }

  returnStatement(): ast.Return {
    const start = this.take(k.return);
    const value = this.expression();
    return { kind: "return", value, span: this.from(start) };
  }
}
