import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  buildProgram,
  compileSpec,
  expectMemory,
  flopsOfProgram,
  optimise,
  type Program,
  type Recompute,
  type TracedSpec,
} from "../../compiler/index.ts";
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
  expect(spec?.settings.recompute).toBe(2);
});

test("for `memory` the fewest layers that fit are computed again", () => {
  const { spec } = compiled("");
  if (spec === null) throw new Error("the spec compiles");
  const step = ({ settings }: TracedSpec): Program => {
    const built = buildProgram(spec, "step");
    if (built === null) throw new Error("the spec has a loss");
    return optimise(built, { ...spec, settings }, { isChecked: true });
  };
  const of = (recompute: Recompute) => {
    const chosen = { ...spec, settings: { ...spec.settings, recompute } };
    return { flops: flopsOfProgram(step(chosen)), bytes: expectMemory(chosen)?.peakBytes ?? 0 };
  };
  const counts = [of("none"), of(1), of(2), of(3), of(4), of("layers")];
  for (const [index, { flops, bytes }] of counts.entries()) {
    const before = counts[index - 1];
    if (before === undefined) continue;
    expect(flops).toBeGreaterThanOrEqual(before.flops);
    expect(bytes).toBeLessThanOrEqual(before.bytes);
    if (bytes === before.bytes) continue;
    const chosen = compiled(`memory = ${Math.ceil(bytes / 1024 ** 2)}MB`).spec?.settings.recompute;
    expect([index, chosen]).toEqual([index, index]);
  }
});

test("with `recompute` given, `memory` only checks", () => {
  const between = Math.round((peakBytes("recompute = layers") + peakBytes("")) / 2 / 1024 ** 2);
  const { spec, diagnostics } = compiled(`recompute = none\nmemory = ${between}MB`);
  expect(spec?.settings.recompute).toBe("none");
  expect(diagnostics.map(({ code }) => code)).toEqual(["E603"]);
  expect(compiled("recompute = layers\nmemory = 16GB").spec?.settings.recompute).toBe("layers");
});
