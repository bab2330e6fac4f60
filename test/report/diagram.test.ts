import { describe, expect, test } from "vitest";
import { printType } from "../../compiler/index.ts";
import { darkPalette, lightPalette, renderDiagram } from "../../runtime/report/index.ts";
import { graphOf } from "../../runtime/report/picture/flow-graph.ts";
import { kindsOf, printIndices } from "../../runtime/report/picture/layer-kinds.ts";
import { layOutInRows } from "../../runtime/report/picture/layered.ts";
import { layOutInColumn } from "../../runtime/report/picture/stacked.ts";
import { type Stage, structureOf } from "../../runtime/report/picture/structure.ts";
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

  test.each([350, 1072])("is drawn %i pixels wide, with the rank on the adapters of each kind of layer", (width) => {
    const svg = renderDiagram(planOf("specs/medct.vlm"), { width });
    readElements(svg);
    expect(svg).toContain(`viewBox="0 0 ${width} `);
    expect(svg.match(/>24<\/text>/g)).toHaveLength(1 + 2 + 2 + 3);
    const height = Number(/viewBox="0 0 \d+ ([\d.]+)"/.exec(svg)?.[1]);
    expect(height).toBeLessThan(width === 350 ? 2000 : 1200);
  });

  test("shows every unit with its shape, and an arrow for each value that flows", () => {
    const plan = planOf("specs/medct.vlm");
    const svg = renderDiagram(plan, { width: 1072 });
    for (const { name, type } of plan.flow.units) {
      expect(svg).toContain(`>${name}</text>`);
      if (type !== null) expect(svg).toContain(`>${printType(type)}</text>`);
    }
    for (const value of ["vision.tokens, f32[8, 24, 24, 24, 512]", "text.hidden, f32[8, 512, 768]"]) {
      expect(svg).toContain(`<title>${value}</title><path d="M`);
    }
    expect(svg.match(/stroke-width="1.5"\/>/g)).toHaveLength(plan.flow.arrows.length);
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
  expect(svg).toContain("150,994,944 parameters, trained (weight [512, 294912])</title>");
});

test("adapters of every kind in the examples are drawn", () => {
  for (const name of ["bias-only", "bottleneck", "dora", "ia3"]) {
    const plan = planOf(`examples/placements/${name}.vlm`);
    const adapted = structureOf(plan).flatMap(({ blocks }) =>
      blocks.flatMap((block) => (block.kind === "stage" ? kindsOf(block).flatMap(({ cells }) => cells) : [block.cell])),
    );
    const count = adapted.reduce((sum, cell) => sum + (cell?.adapters.length ?? 0), 0);
    const svg = renderDiagram(plan, { width: 350 });
    readElements(svg);
    expect(count).toBeGreaterThan(3);
    expect(svg.match(/; \w+: [\d,]+ parameters \([^<]*<\/title>/g)).toHaveLength(count);
  }
});

describe("layers that are alike", () => {
  test("are one row, however many they are", () => {
    const [vision, text] = structureOf(planOf("test/browser/deep.vlm")).map(({ blocks }) =>
      blocks.flatMap((block) => (block.kind === "stage" ? kindsOf(block) : [])),
    );
    const rows = vision?.map(({ indices, count, cells }) => [indices, count, cells[0]?.adapters.length]);
    expect(rows).toEqual([
      ["0–2, 4–49, 51–89", 88, 0],
      ["3", 1, 1],
      ["50", 1, 0],
      ["90–99", 10, 1],
    ]);
    expect(text?.map(({ indices }) => indices)).toEqual(["0–23"]);
  });

  test.each([
    [[7], "7"],
    [[0, 1, 2, 3], "0–3"],
    [[0, 2, 4, 6, 8], "0, 2 … 8"],
    [[1, 3, 5], "1, 3, 5"],
    [[0, 1, 2, 5, 8, 9], "0–2, 5, 8–9"],
  ])("have their numbers in few words: %j", (indices, text) => {
    expect(printIndices(indices)).toBe(text);
  });
});

describe("the layout", () => {
  const graph = graphOf(planOf("test/browser/deep.vlm").flow);
  const isEncoder = (unit: number): boolean => graph.units[unit]?.kind === "encoder";
  const heightOf = (unit: number): number => 40 + 10 * unit;
  const layouts = [
    ["in rows", layOutInRows(graph, 1072, (unit) => (isEncoder(unit) ? null : 200), heightOf)],
    ["in a column", layOutInColumn(graph, 350, heightOf)],
  ] as const;

  test.each(layouts)("%s has every unit in the picture, and none on another", (_, layout) => {
    const places = [...(layout?.places.values() ?? [])];
    expect(places).toHaveLength(graph.units.length);
    for (const [index, a] of places.entries()) {
      expect(a.x).toBeGreaterThanOrEqual(0);
      expect(a.y + a.height).toBeLessThanOrEqual(layout?.height ?? 0);
      for (const b of places.slice(index + 1)) {
        const isApart = a.x + a.width < b.x || b.x + b.width < a.x || a.y + a.height < b.y || b.y + b.height < a.y;
        expect(isApart).toBe(true);
      }
    }
  });

  test.each(layouts)("%s has every unit below all that it uses", (_, layout) => {
    expect(graph.connections.length).toBeGreaterThan(9);
    for (const { from, to } of graph.connections) {
      const [above, below] = [layout?.places.get(from), layout?.places.get(to)];
      expect((above?.y ?? 0) + (above?.height ?? 0)).toBeLessThan(below?.y ?? 0);
    }
  });

  test("is in rows only where those fit", () => {
    expect(layOutInRows(graph, 600, (unit) => (isEncoder(unit) ? null : 200), heightOf)).toBeNull();
  });

  test("leaves out an arrow that would close a circle", () => {
    const unit = { text: "", type: null, components: [], steps: [] };
    const flow = {
      units: [
        { kind: "encoder", name: "a", ...unit },
        { kind: "encoder", name: "b", ...unit },
      ],
      arrows: [
        { from: 0, to: 1, value: "a.x", type: { dtype: "f32", shape: [2] } },
        { from: 1, to: 0, value: "b.x", type: { dtype: "f32", shape: [2] } },
      ],
    } as const;
    const { connections, rows } = graphOf(flow);
    expect(connections).toHaveLength(1);
    expect(rows.flat()).toHaveLength(2);
  });
});
