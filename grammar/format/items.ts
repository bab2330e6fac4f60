import type { Item, Parameter, RoleDeclaration, RolesDeclaration, Wraps } from "../ast.ts";
import type { Span } from "../source.ts";
import { type Block, formatBlock } from "./blocks.ts";
import type { CommentQueue } from "./comment-queue.ts";
import { formatParameters, formatType } from "./declarations.ts";
import { type Document, group, indent, join, line, separate } from "./document.ts";
import { formatExpression, quote } from "./expressions.ts";
import { formatModelMember, formatModuleMember, formatRemoval } from "./members.ts";
import { formatBody } from "./statements.ts";

export function formatItem(item: Item, comments: CommentQueue): Document {
  switch (item.kind) {
    case "import":
      return `import ${quote(item.path.value)}${item.alias === null ? "" : ` as ${item.alias.text}`}`;
    case "file-let":
      return join("let ", item.name.text, " = ", formatExpression(item.value, comments));
    case "roles":
      return formatRoles(item);
    case "function":
    case "loss": {
      const body = formatBody(item.body, bodyPlace(item.name.span, item.parameters, item.span, comments));
      return join(`${item.kind} ${item.name.text}`, formatSignature(item, comments), " ", body);
    }
    case "module": {
      const place = bodyPlace(item.name.span, item.parameters, item.span, comments);
      const head = formatSignature(item, comments);
      const body = formatBlock(item.members, place, (member) => formatModuleMember(member, comments));
      return join(`module ${item.name.text}`, head, " ", body);
    }
    case "adapter": {
      const last = item.standsFor?.span ?? endOfWraps(item.wraps) ?? item.base.span;
      const head = formatSignature(item, comments);
      const body = formatBlock(item.members, { from: last.end, to: item.span.end, comments }, (member) =>
        formatModuleMember(member, comments),
      );
      const standsFor = item.standsFor === null ? "" : ` as ${item.standsFor.text}`;
      const wraps = formatWraps(item.wraps, comments);
      return join(`adapter ${item.name.text}`, head, ` wraps ${item.base.text}: `, wraps, `${standsFor} `, body);
    }
    case "model": {
      const place = { from: (item.amends ?? item.name).span.end, to: item.span.end, comments };
      return join(
        `model ${item.name.text} ${item.amends === null ? "" : `amends ${item.amends.text} `}`,
        formatBlock(item.members, place, (member) => formatModelMember(member, comments)),
      );
    }
    case "settings": {
      const place = { from: item.span.start, to: item.span.end, comments };
      const lines = [...item.entries, ...item.removals].sort((a, b) => a.span.start - b.span.start);
      const body = formatBlock(lines, place, (entry) =>
        "names" in entry
          ? formatRemoval(entry)
          : join(`${entry.name.text} = `, formatExpression(entry.value, comments)),
      );
      return join(`${item.block} ${item.amends ? "amends " : ""}`, body);
    }
  }
}

function endOfWraps(wraps: Wraps): Span | undefined {
  return wraps.kind === "parameter" ? wraps.type.span : wraps.names.at(-1)?.span;
}

function formatWraps(wraps: Wraps, comments: CommentQueue): Document {
  if (wraps.kind === "parameter") return formatType(wraps.type, comments);
  return wraps.names.length === 0 ? "any" : wraps.names.map(({ text }) => text).join(", ");
}

interface Signed {
  readonly name: { readonly span: Span };
  readonly parameters: readonly Parameter[];
}

function formatSignature({ name, parameters }: Signed, comments: CommentQueue): Document {
  const start = name.span.end;
  return formatParameters(parameters, { start, end: parameters.at(-1)?.span.end ?? start, comments });
}

function bodyPlace(name: Span, parameters: readonly Parameter[], span: Span, comments: CommentQueue): Block {
  return { from: parameters.at(-1)?.span.end ?? name.end, to: span.end, comments };
}

function formatRoles({ family, roles }: RolesDeclaration): Document {
  if (roles.length === 0) return `roles ${family.text} {}`;
  const list = separate(join(",", line), roles.map(formatRole));
  return group(`roles ${family.text} {`, indent(join(line, list)), line, "}");
}

function formatRole({ name, covers }: RoleDeclaration): string {
  return covers.length === 0 ? name.text : `${name.text} = ${covers.map(({ text }) => text).join(" + ")}`;
}
