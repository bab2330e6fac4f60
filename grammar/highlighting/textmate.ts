import { typeNames } from "../types.ts";
import {
  digitsPattern,
  type KeywordKind,
  keywordPattern,
  keywordsOf,
  namePattern,
  suffixPattern,
  wordEnd,
} from "./words.ts";

/** A rule of a TextMate grammar, as far as ours need it. */
interface Rule {
  readonly name?: string;
  readonly contentName?: string;
  readonly match?: string;
  readonly begin?: string;
  readonly end?: string;
  readonly while?: string;
  readonly captures?: Captures;
  readonly beginCaptures?: Captures;
  readonly endCaptures?: Captures;
  readonly patterns?: readonly Rule[];
  readonly include?: string;
}

type Captures = Readonly<Record<string, { readonly name: string }>>;

export interface TextMateGrammar {
  readonly name: string;
  readonly scopeName: string;
  readonly fileTypes?: readonly string[];
  readonly injectionSelector?: string;
  readonly patterns: readonly Rule[];
  readonly repository: Readonly<Record<string, Rule>>;
}

const blanks = "[ \\t]*";
const gap = "[ \\t]+";
/** A name that is no keyword. */
const free = `(?!${keywordPattern})${namePattern}${wordEnd}`;
const qualified = `${free}(?:${blanks}\\.${blanks}${free})*`;
/** Before an `=` even a keyword is a name; `==` and `=>` are other symbols. */
const beforeEqual = `(?=${blanks}=(?![=>]))`;
/** What may follow a name in an expression that continues on this line, so that the name starts no rule. */
const goesOn = `(?!${gap}(?:and|or|then|else|in)${wordEnd})`;

/** The types whose names are no words, which therefore are seen wherever they stand. */
const dtypes = [...typeNames].filter((type) => /[0-9]$/.test(type));

/** Scopes for what stands in a regular expression's groups, in order. */
function groups(...scopes: readonly string[]): Captures {
  return Object.fromEntries(scopes.map((scope, index) => [String(index + 1), { name: `${scope}.vlm` }]));
}

function word(text: string): string {
  return `(${text})${wordEnd}`;
}

function include(...names: readonly string[]): readonly Rule[] {
  return names.map((name) => ({ include: `#${name}` }));
}

const keywordScopes: Readonly<Record<KeywordKind, string>> = {
  declaration: "storage.type",
  control: "keyword.control",
  rule: "keyword.other",
  operator: "keyword.operator.logical",
  value: "constant.language",
};

function keywordRule(kind: KeywordKind): Rule {
  return { name: `${keywordScopes[kind]}.vlm`, match: `(?:${keywordsOf(kind).join("|")})${wordEnd}` };
}

/** `module linear`, with the name's scope. */
function declaration(keyword: string, scope: string): Rule {
  return { match: `${word(keyword)}(?:${gap}(${free}))?`, captures: groups("storage.type", scope) };
}

/** What a selector is read in: up to the line's end where no comma is the last character, or to the body of a group. */
function selectorsAfter(start: string, ...scopes: readonly string[]): Rule {
  return {
    name: "meta.selector.vlm",
    begin: start,
    beginCaptures: groups(...scopes),
    end: "(?=[{}])|(?<!,)$",
    patterns: [
      ...include("comment"),
      ...include("members"),
      { name: "constant.other.wildcard.vlm", match: "\\*\\*|\\*" },
      ...include("argument_name", "keywords"),
      { name: "variable.other.object.vlm", match: namePattern },
      ...include("number", "string", "symbols"),
    ],
  };
}

