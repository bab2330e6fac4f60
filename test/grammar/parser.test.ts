import { expect, test } from "vitest";
import type { Expression, ModelMember, Selector } from "../../grammar/ast.ts";
import { parse } from "../../grammar/parser.ts";
import { createSource } from "../../grammar/source.ts";

function members(text: string): readonly ModelMember[] {
  const { file, diagnostics } = parse(createSource("test", `model m {\n${text}\n}\n`));
  expect(diagnostics).toEqual([]);
  return file.items.flatMap((item) => (item.kind === "model" ? item.members : []));
}

function returned(expression: string): Expression {
  const { file, diagnostics } = parse(createSource("test", `function f(x) { return ${expression} }`));
  expect(diagnostics).toEqual([]);
  const [item] = file.items;
  const last = item?.kind === "function" ? item.body.at(-1) : undefined;
  if (last?.kind !== "return") throw new Error("the function returns");
  return last.value;
}

/** An expression with all of its parentheses. */
function grouped(expression: Expression): string {
  switch (expression.kind) {
    case "name":
    case "number":
      return expression.text;
    case "string":
      return JSON.stringify(expression.value);
    case "boolean":
      return String(expression.value);
    case "none":
    case "infer":
      return expression.kind;
    case "list":
      return `[${expression.elements.map(grouped).join(" ")}]`;
    case "range":
      return `(${grouped(expression.from)} .. ${grouped(expression.to)})`;
    case "unary":
      return `(${expression.operator} ${grouped(expression.operand)})`;
    case "binary":
      return `(${grouped(expression.left)} ${expression.operator} ${grouped(expression.right)})`;
    case "if":
      return `(if ${grouped(expression.condition)} ${grouped(expression.then)} ${grouped(expression.otherwise)})`;
    case "arrow":
      return `(${expression.parameter.text} => ${grouped(expression.body)})`;
    case "pipe":
      return `(${grouped(expression.value)} |> ${grouped(expression.into)})`;
    case "member":
      return `${grouped(expression.object)}.${expression.name.text}`;
    case "index":
      return `${grouped(expression.object)}[${grouped(expression.index)}]`;
    case "call":
      return `${grouped(expression.callee)}(${expression.arguments.map(({ value }) => grouped(value)).join(" ")})`;
  }
}

function path(selector: Selector): string {
  return selector.segments.map((segment) => (segment.kind === "segment" ? segment.name.text : segment.kind)).join(".");
}

test("a statement that fails says what could stand there, and where", () => {
  const mistakes = (text: string): readonly string[] =>
    parse(createSource("test", `module m(x: int) {\n${text}\nforward(x: f32[x]) { return x }\n}\n`)).diagnostics.map(
      ({ span, message }) => `${span?.start ?? 0}: ${message}`,
    );
  expect(mistakes("let = 1")).toEqual(["23: expected a name or `[`, found `=`"]);
  expect(mistakes("let [a, 1] = x")).toEqual(["27: expected a name, found `1`"]);
  expect(mistakes("let a = x +")).toEqual(["30: expected an expression, found the end of the statement"]);
  expect(mistakes("let a = f(x = 1, y")).toEqual(["28: `(` is never closed"]);
  expect(mistakes("let a = f(x y)")).toEqual(["31: expected `)`, found `y`"]);
  expect(mistakes("let a: f32[then] = x")).toEqual(["30: expected `]`, found the keyword `then`"]);
  expect(mistakes("let a: f32[..., then] = x")).toEqual([
    "35: expected `...` or an expression, found the keyword `then`",
  ]);
  expect(mistakes("require x > 0")).toEqual(["32: expected `,`, found the end of the statement"]);
  expect(mistakes("let a = x then")).toEqual(["29: expected the end of the statement, found the keyword `then`"]);
});

test("the reference's placement line reads as an adapter call and four selectors, the last a continuation", () => {
  const [placement] = members("lora(rank = 8) on vision.attn.qkv, text.attn.q,v");
  if (placement?.kind !== "placement") throw new Error("it is a placement");
  expect(placement.adapter.callee).toMatchObject({ kind: "name", text: "lora" });
  expect(placement.adapter.arguments).toMatchObject([{ name: { text: "rank" }, value: { value: 8 } }]);
  expect(placement.selectors.map(path)).toEqual(["vision.attn.qkv", "text.attn.q", "v"]);
  expect(placement).toMatchObject({ also: false, except: [] });
});

test("layers are single, ranges without their end, or open", () => {
  const [rule] = members("freeze text.layers[0, 2..4, 8..].attn.q except text.**");
  if (rule?.kind !== "freeze-rule") throw new Error("it is a rule");
  const [, layers] = rule.selectors[0]?.segments ?? [];
  expect(layers).toMatchObject({
    layers: [
      { from: 0, to: null, single: true },
      { from: 2, to: 4, single: false },
      { from: 8, to: null, single: false },
    ],
  });
  expect(rule.except.map(path)).toEqual(["text.any-depth"]);
});

test.each([
  ["a + b * c - d", "((a + (b * c)) - d)"],
  ["a - b - c", "((a - b) - c)"],
  ["-a * b", "((- a) * b)"],
  ["- - a", "(- (- a))"],
  ["a // b / c", "((a // b) / c)"],
  ["not a == b and c or d", "(((not (a == b)) and c) or d)"],
  ["0..n + 1", "(0 .. (n + 1))"],
  ["a |> f |> g(1)", "((a |> f) |> g(1))"],
  ["if a then b else if c then d else e", "(if a b (if c d e))"],
  ["if a then b else c |> f", "((if a b c) |> f)"],
  ["a.b[0](c).d", "a.b[0](c).d"],
  ["a.loss + a.in", "(a.loss + a.in)"],
  ["[1, [x, -y]]", "[1 [x (- y)]]"],
])("%s groups as %s", (text, expected) => {
  expect(grouped(returned(text))).toBe(expected);
});

test.each([
  ["1_671_168", 1671168],
  ["1.67M", 1670000],
  ["0.38%", 0.0038],
  ["110B", 110e9],
  ["64KB", 65536],
  ["1e-4", 0.0001],
])("%s is %d", (text, value) => {
  expect(returned(text)).toMatchObject({ kind: "number", text, value });
});

test("a string's escapes stand for their characters", () => {
  expect(returned('"a \\"b\\" \\\\ \\n\\t"')).toMatchObject({ kind: "string", value: 'a "b" \\ \n\t' });
});

test("a statement that starts with a name begins where its line begins, unless an operator goes before it", () => {
  const made = members("let a = x\n  |> f\nlora() on a.b,\n  c.d\nlora() on heads.*\nlora() on e");
  expect(made.map(({ kind }) => kind)).toEqual(["head-let", "placement", "placement", "placement"]);
  expect(members("let a = x *\n  y\nlet b = 3").map(({ kind }) => kind)).toEqual(["head-let", "head-let"]);
});

test("spans cover what was written, in every kind of line end", () => {
  for (const end of ["\n", "\r\n", "\r"]) {
    const text = `# first${end}model m {${end}  freeze a.b  # last${end}}${end}`;
    const { file, comments } = parse(createSource("test", text));
    const [model] = file.items;
    const [rule] = model?.kind === "model" ? model.members : [];
    expect(rule && text.slice(rule.span.start, rule.span.end)).toBe("freeze a.b");
    expect(comments.map((comment) => [comment.text, comment.ownLine])).toEqual([
      ["# first", true],
      ["# last", false],
    ]);
  }
});
