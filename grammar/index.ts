export type * from "./ast.ts";
export type { Comment } from "./comments.ts";
export { formatSource } from "./format.ts";
export { type ParsedFile, parse } from "./parser.ts";
export { createSource, joinSpans, lineText, type Position, positionAt, type Source, type Span } from "./source.ts";
