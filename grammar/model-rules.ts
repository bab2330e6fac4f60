import type * as ast from "./ast.ts";
import { DeclarationRules } from "./declaration-rules.ts";
import { report } from "./diagnostics/index.ts";
import { joinSpans } from "./source.ts";
import * as t from "./tokens.ts";

const k = t.keywords;

const comparisons: ReadonlyMap<t.TokenType, ast.ExpectComparison> = new Map([
  [t.Equal, "="],
  [t.Less, "<"],
  [t.LessEqual, "<="],
  [t.Greater, ">"],
  [t.GreaterEqual, ">="],
]);

/** Measures of what selectors select. */
const selecting: ReadonlySet<string> = new Set(["count", "trainable"]);

/** The rules for the members of a model: inputs, encoders, heads, metrics, freeze rules, placements, the loss and what must be true. */
export class ModelRules extends DeclarationRules {
  input(): ast.InputMember {
    const start = this.take(t.Identifier);
    const name = this.name();
    this.take(t.Colon);
    const type = this.tensorType();
    this.take(t.Equal);
    return { kind: "input", name, type, source: this.call(), span: this.from(start) };
  }

  encoder(): ast.Encoder {
    const start = this.take(k.encoder);
    const name = this.name();
    this.take(t.Equal);
    const module = this.call();
    return { kind: "encoder", name, module, named: this.namedTag(), span: this.from(start) };
  }

  headLet(): ast.HeadLet {
    const start = this.take(k.let);
    const name = this.name();
    this.take(t.Equal);
    const value = this.expression();
    return { kind: "head-let", name, value, named: this.namedTag(), span: this.from(start) };
  }

  metric(): ast.Metric {
    const start = this.take(t.Identifier);
    const name = this.name();
    this.take(t.Equal);
    return { kind: "metric", name, value: this.expression(), span: this.from(start) };
  }

  freezeRule(): ast.FreezeRule {
    const start = this.takeOne([k.freeze, k.train], "`freeze` or `train`");
    const action = start.tokenType === k.train ? "train" : "freeze";
    const selectors = this.selectors();
    return { kind: "freeze-rule", action, selectors, except: this.exceptClause(), span: this.from(start) };
  }

  /** `group vision.layers, text except text.embeddings`, without its body. */
  groupHead(): Pick<ast.ParameterGroup, "selectors" | "except"> {
    this.take(t.Identifier);
    return { selectors: this.selectors(), except: this.exceptClause() };
  }

  placement(): ast.Placement {
    const adapter = this.call();
    const also = this.takes(k.also);
    this.take(k.on);
    const selectors = this.selectors();
    const except = this.exceptClause();
    return { kind: "placement", adapter, also, selectors, except, span: this.upToHere(adapter.span) };
  }

  private exceptClause(): readonly ast.Selector[] {
    return this.takes(k.except) ? this.selectors() : [];
  }

  addition(): ast.Addition {
    const start = this.take(t.Identifier);
    return { kind: "addition", member: this.unnamed(), span: this.from(start) };
  }

  private unnamed(): ast.Unnamed {
    switch (this.next()) {
      case k.freeze:
      case k.train:
        return this.freezeRule();
      case k.loss:
        return this.lossUse();
      case k.expect:
        return this.expectation();
      case t.Identifier:
        return this.placement();
      default:
        return this.fail("a placement, `freeze`, `train`, `loss` or `expect`");
    }
  }

  lossUse(): ast.LossUse {
    const start = this.take(k.loss);
    const value = this.expression();
    return { kind: "loss-use", value, span: this.from(start) };
  }

  expectation(): ast.Expectation {
    const start = this.take(k.expect);
    const left = this.quantity();
    const comparison = this.comparison();
    const right = this.quantity();
    return { kind: "expect", left, comparison, right, span: this.from(start) };
  }

  private comparison(): ast.ExpectComparison {
    const { tokenType } = this.takeOne([...comparisons.keys()], "`=`, `<`, `<=`, `>` or `>=`");
    return comparisons.get(tokenType) ?? "=";
  }

  private quantity(): ast.Quantity {
    let left = this.quantityProduct();
    while (this.next() === t.Plus || this.next() === t.Minus) {
      const operator = this.takes(t.Plus) ? "+" : "-";
      if (operator === "-") this.take(t.Minus);
      left = quantityBinary(left, operator, this.quantityProduct());
    }
    return left;
  }

