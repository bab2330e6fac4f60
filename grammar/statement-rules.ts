import type * as ast from "./ast.ts";
import { report } from "./diagnostics/index.ts";
import { ExpressionRules } from "./expression-rules.ts";
import { joinSpans } from "./source.ts";
import * as t from "./tokens.ts";
import { isTensorType, resolveType, type WrittenType } from "./types.ts";

const k = t.keywords;

/** The rules for types, parameters and what the bodies of `forward`, functions and losses are made of. */
export class StatementRules extends ExpressionRules {
  readonly parameters = this.RULE("parameters", (): readonly ast.Parameter[] => {
    const parameters: ast.Parameter[] = [];
    this.CONSUME(t.LeftParenthesis);
    this.MANY_SEP({
      SEP: t.Comma,
      DEF: () => {
        const parameter = this.SUBRULE(this.parameter);
        this.ACTION(() => parameters.push(parameter));
      },
    });
    this.CONSUME(t.RightParenthesis);
    this.ACTION(() => this.refuseDuplicates(parameters.map(({ name }) => name)));
    return parameters;
  });

  readonly parameter = this.RULE("parameter", (): ast.Parameter => {
    const name = this.SUBRULE(this.name);
    const type = this.OPTION(() => {
      this.CONSUME(t.Colon);
      return this.SUBRULE(this.type);
    });
    const fallback = this.OPTION1(() => {
      this.CONSUME(t.Equal);
      return this.SUBRULE(this.expression);
    });
    return this.ACTION(() => ({
      name,
      type: type ?? null,
      default: fallback ?? null,
      span: this.upToHere(name.span),
    }));
  });

  /** `f32[batch, dim]`, `list[int]`, `int`; what the name means is found after it was read. */
  private readonly writtenType = this.RULE("writtenType", (): WrittenType => {
    const name = this.SUBRULE(this.name);
    const dims = this.OPTION(() => this.SUBRULE(this.dimensions));
    return this.ACTION(() => ({ name, dims: dims ?? null, span: this.upToHere(name.span) }));
  });

  private readonly dimensions = this.RULE("dimensions", (): readonly ast.Dimension[] => {
    const dims: ast.Dimension[] = [];
    this.CONSUME(t.LeftBracket);
    this.MANY_SEP({
      SEP: t.Comma,
      DEF: () => {
        const dim = this.OR<ast.Dimension>([
          {
            ALT: () => {
              const rest = this.CONSUME(t.Ellipsis);
              return this.ACTION((): ast.Dimension => ({ kind: "rest", span: this.spanOf(rest) }));
            },
          },
          { ALT: () => this.SUBRULE(this.expression) },
        ]);
        this.ACTION(() => dims.push(dim));
      },
    });
    this.CONSUME(t.RightBracket);
    return dims;
  });

  readonly type = this.RULE("type", (): ast.TypeExpression => {
    const written = this.SUBRULE(this.writtenType);
    return this.ACTION(() => {
      const type = resolveType(written);
      if (type !== null) return type;
      this.problems.push(report("unknown-type", written.name.span, { name: written.name.text }));
      return { kind: "scalar-type", name: "int", span: written.span };
    });
  });

  readonly tensorType = this.RULE("tensorType", (): ast.TensorType => {
    const type = this.SUBRULE(this.type);
    return this.ACTION(() => {
      if (isTensorType(type)) return type;
      const found = `\`${this.source.text.slice(type.span.start, type.span.end)}\``;
      const expected = "a tensor type such as `f32[outputs, inputs]`";
      if (this.problems.length === 0) this.problems.push(report("unexpected-token", type.span, { found, expected }));
      return { kind: "tensor-type", dtype: "f32", dims: [], span: type.span };
    });
  });

  readonly letStatement = this.RULE("let", (): ast.Let => {
    const start = this.CONSUME(k.let);
    let destructure = false;
    const names: ast.Name[] = [];
    this.OR([
      {
        ALT: () => {
          const name = this.SUBRULE(this.name);
          this.ACTION(() => names.push(name));
        },
      },
      {
        ALT: () => {
          destructure = true;
          this.CONSUME(t.LeftBracket);
          this.AT_LEAST_ONE_SEP({
            SEP: t.Comma,
            DEF: () => {
              const name = this.SUBRULE1(this.name);
              this.ACTION(() => names.push(name));
            },
          });
          this.CONSUME(t.RightBracket);
        },
      },
    ]);
    const type = this.OPTION(() => {
      this.CONSUME(t.Colon);
      return this.SUBRULE(this.tensorType);
    });
    this.CONSUME(t.Equal);
    const value = this.SUBRULE(this.expression);
    return this.ACTION(() => {
      this.refuseDuplicates(names);
      return { kind: "let", names, destructure, type: type ?? null, value, span: this.from(start) };
    });
  });

  readonly assign = this.RULE("assign", (): ast.Assign => {
    const name = this.SUBRULE(this.name);
    this.CONSUME(t.Equal);
    const value = this.SUBRULE(this.expression);
    return this.ACTION(() => ({ kind: "assign", name, value, span: joinSpans(name.span, value.span) }));
  });

  readonly require = this.RULE("require", (): ast.Require => {
    const start = this.CONSUME(k.require);
    const condition = this.SUBRULE(this.expression);
    this.CONSUME(t.Comma);
    const message = this.SUBRULE(this.text);
    return this.ACTION(() => ({ kind: "require", condition, message, span: this.from(start) }));
  });

  readonly repetition = this.RULE(
    "repetition",
    (): ast.Repetition =>
      this.OR<ast.Repetition>([
        {
          ALT: () => {
            this.CONSUME(k.repeat);
            const count = this.SUBRULE(this.row);
            return { kind: "repeat", count };
          },
        },
        {
          ALT: () => {
            this.CONSUME(k.for);
            const variable = this.SUBRULE(this.name);
            this.CONSUME(k.in);
            const over = this.SUBRULE1(this.row);
            return { kind: "for", variable, over };
          },
        },
      ]),
  );

  readonly returnStatement = this.RULE("return", (): ast.Return => {
    const start = this.CONSUME(k.return);
    const value = this.SUBRULE(this.expression);
    return this.ACTION(() => ({ kind: "return", value, span: this.from(start) }));
  });
}
