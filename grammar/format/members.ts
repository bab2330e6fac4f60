import type { ForwardMember, ModelMember, ModuleMember, PeftMember, Placement, Removal, Selector } from "../ast.ts";
import { formatBlock } from "./blocks.ts";
import type { CommentQueue } from "./comment-queue.ts";
import {
  formatNamed,
  formatOptionalBuffer,
  formatParam,
  formatParameters,
  formatPart,
  formatType,
} from "./declarations.ts";
import { type Document, join } from "./document.ts";
import { formatExpression } from "./expressions.ts";
import { formatQuantity, formatSelectors } from "./selectors.ts";
import { formatBody, formatLet, formatRequire } from "./statements.ts";

export function formatModuleMember(member: ModuleMember, comments: CommentQueue): Document {
  switch (member.kind) {
    case "let":
      return formatLet(member, comments);
    case "require":
      return formatRequire(member, comments);
    case "param":
      return formatParam(member, comments);
    case "optional-buffer":
      return formatOptionalBuffer(member, comments);
    case "part":
      return formatPart(member, comments);
    case "forward":
      return formatForward(member, comments);
    case "peft":
      return formatPeft(member, comments);
  }
}

function formatForward({ parameters, body, span }: ForwardMember, comments: CommentQueue): Document {
  const start = span.start;
  const end = parameters.at(-1)?.span.end ?? start;
  const head = formatParameters(parameters, { start, end, comments });
  return join("forward", head, " ", formatBody(body, { from: end, to: span.end, comments }));
}

function formatPeft({ type, fields, span }: PeftMember, comments: CommentQueue): Document {
  const from = { ...span, start: type.span.start };
  const form = { kind: "call", callee: { kind: "name", ...type }, arguments: fields, span: from } as const;
  return join("peft ", formatExpression(form, comments));
}

export function formatModelMember(member: ModelMember, comments: CommentQueue): Document {
  switch (member.kind) {
    case "input": {
      const type = formatType(member.type, comments);
      return join("input ", member.name.text, ": ", type, " = ", formatExpression(member.source, comments));
    }
    case "encoder": {
      const module = formatExpression(member.module, comments);
      return join("encoder ", member.name.text, " = ", module, formatNamed(member.named));
    }
    case "head-let":
      return join("let ", member.name.text, " = ", formatExpression(member.value, comments), formatNamed(member.named));
    case "metric":
      return join("metric ", member.name.text, " = ", formatExpression(member.value, comments));
    case "param":
      return formatParam(member, comments);
    case "optional-buffer":
      return formatOptionalBuffer(member, comments);
    case "part":
      return formatPart(member, comments);
    case "freeze-rule":
      return join(`${member.action} `, formatSelectors(member.selectors), formatExcept(member.except));
    case "parameter-group": {
      const body = formatBlock(
        member.settings,
        { from: member.span.start, to: member.span.end, comments },
        ({ name, value }) => join(`${name.text} = `, formatExpression(value, comments)),
      );
      return join("group ", formatSelectors(member.selectors), formatExcept(member.except), " ", body);
    }
    case "placement":
      return formatPlacement(member, comments);
    case "loss-use":
      return join("loss ", formatExpression(member.value, comments));
    case "expect":
      return join(
        "expect ",
        formatQuantity(member.left, comments),
        ` ${member.comparison} `,
        formatQuantity(member.right, comments),
      );
    case "addition":
      return join("add ", formatModelMember(member.member, comments));
    case "removal":
      return formatRemoval(member);
  }
}

export function formatRemoval({ names }: Removal): string {
  return `remove ${names.map(({ text }) => text).join(", ")}`;
}

function formatPlacement({ adapter, also, selectors, except }: Placement, comments: CommentQueue): Document {
  const on = also ? " also on " : " on ";
  return join(formatExpression(adapter, comments), on, formatSelectors(selectors), formatExcept(except));
}

function formatExcept(except: readonly Selector[]): Document {
  return except.length === 0 ? "" : join(" except ", formatSelectors(except));
}
