import {
  assignedSource,
  type Compiled,
  checkSpec,
  compileSpec,
  expandSpec,
  type SpecChanges,
} from "../../compiler/index.ts";
import { createSource, type Diagnostic, type Source } from "../../grammar/index.ts";
import { readText, whyUnread } from "../files/index.ts";
import { SpecLibrary } from "./library.ts";
import { libraryFolder } from "./library-folder.ts";

/** A spec's text with what it can import, or why the file cannot be read. */
export type OpenedSpec =
  | { readonly kind: "spec"; readonly source: Source; readonly library: SpecLibrary }
  | { readonly kind: "unread"; readonly diagnostic: Diagnostic };

export function openSpec(path: string): OpenedSpec {
  const file = readText(path);
  if (file.kind !== "text") return { kind: "unread", diagnostic: whyUnread(file, path) };
  return { kind: "spec", source: createSource(path, file.text), library: new SpecLibrary(libraryFolder(), path) };
}

type Opened = OpenedSpec & { readonly kind: "spec" };

/** The whole that a spec stands for, with assignments in their places; null where it cannot be read. See `expandSpec`. */
export function expandedSpec(
  { source, library }: Opened,
  set: readonly string[],
  relocate: ((path: string) => string) | null = null,
): { readonly source: Source | null; readonly diagnostics: readonly Diagnostic[] } {
  const { text, diagnostics } = expandSpec(source, library, relocate);
  if (text === null) return { source: null, diagnostics };
  const assigned = assignedSource(createSource(source.name, text), set);
  return { ...assigned, diagnostics: [...diagnostics, ...assigned.diagnostics] };
}

/** A spec with assignments in their places, for a variant in the whole that it stands for; without any, as it was written. */
export function assignedSpec(
  opened: Opened,
  set: readonly string[],
): { readonly source: Source; readonly diagnostics: readonly Diagnostic[] } {
  if (set.length === 0) return { source: opened.source, diagnostics: [] };
  const { source, diagnostics } = expandedSpec(opened, set);
  return { source: source ?? opened.source, diagnostics };
}

/** What is wrong with a spec and with what it imports; a file that cannot be read is a diagnostic too. */
export function checkPath(path: string, set: readonly string[] = []): readonly Diagnostic[] {
  const opened = openSpec(path);
  return opened.kind === "unread" ? [opened.diagnostic] : checkSpec(opened.source, opened.library, set);
}

/** A compiled spec, with its text, assignments in their places, and those of the files that it imports and that are not the library's. */
export interface ReadSpec extends Compiled {
  readonly text: string;
}

/** Compiles the spec at a path with the changes that are given besides; what keeps it from being read is among the diagnostics. */
export function compilePath(path: string, changes: SpecChanges = {}): ReadSpec {
  const opened = openSpec(path);
  if (opened.kind === "unread") {
    return { plan: null, spec: null, elements: [], memory: null, diagnostics: [opened.diagnostic], text: "" };
  }
  const { source, library } = opened;
  const compiled = compileSpec(source, library, changes);
  const text = assignedSpec(opened, changes.set ?? []).source.text;
  const imported = [...library.imported.values(), ...library.references.values()];
  return { ...compiled, text: [text, ...imported].join("\n") };
}
