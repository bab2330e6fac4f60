import { error } from "./row.ts";

/** E3xx: names that mean nothing, or too much. */
export const names = {
  "unknown-name": error<{ readonly name: string }>("E301", ({ name }) => `\`${name}\` is not known here`),
  "duplicate-declaration": error<{ readonly name: string }>("E302", ({ name }) => `\`${name}\` is declared twice`),
  "unknown-argument": error<{ readonly name: string; readonly callee: string }>(
    "E303",
    ({ name, callee }) => `\`${callee}\` has no argument \`${name}\``,
  ),
  "missing-argument": error<{ readonly name: string; readonly callee: string }>(
    "E304",
    ({ name, callee }) => `\`${callee}\` needs the argument \`${name}\``,
  ),
} as const;
