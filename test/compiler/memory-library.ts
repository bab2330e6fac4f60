import type { FilePlace, Library } from "../../compiler/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const packaged = new SpecLibrary("specs/std", "specs/variant.vlm");

/** Files in memory beside the library. */
export function libraryOf(files: Readonly<Record<string, string>>): Library {
  return {
    read: (place: FilePlace) => {
      if (place.kind !== "local") return packaged.read(place);
      const text = files[place.path];
      return text === undefined ? { kind: "missing" } : { kind: "text", text, name: place.path };
    },
    names: () => packaged.names(),
  };
}
