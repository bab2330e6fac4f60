import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compileSpec, targets } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

test("the package of a small model is written as its golden files say", async () => {
  const path = "test/golden/pytorch/reader.vlm";
  const { spec } = compileSpec(createSource(path, readFileSync(path, "utf8")), new SpecLibrary("specs/std", path));
  if (spec === null) throw new Error("the spec compiles");
  const files = targets
    .find(({ name }) => name === "pytorch")
    ?.files?.(spec, { version: "0", sha256: (text) => `of ${text.length} characters` });
  if (files === undefined || "span" in files) throw new Error("the spec is written");
  expect(files.map(({ name }) => name).toSorted()).toEqual(
    "__init__ activations bce dropout layer_norm linear lora metadata model ops optimizer"
      .split(" ")
      .map((name) => `report_labels/${name}.py`),
  );
  for (const { name, content } of files) {
    // The text of `ops.py` is the same for all packages, and metadata has the spec.
    if (/(ops|metadata)\.py$/.test(name)) continue;
    await expect(content).toMatchFileSnapshot(join(import.meta.dirname, "pytorch", name));
  }
});
