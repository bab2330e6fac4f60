import { keywords } from "../tokens.ts";

/** What a keyword does, as far as a colour tells. */
export type KeywordKind =
  /** Declares something, or opens a block of the file. */
  | "declaration"
  /** Imports, or decides what is computed. */
  | "control"
  /** States a rule of a model, or qualifies what stands before it. */
  | "rule"
  /** An operator that is a word. */
  | "operator"
  /** A value. */
  | "value";

/** A new keyword does not compile without its kind. */
export const keywordKinds: Readonly<Record<keyof typeof keywords, KeywordKind>> = {
  import: "control",
  roles: "declaration",
  function: "declaration",
  module: "declaration",
  adapter: "declaration",
  wraps: "rule",
  loss: "declaration",
  model: "declaration",
  encoder: "declaration",
  let: "declaration",
  param: "declaration",
  buffer: "declaration",
  part: "declaration",
  forward: "declaration",
  return: "control",
  for: "control",
  infer: "value",
  in: "control",
  repeat: "control",
  if: "control",
  then: "control",
  else: "control",
  when: "rule",
  as: "rule",
  named: "rule",
  on: "rule",
  also: "rule",
  except: "rule",
  freeze: "rule",
  train: "declaration",
  expect: "rule",
  require: "rule",
  data: "declaration",
  eval: "declaration",
  and: "operator",
  or: "operator",
  not: "operator",
  true: "value",
  false: "value",
  none: "value",
};

/** The keywords of a kind, in the order of the grammar. */
export function keywordsOf(kind: KeywordKind): readonly string[] {
  return Object.entries(keywordKinds).flatMap(([word, each]) => (each === kind ? [word] : []));
}

/** A name: `Identifier` of the lexer. */
export const namePattern = "[A-Za-z_][A-Za-z0-9_]*";

/** Behind a word: what would belong to it does not follow. */
export const wordEnd = "(?![A-Za-z0-9_])";

/** A number without its suffix, and the suffixes: `NumberToken` of the lexer. */
export const digitsPattern = "[0-9][0-9_]*(?:\\.[0-9][0-9_]*)?(?:[eE][+-]?[0-9]+)?";
export const suffixPattern = "KB|MB|GB|K|M|B|%";

/** Any keyword, whole. */
export const keywordPattern = `(?:${Object.keys(keywords).join("|")})${wordEnd}`;
