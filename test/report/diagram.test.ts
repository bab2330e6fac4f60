import { describe, expect, test } from "vitest";
import { darkPalette, lightPalette, renderDiagram } from "../../runtime/report/index.ts";
import { type Stage, structureOf } from "../../runtime/report/structure.ts";
import { readElements } from "./markup-check.ts";
import { planOf } from "./sample.ts";

/** The stages of a component by name. */
function stagesOf(path: string, component: string): ReadonlyMap<string, Stage> {
  const found = structureOf(planOf(path)).find(({ name }) => name === component);
  return new Map((found?.blocks ?? []).flatMap((block) => (block.kind === "stage" ? [[block.name, block]] : [])));
}

describe("the reference spec", () => {
  test("has its layers in stages, with adapters on q and kv of vision", () => {
    const spatial = stagesOf("specs/medct.vlm", "vision").get("spatial.layers");
    expect(spatial?.columns.map(({ group, label }) => `${group}.${label}`)).toEqual([
      "attn.q",
      "attn.kv",
      "attn.o",
      "ff.up",
      "ff.down",
      ".rest",
    ]);
    expect(spatial?.layers).toHaveLength(4);
    for (const { cells } of spatial?.layers ?? []) {
      expect(cells.map((cell) => cell?.adapters.length)).toEqual([1, 1, 0, 0, 0, 0]);
      expect(cells[0]).toMatchObject({
        parameters: 131_072,
        trained: 0,
        adapters: [{ parameters: 18_432, isTrained: true }],
      });
    }
    expect(stagesOf("specs/medct.vlm", "text").get("layers")?.layers).toHaveLength(12);
  });

  test("shows each adapter once, and every parameter in one cell", () => {
    const plan = planOf("specs/medct.vlm");
    const cells = structureOf(plan).flatMap(({ blocks }) =>
      blocks.flatMap((block) => (block.kind === "part" ? [block.cell] : block.layers.flatMap((layer) => layer.cells))),
    );
    const shown = cells.filter((cell) => cell !== null);
    expect(shown.reduce((sum, { parameters }) => sum + parameters, 0)).toBe(plan.totals.base);
    const adapters = shown.flatMap((cell) => cell.adapters.map(({ path }) => path));
    expect(new Set(adapters).size).toBe(52);
    expect(adapters).toHaveLength(52);
  });

  test.each([350, 1072])("is drawn %i pixels wide, with the rank on each adapter", (width) => {
    const svg = renderDiagram(planOf("specs/medct.vlm"), { width });
    readElements(svg);
    expect(svg).toContain(`viewBox="0 0 ${width} `);
    expect(svg.match(/>24<\/text>/g)).toHaveLength(53);
    const height = Number(/viewBox="0 0 \d+ ([\d.]+)"/.exec(svg)?.[1]);
    expect(height).toBeLessThan(width === 350 ? 1300 : 700);
  });
});

test("stages with ranks of their own have colours of their own", () => {
  const svg = renderDiagram(planOf("examples/placements/rank-per-stage.vlm"), { width: 1072, palette: darkPalette });
  for (const rank of [32, 16, 8]) expect(svg).toContain(`>${rank}</text>`);
  for (const colour of darkPalette.placements.slice(0, 3)) expect(svg).toContain(`fill="${colour}"`);
});

test("modules that are trained themselves are filled", () => {
  const svg = renderDiagram(planOf("examples/placements/heads.vlm"), { width: 350 });
  expect(svg).toContain(`fill="${lightPalette.trained}"`);
  expect(svg).toContain("150,994,944 parameters, trained</title>");
});

test("adapters of every kind in the examples are drawn", () => {
  for (const name of ["bias-only", "bottleneck", "dora", "ia3"]) {
    const plan = planOf(`examples/placements/${name}.vlm`);
    const count = plan.placements.reduce((sum, { adapters }) => sum + adapters.length, 0);
    const svg = renderDiagram(plan, { width: 350 });
    readElements(svg);
    expect(svg.match(/; \w+: [\d,]+ parameters<\/title>/g)).toHaveLength(count);
  }
});