const repository: Readonly<Record<string, Rule>> = {
  comment: {
    name: "comment.line.number-sign.vlm",
    match: "(#)[^\\r\\n]*",
    captures: groups("punctuation.definition.comment"),
  },
  /** A pattern of einops is a string with an arrow, in which nothing but axes stands. */
  einops: {
    name: "string.quoted.double.einops.vlm",
    begin: '"(?=[A-Za-z0-9_ (),.]*->[A-Za-z0-9_ ().]*")',
    beginCaptures: { "0": { name: "punctuation.definition.string.begin.vlm" } },
    end: '"',
    endCaptures: { "0": { name: "punctuation.definition.string.end.vlm" } },
    patterns: [
      { name: "keyword.operator.arrow.einops.vlm", match: "->" },
      { name: "punctuation.section.group.einops.vlm", match: "[()]" },
      { name: "punctuation.separator.einops.vlm", match: "," },
      { name: "keyword.operator.rest.einops.vlm", match: "\\.{3}" },
      { name: "variable.other.axis.einops.vlm", match: namePattern },
      { name: "constant.numeric.einops.vlm", match: "[0-9]+" },
    ],
  },
  string: {
    name: "string.quoted.double.vlm",
    begin: '"',
    beginCaptures: { "0": { name: "punctuation.definition.string.begin.vlm" } },
    end: '(")|(?=[\\r\\n])|$',
    endCaptures: groups("punctuation.definition.string.end"),
    patterns: [
      { name: "constant.character.escape.vlm", match: '\\\\["\\\\nt]' },
      { name: "invalid.illegal.escape.vlm", match: "\\\\[^\\r\\n]" },
      { name: "constant.other.placeholder.vlm", match: `\\{${namePattern}\\}` },
    ],
  },
  number: {
    name: "constant.numeric.vlm",
    match: `${digitsPattern}(${suffixPattern})?`,
    captures: groups("keyword.other.unit"),
  },
  members: {
    patterns: [
      { name: "keyword.operator.rest.vlm", match: "\\.{3}" },
      { name: "keyword.operator.range.vlm", match: "\\.{2}" },
      {
        match: `(\\.)${blanks}(${namePattern})(?=${blanks}\\()`,
        captures: groups("punctuation.accessor", "entity.name.function"),
      },
      { match: `(\\.)${blanks}(${namePattern})`, captures: groups("punctuation.accessor", "variable.other.property") },
    ],
  },
  argument_name: { name: "variable.parameter.vlm", match: `${namePattern}${beforeEqual}` },
  import: {
    begin: word("import"),
    beginCaptures: groups("keyword.control"),
    end: "$",
    patterns: [
      ...include("comment", "string"),
      {
        match: `${word("as")}(?:${gap}(${free}))?`,
        captures: groups("keyword.other", "entity.name.namespace"),
      },
      { include: "$self" },
    ],
  },
  roles: {
    begin: `${word("roles")}${gap}(${free})${blanks}(\\{)`,
    beginCaptures: groups("storage.type", "entity.name.type.family", "punctuation.section.block.begin"),
    end: "\\}",
    endCaptures: { "0": { name: "punctuation.section.block.end.vlm" } },
    patterns: [
      ...include("comment", "members"),
      { name: "variable.other.enummember.vlm", match: `${namePattern}${beforeEqual}` },
      ...include("keywords"),
      { name: "variable.other.enummember.vlm", match: namePattern },
      ...include("number", "string", "symbols"),
    ],
  },
  settings: {
    name: "meta.settings.vlm",
    begin: `${word("train|data|eval")}(?:${gap}${word("amends")})?${blanks}(\\{)`,
    beginCaptures: groups("storage.type", "keyword.other", "punctuation.section.block.begin"),
    end: "\\}",
    endCaptures: { "0": { name: "punctuation.section.block.end.vlm" } },
    patterns: [
      { name: "variable.other.property.vlm", match: `${namePattern}${beforeEqual}` },
      // Here it is the number that is trained on, and declares nothing.
      { name: "variable.other.readwrite.vlm", match: `loss${wordEnd}` },
      { include: "#arguments" },
      { include: "$self" },
    ],
  },
  /** Within parentheses a name before an `=` is an argument's, in settings, too. */
  arguments: {
    begin: "\\(",
    beginCaptures: { "0": { name: "punctuation.section.parens.begin.vlm" } },
    end: "\\)",
    endCaptures: { "0": { name: "punctuation.section.parens.end.vlm" } },
    patterns: [
      ...include("argument_name"),
      { name: "variable.other.readwrite.vlm", match: `loss${wordEnd}` },
      { include: "#arguments" },
      { include: "$self" },
    ],
  },
  /** Its `=` compares. */
  expect: {
    begin: `${word("expect")}(?!${blanks}=)`,
    beginCaptures: groups("keyword.other"),
    end: "$",
    patterns: [{ name: "variable.other.readwrite.vlm", match: `${namePattern}${beforeEqual}` }, { include: "$self" }],
  },
  declarations: {
    patterns: [
      ...include("expect", "argument_name", "import", "roles", "settings"),
      declaration("module", "entity.name.type.module"),
      declaration("adapter", "entity.name.type.adapter"),
      declaration("function|loss", "entity.name.function"),
      declaration("encoder|param|buffer|part", "variable.other.property"),
      declaration("let", "variable.other.constant"),
      {
        match: `${word("model")}(?:${gap}(${free}))?(?:${gap}${word("amends")}(?:${gap}(${free}))?)?`,
        captures: groups("storage.type", "entity.name.type.model", "keyword.other", "entity.name.type.model"),
      },
      {
        begin: `${word("wraps")}(?:${gap}(${free})(?=${blanks}:))?`,
        beginCaptures: groups("keyword.other", "variable.parameter"),
        end: "(?=\\{)|$",
        patterns: [
          ...include("comment", "members", "argument_name", "keywords", "types"),
          {
            begin: "\\[",
            beginCaptures: { "0": { name: "punctuation.section.brackets.vlm" } },
            end: "\\]|$",
            endCaptures: { "0": { name: "punctuation.section.brackets.vlm" } },
            patterns: [{ include: "$self" }],
          },
          { name: "entity.name.type.module.vlm", match: namePattern },
          { include: "$self" },
        ],
      },
    ],
  },
  /** Words that are keywords at the start of a member of a model, and names elsewhere. */
  members_of_models: {
    patterns: [
      {
        match: `^${blanks}(input)${gap}(${free})(?=${blanks}:)`,
        captures: groups("storage.type", "variable.other.property"),
      },
      {
        match: `^${blanks}(metric)${gap}(${free})${beforeEqual}`,
        captures: groups("storage.type", "variable.other.constant"),
      },
      {
        match: `^${blanks}(shared)(?=(?:${blanks}\\(.*\\)${blanks}|${gap})(?:param|buffer)${wordEnd})`,
        captures: groups("storage.modifier"),
      },
      { match: `^${blanks}(optional)(?=${gap}buffer${wordEnd})`, captures: groups("storage.modifier") },
      {
        match: `^${blanks}(add)(?=${gap}(?:(?:freeze|train|loss|expect)${wordEnd}|${qualified}${blanks}\\())`,
        captures: groups("keyword.other"),
      },
      selectorsAfter(
        `^${blanks}(?:(add)${gap})?(group)(?=${gap}(?:\\*|${namePattern}))${goesOn}`,
        "keyword.other",
        "keyword.other",
      ),
      { match: `^${blanks}(remove)(?=${gap}${namePattern})${goesOn}`, captures: groups("keyword.other") },
      selectorsAfter(word("freeze|train|on|except"), "keyword.other"),
      {
        begin: `${word("as")}(?=${gap}${free})`,
        beginCaptures: groups("keyword.other"),
        end: `(?!\\G|${blanks}\\.${blanks}${free})`,
        patterns: [
          {
            match: `(?:\\G${gap}|(\\.)${blanks})(${free})`,
            captures: groups("punctuation.accessor", "variable.other.enummember"),
          },
        ],
      },
    ],
  },
  types: {
    patterns: [
      {
        match: `(:)${blanks}(list)${wordEnd}${blanks}(\\[)${blanks}(${[...typeNames].join("|")})${wordEnd}`,
        captures: groups("punctuation.separator.type", "support.type", "punctuation.section.brackets", "support.type"),
      },
      {
        match: `(:)${blanks}(${[...typeNames].join("|")})${wordEnd}`,
        captures: groups("punctuation.separator.type", "support.type"),
      },
      // Of an element, as in `cast(x, f32)`.
      { name: "support.type.vlm", match: `(?:${dtypes.join("|")})${wordEnd}` },
    ],
  },
  names: {
    patterns: [
      {
        match: `(\\|>)${blanks}(${free})(?!${blanks}\\.)`,
        captures: groups("keyword.operator.pipe", "entity.name.function"),
      },
      { name: "entity.name.function.vlm", match: `${free}(?=${blanks}\\()` },
      { name: "variable.parameter.vlm", match: `${free}(?=${blanks}(?::|=>))` },
      { name: "variable.other.readwrite.vlm", match: namePattern },
    ],
  },
  keywords: { patterns: (["declaration", "control", "rule", "operator", "value"] as const).map(keywordRule) },
  symbols: {
    patterns: [
      { name: "keyword.operator.pipe.vlm", match: "\\|>" },
      { name: "keyword.operator.arrow.vlm", match: "=>" },
      { name: "keyword.operator.comparison.vlm", match: "==|!=|<=|>=|<|>" },
      { name: "keyword.operator.assignment.vlm", match: "=" },
      { name: "keyword.operator.rest.vlm", match: "\\.{3}" },
      { name: "keyword.operator.range.vlm", match: "\\.{2}" },
      { name: "keyword.operator.arithmetic.vlm", match: "\\*\\*|//|[-+*/%]" },
      { name: "punctuation.accessor.vlm", match: "\\." },
      { name: "punctuation.separator.vlm", match: "[,:]" },
      { name: "punctuation.section.vlm", match: "[()\\[\\]{}]" },
    ],
  },
};

