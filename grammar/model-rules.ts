import type { TokenType } from "chevrotain";
import type * as ast from "./ast.ts";
import { DeclarationRules } from "./declaration-rules.ts";
import { report } from "./diagnostics/index.ts";
import { joinSpans } from "./source.ts";
import * as t from "./tokens.ts";

const k = t.keywords;

const comparisons: ReadonlyMap<TokenType, ast.ExpectComparison> = new Map([
  [t.Equal, "="],
  [t.Less, "<"],
  [t.LessEqual, "<="],
  [t.Greater, ">"],
  [t.GreaterEqual, ">="],
]);

/** The rules for the members of a model: encoders, heads, freeze rules, placements, the loss and what must be true. */
export class ModelRules extends DeclarationRules {
  readonly encoder = this.RULE("encoder", (): ast.Encoder => {
    const start = this.CONSUME(k.encoder);
    const name = this.SUBRULE(this.name);
    this.CONSUME(t.Equal);
    const module = this.SUBRULE(this.call);
    const named = this.OPTION(() => this.SUBRULE(this.namedTag));
    return this.ACTION(() => ({ kind: "encoder", name, module, named: named ?? null, span: this.from(start) }));
  });

  readonly headLet = this.RULE("headLet", (): ast.HeadLet => {
    const start = this.CONSUME(k.let);
    const name = this.SUBRULE(this.name);
    this.CONSUME(t.Equal);
    const value = this.SUBRULE(this.expression);
    const named = this.OPTION(() => this.SUBRULE(this.namedTag));
    return this.ACTION(() => ({ kind: "head-let", name, value, named: named ?? null, span: this.from(start) }));
  });

  readonly freezeRule = this.RULE("freezeRule", (): ast.FreezeRule => {
    const start = this.OR([{ ALT: () => this.CONSUME(k.freeze) }, { ALT: () => this.CONSUME(k.train) }]);
    const selectors = this.SUBRULE(this.selectors);
    const except = this.OPTION(() => this.SUBRULE(this.exceptClause));
    return this.ACTION(() => ({
      kind: "freeze-rule",
      action: start.tokenType === k.train ? "train" : "freeze",
      selectors,
      except: except ?? [],
      span: this.from(start),
    }));
  });

  readonly placement = this.RULE("placement", (): ast.Placement => {
    let also = false;
    const adapter = this.SUBRULE(this.call);
    this.OPTION(() => {
      this.CONSUME(k.also);
      also = true;
    });
    this.CONSUME(k.on);
    const selectors = this.SUBRULE(this.selectors);
    const except = this.OPTION1(() => this.SUBRULE(this.exceptClause));
    return this.ACTION(() => ({
      kind: "placement",
      adapter,
      also,
      selectors,
      except: except ?? [],
      span: this.upToHere(adapter.span),
    }));
  });

  private readonly exceptClause = this.RULE("exceptClause", (): readonly ast.Selector[] => {
    this.CONSUME(k.except);
    return this.SUBRULE(this.selectors);
  });

  readonly lossUse = this.RULE("lossUse", (): ast.LossUse => {
    const start = this.CONSUME(k.loss);
    const value = this.SUBRULE(this.expression);
    return this.ACTION(() => ({ kind: "loss-use", value, span: this.from(start) }));
  });

  readonly expectation = this.RULE("expectation", (): ast.Expectation => {
    const start = this.CONSUME(k.expect);
    const left = this.SUBRULE(this.quantity);
    const comparison = this.OR({
      ERR_MSG: "`=`, `<`, `<=`, `>` or `>=`",
      DEF: [
        { ALT: () => this.CONSUME(t.Equal) },
        { ALT: () => this.CONSUME(t.Less) },
        { ALT: () => this.CONSUME(t.LessEqual) },
        { ALT: () => this.CONSUME(t.Greater) },
        { ALT: () => this.CONSUME(t.GreaterEqual) },
      ],
    });
    const right = this.SUBRULE1(this.quantity);
    return this.ACTION(() => ({
      kind: "expect",
      left,
      comparison: comparisons.get(comparison.tokenType) ?? "=",
      right,
      span: this.from(start),
    }));
  });

  private readonly quantity = this.RULE("quantity", (): ast.Quantity => {
    let left = this.SUBRULE(this.quantityProduct);
    this.MANY(() => {
      const operator = this.OR([{ ALT: () => this.CONSUME(t.Plus) }, { ALT: () => this.CONSUME(t.Minus) }]);
      const right = this.SUBRULE1(this.quantityProduct);
      left = this.ACTION(() => quantityBinary(left, operator.image === "+" ? "+" : "-", right));
    });
    return left;
  });

