import { assignments } from "./assignments.ts";
import { elaboration } from "./elaboration.ts";
import { evaluation } from "./evaluation.ts";
import { files } from "./files.ts";
import { names } from "./names.ts";
import type { Row } from "./row.ts";
import { selection } from "./selection.ts";
import { settings } from "./settings.ts";
import { syntax } from "./syntax.ts";
import { tensors } from "./tensors.ts";

const rows = {
  ...syntax,
  ...files,
  ...names,
  ...elaboration,
  ...selection,
  ...settings,
  ...tensors,
  ...assignments,
  ...evaluation,
} as const;

export type DiagnosticKey = keyof typeof rows;

/** What a diagnostic's message is made of. */
export type DiagnosticParams<Key extends DiagnosticKey> = (typeof rows)[Key] extends Row<infer Params> ? Params : never;

/** Every diagnostic there is, one file a family; adding a row there is the whole change. */
export const catalogue: { readonly [Key in DiagnosticKey]: Row<DiagnosticParams<Key>> } = rows;