  private quantityProduct(): ast.Quantity {
    let left = this.quantityPrimary();
    while (this.next() === t.Star || this.next() === t.Slash) {
      const operator = this.takes(t.Star) ? "*" : "/";
      if (operator === "/") this.take(t.Slash);
      left = quantityBinary(left, operator, this.quantityPrimary());
    }
    return left;
  }

  private quantityPrimary(): ast.Quantity {
    if (this.next() === t.NumberToken) return this.number();
    if (this.next() === t.Identifier) return this.measure();
    if (!this.takes(t.LeftParenthesis)) {
      this.fail("a number or a measure such as `trainable`, `total` or `count(text.attn.q)`");
    }
    const inner = this.quantity();
    this.take(t.RightParenthesis);
    return inner;
  }

  /** What is called or looked into is an expression, where it is none of the measures that take selectors. */
  private measure(): ast.Quantity {
    const after = this.next(1);
    if (after === t.Dot || after === t.LeftBracket || (after === t.LeftParenthesis && !this.nextIn(selecting))) {
      const value = this.postfix();
      return { kind: "computed", value, span: value.span };
    }
    const name = this.name();
    let of: readonly ast.Selector[] | null = null;
    if (this.takes(t.LeftParenthesis)) {
      of = this.selectors();
      this.take(t.RightParenthesis);
    }
    return { kind: "measure", name, of, span: this.upToHere(name.span) };
  }

  private selectors(): readonly ast.Selector[] {
    return this.several(t.Comma, () => this.selector());
  }

  private selector(): ast.Selector {
    const first = this.segment("`*`, `**` or a name");
    const segments = [first];
    while (this.takes(t.Dot)) segments.push(this.segment("a name, `*` or `**`"));
    const { span } = first.kind === "segment" ? first.name : first;
    return { segments, span: this.upToHere(span) };
  }

  private segment(expected: string): ast.Segment {
    if (this.next() === t.StarStar) return { kind: "any-depth", span: this.spanOf(this.take(t.StarStar)) };
    if (this.next() !== t.Star && this.next()?.isWord !== true) this.fail(expected);
    const name = this.glob();
    if (name.text === "*") return { kind: "any", span: name.span };
    return { kind: "segment", name, layers: this.next() === t.LeftBracket ? this.layers() : null };
  }

  /** A name in which `*` stands for any characters, with no blanks around it: `to_*`, `*_proj`. */
  private glob(): ast.Name {
    const piece = (): t.Token => this.takeIf((type) => type.isWord || type === t.Star, t.Identifier.label);
    const first = piece();
    let text = first.image;
    for (
      let isStar = text === "*";
      this.isAdjacent() && (this.next() === t.Star || (isStar && this.next()?.isWord));
    ) {
      const { tokenType, image } = piece();
      isStar = tokenType === t.Star;
      text += image;
    }
    return { text, span: this.from(first) };
  }

  private layers(): readonly ast.LayerRange[] {
    this.take(t.LeftBracket);
    const ranges = this.several(t.Comma, () => this.layerRange());
    this.take(t.RightBracket);
    return ranges;
  }

  private layerRange(): ast.LayerRange {
    if (this.next() === t.DotDot) {
      const start = this.take(t.DotDot);
      return { from: null, to: this.layerNumber().value, single: false, span: this.from(start) };
    }
    const from = this.layerNumber();
    const single = !this.takes(t.DotDot);
    const isClosed = this.next() === t.NumberToken || this.next() === t.Minus;
    const to = !single && isClosed ? this.layerNumber().value : null;
    return { from: from.value, to, single, span: this.upToHere(from.span) };
  }

  /** `-1` is the last layer. */
  private layerNumber(): Pick<ast.NumberLiteral, "value" | "span"> {
    if (this.next() === t.Minus) {
      const minus = this.take(t.Minus);
      return { value: 0 - this.layerNumber().value, span: this.from(minus) };
    }
    const number = this.number();
    if (!Number.isSafeInteger(number.value)) {
      const found = `\`${number.text}\``;
      this.problems.push(report("unexpected-token", number.span, { found, expected: "the number of a layer" }));
    }
    return number;
  }
}

function quantityBinary(left: ast.Quantity, operator: ast.ArithmeticOperator, right: ast.Quantity): ast.Quantity {
  return { kind: "quantity-binary", operator, left, right, span: joinSpans(left.span, right.span) };
}
