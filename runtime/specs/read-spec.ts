import { assignedSource, type Compiled, checkSpec, compileSpec, type SpecChanges } from "../../compiler/index.ts";
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

/** What is wrong with a spec and with what it imports; a file that cannot be read is a diagnostic too. */
export function checkPath(path: string, set: readonly string[] = []): readonly Diagnostic[] {
  const opened = openSpec(path);
  return opened.kind === "unread" ? [opened.diagnostic] : checkSpec(opened.source, opened.library, set);
}

/** A compiled spec, with its text, assignments in their places, and those of the files beside it that it imports. */
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
  const text = assignedSource(source, changes.set ?? []).source.text;
  return { ...compiled, text: [text, ...library.imported.values()].join("\n") };
}
