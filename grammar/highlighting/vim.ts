import { typeNames } from "../types.ts";
import { digitsPattern, type KeywordKind, keywordsOf, namePattern, suffixPattern } from "./words.ts";

const kinds: readonly KeywordKind[] = ["declaration", "control", "rule", "operator", "value"];

/** The group of a keyword, and Vim's own group that has its colour. */
const keywordGroups: Readonly<Record<KeywordKind, readonly [group: string, link: string]>> = {
  declaration: ["vlmDeclaration", "Structure"],
  control: ["vlmControl", "Statement"],
  rule: ["vlmRule", "Keyword"],
  operator: ["vlmWordOperator", "Operator"],
  value: ["vlmValue", "Constant"],
};

/** Takes a JavaScript pattern for one of Vim's "very magic" ones, where lookahead stands behind what it looks at. */
function veryMagic(pattern: string): string {
  return pattern.replaceAll("(?:", "%(").replaceAll("%)", "\\%)");
}

const name = `<${namePattern}>`;
const beforeEqual = "\\ze\\s*\\=%([=>])@!";
const types = [...typeNames].join("|");
const expressionWords = "%(\\s+%(and|or|then|else|in)>)@!";

/** A later rule wins where two match at one place; whatever starts before has eaten what is in it. */
const rules: readonly (readonly [group: string, pattern: string, more?: string])[] = [
  ["vlmName", name],
  ["vlmFunction", `${name}\\ze\\s*\\(`],
  ["vlmNumber", `${veryMagic(digitsPattern)}%(${veryMagic(suffixPattern).replace("%", "\\%")})?`],
  ...kinds.map((kind) => [keywordGroups[kind][0], `<%(${keywordsOf(kind).join("|")})>`] as const),
  ["vlmRule", "<%(on|except|freeze)>"],
  ["vlmRule", `^\\s*\\zs<%(group|remove)>\\ze\\s+[A-Za-z_*]${expressionWords}`],
  ["vlmRule", `%(^\\s*add\\s+)@<=<group>\\ze\\s+[A-Za-z_*]`],
  ["vlmRule", "^\\s*\\zs<add>\\ze\\s+%(%(freeze|train|loss|expect|group)>|[A-Za-z_][A-Za-z0-9_.]*\\s*\\()"],
  ["vlmRule", `%(<%(model\\s+${namePattern}|train|data|eval)\\s+)@<=<amends>`],
  ["vlmDeclaration", `^\\s*\\zs<input>\\ze\\s+${namePattern}\\s*:`],
  ["vlmDeclaration", `^\\s*\\zs<metric>\\ze\\s+${namePattern}\\s*\\=%([=>])@!`],
  ["vlmDeclaration", "^\\s*\\zs<shared>\\ze%(\\s*\\(.*\\)\\s*|\\s+)%(param|buffer)>"],
  ["vlmDeclaration", "^\\s*\\zs<optional>\\ze\\s+buffer>"],
  ["vlmType", `%(:\\s*)@<=<%(${types})>`],
  ["vlmType", `%(:\\s*list\\s*\\[\\s*)@<=<%(${types})>`],
  ["vlmType", `<%(${[...typeNames].filter((type) => /[0-9]$/.test(type)).join("|")})>`],
  ["vlmArgument", `${name}${beforeEqual}`],
  ["vlmMember", `\\.\\s*${name}`],
  ["vlmOperator", "\\|\\>|\\=\\>|[=!<>]\\=|[-+*/%<>=]|\\.\\.\\.?"],
  ["vlmComment", "#.*$", "contains=@Spell"],
];

const links: readonly (readonly [group: string, link: string])[] = [
  ...kinds.map((kind) => keywordGroups[kind]),
  ["vlmArgument", "Identifier"],
  ["vlmComment", "Comment"],
  ["vlmEscape", "SpecialChar"],
  ["vlmFunction", "Function"],
  ["vlmNumber", "Number"],
  ["vlmOperator", "Operator"],
  ["vlmPattern", "Special"],
  ["vlmPlaceholder", "Special"],
  ["vlmString", "String"],
  ["vlmType", "Type"],
];

/** The syntax file of Vim and Neovim. */
export const vimSyntax = `" Highlighting of medctc's specs. Made by grammar/highlighting/vim.ts from the grammar's own tables.
if exists("b:current_syntax")
  finish
endif

syntax case match
syntax iskeyword a-z,A-Z,48-57,_

${rules.map(([group, pattern, more = ""]) => `syntax match ${group} ~\\v${pattern}~ ${more}`.trimEnd()).join("\n")}
syntax region vlmString start=~"~ skip=~\\\\.~ end=~"\\|$~ contains=vlmEscape,vlmPlaceholder,@Spell
syntax match vlmEscape ~\\\\["\\\\nt]~ contained
syntax match vlmPlaceholder ~\\v\\{${namePattern}\\}~ contained
syntax match vlmPattern ~\\v"[A-Za-z0-9_ (),.]*-\\>[A-Za-z0-9_ ().]*"~

${links.map(([group, link]) => `highlight default link ${group} ${link}`).join("\n")}

let b:current_syntax = "vlm"
`;
