import { join, relative, resolve, sep } from "node:path";
import { createSource, parse } from "../../grammar/index.ts";

/** A spec to be written into a folder of its own, and the files that it imports, by their paths from there. */
export interface CarriedSpec {
  readonly text: string;
  readonly imports: ReadonlyMap<string, string>;
}

/** Where files go that a spec imports from outside of its folder, with those beside it. */
const carriedFolder = "imports";

/**
 * Carries a spec with what it imports. Files of its folder keep their places beside it. Where one lies outside, all go below a folder
 * as they lie in the project, so that they find each other, and the spec's imports lead there.
 */
export function carryImports(text: string, specFolder: string, imported: ReadonlyMap<string, string>): CarriedSpec {
  const fromSpec = new Map([...imported].map(([path, content]) => [slashed(relative(specFolder, path)), content]));
  const ups = Math.max(
    0,
    ...[...fromSpec.keys()].map((path) => path.split("/").filter((part) => part === "..").length),
  );
  if (ups === 0) return { text, imports: fromSpec };
  const root = resolve(specFolder, ...Array.from({ length: ups }, () => ".."));
  const moved = (path: string): string => slashed(join(carriedFolder, relative(root, resolve(specFolder, path))));
  const imports = new Map([...fromSpec].map(([path, content]) => [moved(path), content]));
  let carried = text;
  for (const item of parse(createSource("spec", text)).file.items.toReversed()) {
    if (item.kind !== "import" || !item.path.value.startsWith(".")) continue;
    const { value, span } = item.path;
    const target = moved(value);
    carried = `${carried.slice(0, span.start)}"./${target}"${carried.slice(span.end)}`;
  }
  return { text: carried, imports };
}

function slashed(path: string): string {
  return path.split(sep).join("/");
}
