import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, test } from "vitest";
import { compileSpec } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { fixtureSpec, publishedFixtures } from "../parity/published-fixtures.ts";
import { check, pythonWithPeft } from "./environment.ts";
import { cases, clipSmall } from "./pytorch-cases.ts";
import { prepare, writePackage } from "./pytorch-package.ts";
import { smallSpec, smallSpecs } from "./pytorch-specs.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-pytorch-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("packages for PyTorch give the evaluator's values, gradients and steps, for every spec and for what else there is", () => {
  const packages = [
    ...smallSpecs().map(({ name, text, changes }) => prepare(join(folder, name), name, text, changes)),
    ...Object.entries(cases).map(([name, text]) => prepare(join(folder, name), name, text)),
  ];
  check(pythonWithPeft(), "check_pytorch.py", ...packages);
});

test("packages for PyTorch round products of matrices, and nothing else, as the evaluator does", () => {
  // A codebook as CT-CLIP's would show which of two near entries a rounded token takes.
  const { text, changes } = smallSpec("specs/clip-vit-b32.vlm");
  const rounded = { ...changes, precision: "bf16", recompute: "layers" } as const;
  const into = prepare(join(folder, "rounded"), "rounded", text, rounded);
  check(pythonWithPeft(), "check_pytorch.py", into);
});

test("packages for PyTorch give what CT-CLIP's and open_clip's own code gave, with merged adapters, too", () => {
  const packages = [readFileSync("specs/medct-small.vlm", "utf8"), clipSmall].map((text, index) => {
    const [into, path] = [join(folder, `fixture-${index}`), `specs/fixture-${index}.vlm`];
    const { spec } = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path));
    if (spec === null) throw new Error("the spec compiles");
    writePackage(into, spec);
    return into;
  });
  check(pythonWithPeft(), "check_pytorch_fixtures.py", ...packages);
});

test("packages for PyTorch give the stages, losses and gradients of published models' own code", () => {
  const folders = publishedFixtures.map((fixture) => {
    const into = join(folder, "published", fixture.name);
    for (const file of ["trained", "small"] as const) writePackage(join(into, file), fixtureSpec(fixture, file).spec);
    return into;
  });
  check(pythonWithPeft(), "check_published.py", ...folders);
});

const blurred = `
function blurred(x) {
  return x + normal(0.1, shape(x))
}

model `;

test.each([
  ["dropout", (text: string) => text],
  ["noise", (text: string) => text.replace("dropout(rate)", "blurred()").replace("\nmodel ", blurred)],
])("packages for PyTorch compute layers again with the same %s, and are compiled", (_, drawing) => {
  const text = drawing(readFileSync("test/golden/pytorch/reader.vlm", "utf8"));
  const into = prepare(join(folder, "reader"), "reader", text, { recompute: "layers" });
  check(pythonWithPeft(), "check_pytorch_options.py", into);
});
