import type {
  Dimension,
  OptionalBuffer,
  Parameter,
  ParamMember,
  PartMember,
  Repetition,
  StringText,
  Tags,
  TypeExpression,
} from "../ast.ts";
import type { CommentQueue } from "./comment-queue.ts";
import { type Document, group, indent, join, joinAll, line, separate } from "./document.ts";
import { formatExpression, quote, rowLevel } from "./expressions.ts";
import { bracketed, type ListPlace } from "./lists.ts";

/** `(outputs: int, bias: bool = true)` */
export function formatParameters(parameters: readonly Parameter[], place: ListPlace): Document {
  return bracketed(["(", ")"], parameters, place, ({ name, type, default: fallback }) =>
    join(
      name.text,
      type === null ? "" : join(": ", formatType(type, place.comments)),
      fallback === null ? "" : join(" = ", formatExpression(fallback, place.comments)),
    ),
  );
}

export function formatType(type: TypeExpression, comments: CommentQueue): Document {
  switch (type.kind) {
    case "scalar-type":
      return type.name;
    case "list-type":
      return `list[${type.element}]`;
    case "tensor-type":
      return group(
        type.dtype,
        "[",
        separate(
          ", ",
          type.dims.map((dim) => formatDimension(dim, comments)),
        ),
        "]",
      );
  }
}

function formatDimension(dim: Dimension, comments: CommentQueue): Document {
  if (dim.kind === "rest") return "...";
  return dim.kind === "spread" ? join("...", formatExpression(dim.list, comments)) : formatExpression(dim, comments);
}

export function formatParam(param: ParamMember, comments: CommentQueue): Document {
  const initial = param.initial === null ? "" : join(" = ", formatExpression(param.initial, comments));
  const type = formatType(param.type, comments);
  return join(
    formatSharing(param, comments),
    param.storage,
    " ",
    param.name.text,
    ": ",
    type,
    initial,
    formatTags(param, comments),
  );
}

function formatSharing({ shared, group }: ParamMember, comments: CommentQueue): Document {
  if (!shared) return "";
  return group === null ? "shared " : join("shared(", formatExpression(group, comments), ") ");
}

export function formatOptionalBuffer(
  { name, type, value, named, when }: OptionalBuffer,
  comments: CommentQueue,
): Document {
  const given = value === null ? "" : join(" = ", formatExpression(value, comments));
  const tags = formatTags({ role: null, named, when }, comments);
  return join("optional buffer ", name.text, ": ", formatType(type, comments), given, tags);
}

export function formatPart(part: PartMember, comments: CommentQueue): Document {
  const repetition = part.repetition === null ? "" : join(formatRepetition(part.repetition, comments), " ");
  const module = formatExpression(part.module, comments);
  return join("part ", part.name.text, " = ", repetition, module, formatTags(part, comments));
}

/** `repeat n`, `for i in 0..n`: before a part's module, or before the body of a loop. */
export function formatRepetition(repetition: Repetition, comments: CommentQueue): Document {
  switch (repetition.kind) {
    case "repeat":
      return join("repeat ", formatExpression(repetition.count, comments, rowLevel));
    case "for":
      return join("for ", repetition.variable.text, " in ", formatExpression(repetition.over, comments, rowLevel));
  }
}

function formatTags({ role, named, when }: Tags, comments: CommentQueue): Document {
  const tags: Document[] = [];
  if (role !== null) tags.push(`as ${role.map(({ text }) => text).join(".")}`);
  if (named !== null) tags.push(`named ${quote(named.value)}`);
  if (when !== null) tags.push(join("when ", formatExpression(when, comments)));
  return tags.length === 0 ? "" : group(indent(joinAll(tags.map((tag) => join(line, tag)))));
}

/** ` named "x"`, on a line of its own when there is no room for it. */
export function formatNamed(named: StringText | null): Document {
  return named === null ? "" : group(indent(join(line, `named ${quote(named.value)}`)));
}
