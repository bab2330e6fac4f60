import { error, warning } from "./row.ts";

/** E3xx: names that mean nothing, or too much. */
export const names = {
  "unknown-callable": error<{ readonly name: string; readonly kind: string }>(
    "E301",
    ({ name, kind }) => `there is no ${kind} \`${name}\` here`,
  ),
  "duplicate-declaration": error<{ readonly name: string }>("E302", ({ name }) => `\`${name}\` is declared twice`),
  "unknown-argument": error<{ readonly name: string; readonly callee: string }>(
    "E303",
    ({ name, callee }) => `\`${callee}\` has no argument \`${name}\``,
  ),
  "missing-argument": error<{ readonly name: string; readonly callee: string }>(
    "E304",
    ({ name, callee }) => `\`${callee}\` needs the argument \`${name}\``,
  ),
  "too-many-arguments": error<{ readonly callee: string; readonly limit: number }>(
    "E305",
    ({ callee, limit }) => `\`${callee}\` takes ${limit === 1 ? "one argument" : `${limit} arguments`}`,
  ),
  "unknown-base": error<{ readonly name: string }>(
    "E306",
    ({ name }) => `no imported file has a model \`${name}\` to amend`,
  ),
  "nothing-amended": error<{ readonly written: string }>(
    "E307",
    ({ written }) => `\`${written}\` belongs to a variant, and the model here amends no other`,
    () => "import a spec, and write `model NAME amends ITS_MODEL { ... }`",
  ),
  "nothing-removed": error<{ readonly name: string }>("E308", ({ name }) => `the base has no \`${name}\` to remove`),
  "freeze-dropped": warning<{ readonly base: string }>(
    "E309",
    ({ base }) => `this takes the place of the rules of \`${base}\`, and nothing is frozen`,
    () => "write `add train` to keep the rules of the base",
  ),
} as const;
