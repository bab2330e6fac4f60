import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compileSpec, expectMemory } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const path = "specs/medct-small.vlm";

/** medct-small with lines of its `train` block, and with a batch so large that activations are most of it. */
function compiled(settings: string) {
  const text = readFileSync(path, "utf8")
    .replace("batch = 3", "batch = 600")
    .replace("train {", `train {\n${settings}`);
  return compileSpec(createSource(path, text), new SpecLibrary("specs/std", path));
}

function peakBytes(settings: string): number {
  const { spec } = compiled(settings);
  return spec === null ? 0 : (expectMemory(spec)?.peakBytes ?? 0);
}

test("layers that are computed again take less", () => {
  expect(peakBytes("recompute = layers")).toBeLessThan(peakBytes(""));
});

test("`memory` takes the first choice that fits", () => {
  expect(compiled("memory = 16GB").spec?.settings.recompute).toBe("none");
  const between = Math.round((peakBytes("recompute = layers") + peakBytes("")) / 2 / 1024 ** 2);
  const { spec, diagnostics } = compiled(`memory = ${between}MB`);
  expect(diagnostics).toEqual([]);
  expect(spec?.settings.recompute).toBe("layers");
});

test("with `recompute` given, `memory` only checks", () => {
  const between = Math.round((peakBytes("recompute = layers") + peakBytes("")) / 2 / 1024 ** 2);
  const { spec, diagnostics } = compiled(`recompute = none\nmemory = ${between}MB`);
  expect(spec?.settings.recompute).toBe("none");
  expect(diagnostics.map(({ code }) => code)).toEqual(["E603"]);
  expect(compiled("recompute = layers\nmemory = 16GB").spec?.settings.recompute).toBe("layers");
});
