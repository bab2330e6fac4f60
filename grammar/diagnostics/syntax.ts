import { error } from "./row.ts";

/** E1xx: what the text of one file says, before any name has a meaning. */
export const syntax = {
  "unexpected-character": error<{ readonly character: string }>(
    "E101",
    ({ character }) => `unexpected character \`${character}\``,
  ),
  "unterminated-string": error(
    "E102",
    () => "this string is never closed",
    () => 'close it with `"` on the same line; write `\\n` for a line break',
  ),
  "unexpected-token": error<{ readonly found: string; readonly expected: string }>(
    "E103",
    ({ found, expected }) => `expected ${expected}, found ${found}`,
  ),
  "bad-number": error<{ readonly text: string }>(
    "E104",
    ({ text }) => `\`${text}\` is not a number`,
    () => "numbers look like `12`, `2_500_000`, `0.5`, `1e-4`, `1.67M`, `38%` or `64KB`",
  ),
  "unclosed-bracket": error<{ readonly bracket: string }>("E105", ({ bracket }) => `\`${bracket}\` is never closed`),
  "unmatched-bracket": error<{ readonly bracket: string }>("E106", ({ bracket }) => `\`${bracket}\` closes nothing`),
  "nesting-too-deep": error<{ readonly limit: number }>(
    "E107",
    ({ limit }) => `brackets are nested more than ${limit} deep`,
    () => "name the inner parts with `let`",
  ),
  "too-many-errors": error<{ readonly limit: number }>(
    "E108",
    ({ limit }) => `more than ${limit} errors; the others are not shown`,
  ),
  "missing-forward": error<{ readonly name: string }>(
    "E109",
    ({ name }) => `\`${name}\` has no \`forward\``,
    () => "end its body with `forward(x) { return ... }`",
  ),
  "unknown-type": error<{ readonly name: string }>(
    "E110",
    ({ name }) => `there is no type \`${name}\``,
    () => "types are `int`, `float`, `bool`, `string`, `list[int]`, and tensors such as `f32[batch, dim]`",
  ),
  "duplicate-member": error<{ readonly name: string }>("E111", ({ name }) => `duplicate \`${name}\``),
  "return-not-last": error(
    "E112",
    () => "nothing may follow `return`",
    () => "make `return` the last statement of its body",
  ),
  "bad-escape": error<{ readonly escape: string }>(
    "E113",
    ({ escape: text }) => `\`${text}\` is not an escape`,
    () => 'the escapes are `\\"`, `\\\\`, `\\n` and `\\t`',
  ),
  "missing-body": error<{ readonly what: string }>(
    "E114",
    ({ what }) => `${what} needs a body`,
    () => "write it in braces: `{ ... }`",
  ),
  "unexpected-body": error<{ readonly what: string }>("E115", ({ what }) => `${what} has no body`),
  "missing-return": error<{ readonly what: string }>(
    "E116",
    ({ what }) => `${what} returns nothing`,
    () => "end its body with `return`",
  ),
  "return-in-loop": error(
    "E117",
    () => "a loop cannot return",
    () => "assign to a name in the loop, and return it after the loop",
  ),
  "statement-too-long": error<{ readonly limit: number }>(
    "E118",
    ({ limit }) => `this statement has more than ${limit} operators and brackets`,
    () => "name its parts with `let`",
  ),
} as const;
