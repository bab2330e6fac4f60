import type { Let, Require, Statement } from "../ast.ts";
import { type Block, formatBlock } from "./blocks.ts";
import type { CommentQueue } from "./comment-queue.ts";
import { formatRepetition, formatType } from "./declarations.ts";
import { type Document, join } from "./document.ts";
import { formatExpression, quote } from "./expressions.ts";

function formatStatement(statement: Statement, comments: CommentQueue): Document {
  switch (statement.kind) {
    case "let":
      return formatLet(statement, comments);
    case "assign":
      return join(statement.name.text, " = ", formatExpression(statement.value, comments));
    case "require":
      return formatRequire(statement, comments);
    case "return":
      return join("return ", formatExpression(statement.value, comments));
    case "for": {
      const { repetition, body, span } = statement;
      const header = formatRepetition(repetition, comments);
      const from = repetition.kind === "repeat" ? repetition.count.span.end : repetition.over.span.end;
      return join(header, " ", formatBody(body, { from, to: span.end, comments }));
    }
  }
}

export function formatBody(body: readonly Statement[], block: Block): Document {
  return formatBlock(body, block, (statement) => formatStatement(statement, block.comments));
}

export function formatLet({ names, destructure, type, value }: Let, comments: CommentQueue): Document {
  const list = names.map(({ text }) => text).join(", ");
  const typed = type === null ? "" : join(": ", formatType(type, comments));
  return join("let ", destructure ? `[${list}]` : list, typed, " = ", formatExpression(value, comments));
}

export function formatRequire({ condition, message }: Require, comments: CommentQueue): Document {
  return join("require ", formatExpression(condition, comments), ", ", quote(message.value));
}
