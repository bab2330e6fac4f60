import type { Argument, Expression } from "../ast.ts";
import { bindings, prefixLevels } from "../precedence.ts";
import type { CommentQueue } from "./comment-queue.ts";
import { type Document, group, indent, join, joinAll, line } from "./document.ts";
import { bracketed } from "./lists.ts";

/** Looser than everything that an arrow's body can be. */
const arrowLevel = -1;
/** Looser than every operator: a pipe, and a conditional. */
const loosest = 0;
/** A row of operands: what may stand after `repeat`, in a loop's range and in an `else`. */
export const rowLevel = 1;
const postfixLevel = 9;

/** Prints an expression, in parentheses when it holds looser than `atLeast`. */
export function formatExpression(expression: Expression, comments: CommentQueue, atLeast = arrowLevel): Document {
  const document = formatBare(expression, comments);
  return levelOf(expression) < atLeast ? join("(", document, ")") : document;
}

function levelOf(expression: Expression): number {
  switch (expression.kind) {
    case "arrow":
      return arrowLevel;
    case "pipe":
    case "if":
      return loosest;
    case "binary":
      return bindings[expression.operator].level;
    case "range":
      return bindings[".."].level;
    case "unary":
      return prefixLevels[expression.operator];
    case "number":
    case "string":
    case "boolean":
    case "none":
    case "infer":
    case "name":
    case "list":
    case "call":
    case "member":
    case "index":
      return postfixLevel;
  }
}

function formatBare(expression: Expression, comments: CommentQueue): Document {
  switch (expression.kind) {
    case "number":
      return expression.text;
    case "string":
      return quote(expression.value);
    case "boolean":
      return String(expression.value);
    case "none":
    case "infer":
      return expression.kind;
    case "name":
      return expression.text;
    case "list":
      return bracketed(
        ["[", "]"],
        expression.elements,
        { start: expression.span.start, end: expression.span.end, comments },
        (element) => formatExpression(element, comments),
      );
    case "range": {
      const { level } = bindings[".."];
      const from = formatExpression(expression.from, comments, level + 1);
      return join(from, "..", formatExpression(expression.to, comments, level + 1));
    }
    case "unary": {
      const operand = formatExpression(expression.operand, comments, prefixLevels[expression.operator]);
      return join(expression.operator === "not" ? "not " : "-", operand);
    }
    case "binary":
      return formatBinary(expression, comments);
    case "if":
      return group(
        "if ",
        formatExpression(expression.condition, comments),
        indent(
          join(
            line,
            "then ",
            formatExpression(expression.then, comments),
            line,
            "else ",
            expression.otherwise.kind === "if"
              ? formatBare(expression.otherwise, comments)
              : formatExpression(expression.otherwise, comments, rowLevel),
          ),
        ),
      );
    case "call":
      return join(
        formatExpression(expression.callee, comments, postfixLevel),
        formatArguments(expression.arguments, expression.callee.span.end, expression.span.end, comments),
      );
    case "member":
      return join(formatExpression(expression.object, comments, postfixLevel), ".", expression.name.text);
    case "index":
      return join(
        formatExpression(expression.object, comments, postfixLevel),
        "[",
        formatExpression(expression.index, comments),
        "]",
      );
    case "arrow":
      return join(expression.parameter.text, " => ", formatExpression(expression.body, comments, loosest));
    case "pipe":
      return formatPipe(expression, comments);
  }
}

/** `a |> f |> g`: each step on a line of its own when they do not fit on one. */
function formatPipe(expression: Expression & { readonly kind: "pipe" }, comments: CommentQueue): Document {
  const steps: Expression[] = [];
  let value: Expression = expression;
  while (value.kind === "pipe") {
    steps.push(value.into);
    value = value.value;
  }
  const start = formatExpression(value, comments, rowLevel);
  const rest = steps.reverse().map((step) => join(line, "|> ", formatExpression(step, comments, postfixLevel)));
  return group(start, indent(joinAll(rest)));
}

/** Operands of one level in a row break together, each operator at the start of its line. */
function formatBinary(expression: Expression & { readonly kind: "binary" }, comments: CommentQueue): Document {
  const { level, chains } = bindings[expression.operator];
  const rest: { readonly operator: string; readonly operand: Expression }[] = [];
  let left: Expression = expression;
  while (left.kind === "binary" && bindings[left.operator].level === level && (chains || rest.length === 0)) {
    rest.push({ operator: left.operator, operand: left.right });
    left = left.left;
  }
  const first = formatExpression(left, comments, chains ? level : level + 1);
  const others = rest
    .reverse()
    .map(({ operator, operand }) => join(line, operator, " ", formatExpression(operand, comments, level + 1)));
  return group(first, indent(joinAll(others)));
}

function formatArguments(passed: readonly Argument[], start: number, end: number, comments: CommentQueue): Document {
  return bracketed(["(", ")"], passed, { start, end, comments }, ({ name, value }) =>
    name === null ? formatExpression(value, comments) : join(name.text, " = ", formatExpression(value, comments)),
  );
}

const escapes: ReadonlyMap<string, string> = new Map([
  ["\\", "\\\\"],
  ['"', '\\"'],
  ["\n", "\\n"],
  ["\t", "\\t"],
]);

/** A string as the language writes it. */
export function quote(value: string): string {
  return `"${value.replace(/[\\"\n\t]/g, (character) => escapes.get(character) ?? character)}"`;
}
