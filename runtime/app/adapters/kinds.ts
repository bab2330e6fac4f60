import { knownAdapters } from "../../../compiler/index.ts";
import type { AdapterDeclaration } from "../../../grammar/index.ts";
import { type AdapterKind, kindOf, kindsIn } from "../../adapters/index.ts";
import { libraryFolder, openSpec, SpecLibrary } from "../../specs/index.ts";

/** The adapters of the library that say what they are in PEFT, in the order of the names of files. */
export function libraryKinds(): readonly AdapterKind[] {
  const library = new SpecLibrary(libraryFolder(), "");
  const texts = library.names().flatMap((name) => {
    const read = library.read({ kind: "library", name });
    return read.kind === "text" ? [[name, read.text] as const] : [];
  });
  return kindsIn(texts);
}

/** Those that the spec at a path knows, by what it calls them. */
export function kindsOf(path: string): readonly AdapterKind[] {
  return kindsKnown(path, () => true);
}

/** Those of them that are not the library's. */
export function ownKindsOf(path: string): readonly AdapterKind[] {
  return kindsKnown(path, ({ span }) => !span.source.name.startsWith("std/"));
}

function kindsKnown(path: string, isMeant: (declaration: AdapterDeclaration) => boolean): readonly AdapterKind[] {
  const opened = openSpec(path);
  if (opened.kind === "unread") return [];
  return knownAdapters(opened.source, opened.library).flatMap(({ name, declaration }) =>
    isMeant(declaration) ? (kindOf(declaration, name, null) ?? []) : [],
  );
}
