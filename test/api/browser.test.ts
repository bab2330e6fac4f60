import { readdirSync, readFileSync } from "node:fs";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { expect, test } from "vitest";

/** The files that come with medctc, by their paths below specs. */
const files = new Map(
  readdirSync("specs", { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".vlm"))
    .map((path) => [path.replaceAll("\\", "/").replace(/\.vlm$/, ""), readFileSync(`specs/${path}`, "utf8")]),
);

test("the compiler bundles for a browser without Node's modules and without runtime/, and compiles the reference there", async () => {
  const { outputFiles, metafile } = await build({
    entryPoints: ["compiler/browser.ts"],
    bundle: true,
    platform: "browser",
    format: "iife",
    globalName: "medctc",
    metafile: true,
    write: false,
  });
  const inputs = Object.keys(metafile.inputs);
  expect(inputs.filter((name) => name.startsWith("runtime/") || name.startsWith("node:"))).toEqual([]);
  expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports)).toEqual([]);
  const context = createContext({ spec: readFileSync("specs/medct.vlm", "utf8"), files });
  runInContext(outputFiles[0]?.text ?? "", context);
  const found: unknown = runInContext(
    `const { plan, diagnostics } = medctc.compileSpec(medctc.createSource("medct.vlm", spec), {
       read: ({ kind, name }) => {
         const path = kind === "library" ? "std/" + name : name;
         return files.has(path) ? { kind: "text", text: files.get(path), name: path } : { kind: "missing" };
       },
       names: () => [],
     });
     JSON.stringify({ trainable: plan.totals.trainable, wrong: diagnostics.length, shown: medctc.renderDiagnostics([], { colour: true }) })`,
    context,
  );
  expect(found).toBe(JSON.stringify({ trainable: 1_671_168, wrong: 0, shown: "" }));
});
