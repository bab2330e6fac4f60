import { readdirSync, readFileSync } from "node:fs";
import { createContext, runInContext } from "node:vm";
import { build } from "esbuild";
import { expect, test } from "vitest";

const library = new Map(
  readdirSync("specs/std").map((name) => [name.replace(".vlm", ""), readFileSync(`specs/std/${name}`, "utf8")]),
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
  const context = createContext({ spec: readFileSync("specs/medct.vlm", "utf8"), library });
  runInContext(outputFiles[0]?.text ?? "", context);
  const found: unknown = runInContext(
    `const { plan, diagnostics } = medctc.compileSpec(medctc.createSource("medct.vlm", spec), {
       read: ({ name }) => (library.has(name) ? { kind: "text", text: library.get(name), name } : { kind: "missing" }),
       names: () => [...library.keys()],
     });
     JSON.stringify({ trainable: plan.totals.trainable, wrong: diagnostics.length, shown: medctc.renderDiagnostics([], { colour: true }) })`,
    context,
  );
  expect(found).toBe(JSON.stringify({ trainable: 1_671_168, wrong: 0, shown: "" }));
});
