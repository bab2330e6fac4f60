import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { compileFunction } from "node:vm";
import { build, type Plugin } from "esbuild";
import { DeclaredTests } from "./suites.ts";

/** Declares the tests of a file, each time with modules of its own: with one mutant, or with all and counts of what is reached. */
export type TestFile = (mutant: string | null) => DeclaredTests;

/** `stryMutAct("7")` asks whether a mutant is active, and `stryCov("7", "8")` counts that they were reached. */
const switches = /stryMutAct_9fa48\d*\("(\d+)"\)|stryCov_9fa48\d*\((?:"\d+"(?:, )?)+\)/g;

/**
 * A test file with all that it imports, as the text of one function: calling it loads every module anew, so that nothing of one
 * mutant is left for the next. All switches but those of the mutant are taken out, since loops would spend most of their time there.
 */
export async function loadTestFile(path: string, leftOut: readonly string[]): Promise<TestFile> {
  const { outputFiles } = await build({
    // Stryker changes to its copy of the repository after esbuild is loaded.
    absWorkingDir: process.cwd(),
    entryPoints: [path],
    bundle: true,
    write: false,
    platform: "node",
    format: "cjs",
    target: "node20",
    // Charts are drawn by none of these tests, and have modules that cannot be loaded by a function.
    external: ["vitest", "vega", "vega-lite", "sharp"],
    // A function that is compiled by itself cannot import.
    supported: { "dynamic-import": false },
    plugins: [ownPaths],
    logLevel: "error",
  });
  const text = outputFiles.map((file) => file.text).join("");
  const own: (name: string) => unknown = createRequire(resolve(path));
  return (mutant) => {
    const tests = new DeclaredTests(path, leftOut);
    const module = { exports: {} };
    const code =
      mutant === null ? text : text.replace(switches, (written, id) => (id === mutant ? written : id ? "false" : "0"));
    const load = compileFunction(code, ["require", "module", "exports"], { filename: resolve(path) });
    const required = (name: string): unknown => (name === "vitest" ? tests.vitest : own(name));
    Reflect.apply(load, undefined, [required, module, module.exports]);
    return tests;
  };
}

/** Where a module lies is asked of the file that it was written in. */
const ownPaths: Plugin = {
  name: "own-paths",
  setup: (builder) => {
    builder.onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      const meta = { dirname: dirname(path), filename: path, url: pathToFileURL(path).href };
      const text = await readFile(path, "utf8");
      const contents = text.replace(/\bimport\.meta\.(dirname|filename|url)\b/g, (written, key: string) =>
        JSON.stringify(new Map(Object.entries(meta)).get(key) ?? written),
      );
      return { contents, loader: "ts" };
    });
  },
};
