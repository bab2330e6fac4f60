import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compileSpec } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { packageFiles } from "../../runtime/backends/index.ts";
import { sha256Of } from "../../runtime/files/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

test("a package says what its inputs are made of, and the hash of the spec that it has", () => {
  const path = "specs/medct-small.vlm";
  const text = readFileSync(path, "utf8");
  const { spec } = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path));
  if (spec === null) throw new Error("the spec compiles");
  const files = packageFiles(spec);
  if ("span" in files) throw new Error(`the spec is written: ${files.message}`);
  const metadata = files.find(({ name }) => name === "medct_small/metadata.py")?.content;
  expect(metadata).toContain(`SPEC_SHA256 = "${sha256Of(text)}"`);
  expect(metadata).toContain(`CONTRACT: dict[str, Any] = {
    "version": 2,
    "inputs": {
        "input_ids": {"kind": "tokens", "length": 12, "vocabulary": 200},
        "image": {
            "kind": "volume",
            "units": "hounsfield",
            "orientation": "LPS",
            "axes": "zxy",
            "crop": "none",
            "resize": "spacing",
            "spacing": [18, 6, 6],
            "grid": "torch",
            "size": [20, 60, 60],
            "window": [[-1000, 1000]],
            "clip": "before",
            "range": [-1, 1],
            "pad": -1,
        },
    },
}
`);
  expect(files.map(({ name }) => name)).toContain("medct_small/worker.py");
});