  private readonly quantityProduct = this.RULE("quantityProduct", (): ast.Quantity => {
    let left = this.SUBRULE(this.quantityPrimary);
    this.MANY(() => {
      const operator = this.OR([{ ALT: () => this.CONSUME(t.Star) }, { ALT: () => this.CONSUME(t.Slash) }]);
      const right = this.SUBRULE1(this.quantityPrimary);
      left = this.ACTION(() => quantityBinary(left, operator.image === "*" ? "*" : "/", right));
    });
    return left;
  });

  private readonly quantityPrimary = this.RULE(
    "quantityPrimary",
    (): ast.Quantity =>
      this.OR<ast.Quantity>({
        ERR_MSG: "a number or a measure such as `trainable`, `total` or `count(text.attn.q)`",
        DEF: [
          { ALT: () => this.SUBRULE(this.number) },
          {
            ALT: () => {
              this.CONSUME(t.LeftParenthesis);
              const inner = this.SUBRULE(this.quantity);
              this.CONSUME(t.RightParenthesis);
              return inner;
            },
          },
          { ALT: () => this.SUBRULE(this.measure) },
        ],
      }),
  );

  private readonly measure = this.RULE("measure", (): ast.Quantity => {
    const name = this.SUBRULE(this.name);
    const of = this.OPTION(() => {
      this.CONSUME(t.LeftParenthesis);
      const selectors = this.SUBRULE(this.selectors);
      this.CONSUME(t.RightParenthesis);
      return selectors;
    });
    return this.ACTION((): ast.Quantity => ({ kind: "measure", name, of: of ?? null, span: this.upToHere(name.span) }));
  });

  private readonly selectors = this.RULE("selectors", (): readonly ast.Selector[] => {
    const selectors: ast.Selector[] = [];
    this.AT_LEAST_ONE_SEP({
      SEP: t.Comma,
      DEF: () => {
        const selector = this.SUBRULE(this.selector);
        this.ACTION(() => selectors.push(selector));
      },
    });
    return selectors;
  });

  private readonly selector = this.RULE("selector", (): ast.Selector => {
    const segments: ast.Segment[] = [];
    const start = this.ACTION(() => this.LA(1));
    this.AT_LEAST_ONE_SEP({
      SEP: t.Dot,
      DEF: () => {
        const segment = this.SUBRULE(this.segment);
        this.ACTION(() => segments.push(segment));
      },
    });
    return this.ACTION(() => ({ segments, span: this.from(start) }));
  });

  private readonly segment = this.RULE(
    "segment",
    (): ast.Segment =>
      this.OR<ast.Segment>({
        ERR_MSG: "a name, `*` or `**`",
        DEF: [
          {
            ALT: () => {
              const any = this.CONSUME(t.Star);
              return this.ACTION((): ast.Segment => ({ kind: "any", span: this.spanOf(any) }));
            },
          },
          {
            ALT: () => {
              const depth = this.CONSUME(t.StarStar);
              return this.ACTION((): ast.Segment => ({ kind: "any-depth", span: this.spanOf(depth) }));
            },
          },
          {
            ALT: () => {
              const name = this.SUBRULE(this.word);
              const layers = this.OPTION(() => this.SUBRULE(this.layers));
              return this.ACTION((): ast.Segment => ({ kind: "segment", name, layers: layers ?? null }));
            },
          },
        ],
      }),
  );

  private readonly layers = this.RULE("layers", (): readonly ast.LayerRange[] => {
    const ranges: ast.LayerRange[] = [];
    this.CONSUME(t.LeftBracket);
    this.AT_LEAST_ONE_SEP({
      SEP: t.Comma,
      DEF: () => {
        const range = this.SUBRULE(this.layerRange);
        this.ACTION(() => ranges.push(range));
      },
    });
    this.CONSUME(t.RightBracket);
    return ranges;
  });

  private readonly layerRange = this.RULE("layerRange", (): ast.LayerRange => {
    let single = true;
    const from = this.SUBRULE(this.layerNumber);
    const to = this.OPTION(() => {
      this.CONSUME(t.DotDot);
      single = false;
      return this.OPTION1(() => this.SUBRULE1(this.layerNumber));
    });
    return this.ACTION(() => ({
      from: from.value,
      to: to?.value ?? null,
      single,
      span: this.upToHere(from.span),
    }));
  });

  private readonly layerNumber = this.RULE("layerNumber", (): ast.NumberLiteral => {
    const number = this.SUBRULE(this.number);
    this.ACTION(() => {
      if (Number.isSafeInteger(number.value)) return;
      const found = `\`${number.text}\``;
      this.problems.push(report("unexpected-token", number.span, { found, expected: "the number of a layer" }));
    });
    return number;
  });
}

function quantityBinary(left: ast.Quantity, operator: ast.ArithmeticOperator, right: ast.Quantity): ast.Quantity {
  return { kind: "quantity-binary", operator, left, right, span: joinSpans(left.span, right.span) };
}
