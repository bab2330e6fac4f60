import type { Item } from "../../grammar/index.ts";
import type { Library } from "./imports.ts";
import { parseLibraryFile } from "./library-files.ts";

/** Something that a file of the library declares under a name of its own. */
export interface LibraryDeclaration {
  readonly name: string;
  readonly kind: NamedItem["kind"];
  /** The file's name, without `std/`. */
  readonly file: string;
  readonly item: NamedItem;
}

type NamedItem = Extract<Item, { readonly name: unknown }>;

/** What the library declares. Reads all of it, so it is for explaining mistakes and for what an editor offers. */
export function libraryDeclarations(library: Library): readonly LibraryDeclaration[] {
  return library.names().flatMap((file) => {
    const result = library.read({ kind: "library", name: file });
    if (result.kind !== "text") return [];
    const { items } = parseLibraryFile(result.name, result.text).parsed.file;
    return items.flatMap((item) => ("name" in item ? [{ name: item.name.text, kind: item.kind, file, item }] : []));
  });
}
