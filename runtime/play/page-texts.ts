import { readdirSync } from "node:fs";
import { basename, join, relative, sep } from "node:path";
import { loadProgram } from "../../compiler/index.ts";
import type { Diagnostic } from "../../grammar/index.ts";
import { readFileText } from "../files/index.ts";
import { libraryFolder, openSpec, referenceSpecs } from "../specs/index.ts";
import { ok, type Result } from "../text/index.ts";

/** What `texts.json` has: `page/texts.ts` reads it. */
export interface PageTexts {
  readonly bundled: Readonly<Record<string, string>>;
  readonly own: Readonly<Record<string, string>>;
  readonly manual: string;
  readonly specs: readonly { readonly path: string; readonly group: string }[];
  readonly start: { readonly path: string; readonly isBundled: boolean };
}

/** The texts of the page, with one of the reader's own specs and what it imports where there is one. */
export function pageTexts(spec: string | null): Result<PageTexts, Diagnostic> {
  const texts = bundledTexts();
  if (spec === null) return ok(texts);
  const opened = openSpec(spec);
  if (opened.kind === "unread") return { kind: "failed", problem: opened.diagnostic };
  const { source, library } = opened;
  // Reads what it imports.
  loadProgram(source, library);
  const files = [[source.name, source.text] as const, ...library.imported];
  const names = shownNames(files.map(([path]) => path.replaceAll(sep, "/")));
  const own = Object.fromEntries(files.map(([, text], index) => [names[index] ?? "", text.replace(/\r\n?/g, "\n")]));
  return ok({ ...texts, own, start: { path: names[0] ?? "", isBundled: false } });
}

/** Paths as they are, or from the folder that all are in where they lead out of the working folder: a link must not tell where that is. */
function shownNames(paths: readonly string[]): readonly string[] {
  if (paths.every((path) => !path.startsWith("../") && !path.startsWith("/") && !/^[A-Za-z]:/.test(path))) return paths;
  const folders = paths.map((path) => path.split("/").slice(0, -1));
  const [first = []] = folders;
  let shared = first.length;
  for (const folder of folders) {
    const differs = first.findIndex((name, index) => name !== folder[index]);
    if (differs >= 0) shared = Math.min(shared, differs);
  }
  return paths.map((path) => path.split("/").slice(shared).join("/"));
}

/** The specs, the library and the examples that come with the program. */
function bundledTexts(): PageTexts {
  const library = libraryFolder();
  const root = join(library, "../..");
  const references = referenceSpecs(library).map(({ path, file }) => ({ path: `${path}.vlm`, file }));
  const examples = specsBelow(join(root, "examples")).map((file) => ({
    path: relative(root, file).replaceAll(sep, "/"),
    file,
  }));
  const modules = specsBelow(library).map((file) => ({ path: `specs/std/${basename(file)}`, file }));
  const texts = [...references, ...examples, ...modules].map(({ path, file }) => [path, readFileText(file)] as const);
  const bundled = Object.fromEntries(texts);
  const models = (of: typeof references, group: string): PageTexts["specs"] =>
    of.flatMap(({ path }) => (/^model\b/m.test(bundled[path] ?? "") ? [{ path, group }] : []));
  const specs = [...models(references, "models"), ...models(examples, "examples")];
  return {
    bundled,
    own: {},
    manual: manualTables(readFileText(join(root, "grammar/LANGUAGE.md"))),
    specs,
    start: { path: specs[0]?.path ?? "", isBundled: true },
  };
}

function specsBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".vlm"))
    .sort()
    .map((name) => join(folder, name));
}

/** The headings and tables of the manual, which is all that hovers and completion show of it. */
function manualTables(text: string): string {
  return text
    .split(/\r?\n/)
    .filter((line) => line.startsWith("|") || line.startsWith("#") || line === "")
    .join("\n")
    .replace(/\n{2,}/g, "\n\n");
}
