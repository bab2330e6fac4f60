import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { compileSpec, expandSpec, planToYaml } from "../../compiler/index.ts";
import { createSource, renderDiagnostics } from "../../grammar/index.ts";
import { renderSummary } from "../../runtime/printout/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const specs = ["specs", "examples/placements"].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith(".vlm"))
    .map((name) => join(folder, name)),
);
/** Those whose plan is kept whole; of the others the summary says what differs. */
const planned = ["specs/medct.vlm", "specs/medct-small.vlm", "specs/clip-vit-b32.vlm"];

describe("every spec and example compiles to what its golden files say", () => {
  test.each(specs)("%s", async (path) => {
    const source = createSource(path, readFileSync(path, "utf8"));
    const { plan, diagnostics } = compileSpec(source, new SpecLibrary("specs/std", path));
    expect(renderDiagnostics(diagnostics, { colour: false })).toBe("");
    if (plan === null) throw new Error("a spec without diagnostics has a plan");
    const name = join(import.meta.dirname, "specs", basename(path, ".vlm"));
    expect(plan.expectations.length).toBeGreaterThan(0);
    await expect(renderSummary(plan)).toMatchFileSnapshot(`${name}.summary.txt`);
    const whole = expandSpec(source, new SpecLibrary("specs/std", path)).text ?? "";
    if (whole !== source.text) {
      const expanded = compileSpec(createSource(path, whole), new SpecLibrary("specs/std", path));
      expect(expanded.plan).toEqual(plan);
    }
    if (planned.includes(path)) await expect(planToYaml(plan)).toMatchFileSnapshot(`${name}.plan.yaml`);
  });
});