/** The TextMate grammar of the language, for VS Code, JetBrains' editors and GitHub. */
export const textMateGrammar: TextMateGrammar = {
  name: "medctc",
  scopeName: "source.vlm",
  fileTypes: ["vlm"],
  patterns: include(
    ...["comment", "einops", "string", "number", "members", "declarations", "members_of_models", "types", "keywords"],
    ...["names", "symbols"],
  ),
  repository,
};

const fence = "`{3,}|~{3,}";

/** Colours fenced blocks that are marked as `vlm` in Markdown; injected into the grammar that an editor has for that. */
export const markdownInjection: TextMateGrammar = {
  name: "medctc in Markdown",
  scopeName: "markdown.vlm.codeblock",
  injectionSelector: "L:text.html.markdown",
  patterns: [{ include: "#fence" }],
  repository: {
    fence: {
      name: "markup.fenced_code.block.markdown",
      begin: `(^|\\G)(\\s*)(${fence})\\s*(?i:(vlm)((?:\\s|[:,{?])[^\`]*)?$)`,
      beginCaptures: {
        "3": { name: "punctuation.definition.markdown" },
        "4": { name: "fenced_code.block.language.markdown" },
        "5": { name: "fenced_code.block.language.attributes.markdown" },
      },
      end: "(^|\\G)(\\2|\\s{0,3})(\\3)\\s*$",
      endCaptures: { "3": { name: "punctuation.definition.markdown" } },
      patterns: [
        {
          begin: "(^|\\G)(\\s*)(.*)",
          while: "(^|\\G)(?!\\s*([`~]{3,})\\s*$)",
          contentName: "meta.embedded.block.vlm",
          patterns: [{ include: "source.vlm" }],
        },
      ],
    },
  },
};
