import { error, warning } from "./row.ts";

/** E2xx: files that cannot be read, and imports that lead nowhere. */
export const files = {
  "file-not-found": error<{ readonly path: string }>("E201", ({ path }) => `there is no file \`${path}\``),
  "is-directory": error<{ readonly path: string }>(
    "E202",
    ({ path }) => `\`${path}\` is a folder, not a file`,
    () => "name a `.vlm` file in it",
  ),
  "not-utf8": error<{ readonly path: string; readonly offset: number }>(
    "E203",
    ({ path, offset }) => `\`${path}\` is not UTF-8 text: byte ${offset} is invalid`,
    () => "save the file as UTF-8",
  ),
  "file-too-large": error<{ readonly path: string; readonly limitMiB: number }>(
    "E204",
    ({ path, limitMiB }) => `\`${path}\` is larger than ${limitMiB} MiB`,
    () => "specs are small: check the path",
  ),
  "import-not-found": error<{ readonly path: string }>(
    "E205",
    ({ path }) => `there is no file to import at \`${path}\``,
    () => 'import from the library (`"std/linear"`) or by a path from this file (`"./mine"`)',
  ),
  "cyclic-import": error<{ readonly chain: readonly string[] }>(
    "E206",
    ({ chain }) => `this import closes a cycle: ${chain.join(" -> ")}`,
    () => "move the shared declarations into a third file",
  ),
  "not-readable": error<{ readonly path: string; readonly reason: string }>(
    "E207",
    ({ path, reason }) => `\`${path}\` cannot be read: ${reason}`,
  ),
  "import-outside": error<{ readonly path: string; readonly root: string }>(
    "E210",
    ({ path, root }) => `\`${path}\` leads out of the project, which is \`${root}\``,
    () =>
      "a project is the nearest folder around a spec with package.json, .git or medctc.yaml, or the spec's own folder",
  ),
  "too-many-imports": error<{ readonly limit: number }>("E208", ({ limit }) => `a spec imports at most ${limit} files`),
  "ignored-in-import": warning<{ readonly what: string; readonly path: string }>(
    "E211",
    ({ what, path }) => `${what} of \`${path}\` has no effect in an import`,
    () =>
      "models and settings are those of the file that is compiled; imports give modules, adapters, losses, functions and roles; `model m amends` takes a model",
  ),
  "bad-rates": error<{ readonly path: string; readonly problem: string }>(
    "E212",
    ({ path, problem }) => `\`${path}\` has no rates of a machine: ${problem}`,
    () => "write it on that machine with `medctc bench --calibrate -o FILE`",
  ),
  "newer-rates": error<{ readonly path: string }>(
    "E213",
    ({ path }) => `\`${path}\` was written by a later medctc, whose rates this one does not know`,
    () => "use that version here, or measure with this one there",
  ),
  "older-rates": error<{ readonly path: string }>(
    "E214",
    ({ path }) => `\`${path}\` was written by an earlier medctc, which measured otherwise`,
    () => "measure on that machine again, with `medctc bench --calibrate -o FILE`",
  ),
} as const;
