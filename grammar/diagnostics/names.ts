import { error } from "./row.ts";

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
} as const;
