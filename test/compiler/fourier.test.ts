import { expect, test } from "vitest";
import { compileSpec } from "../../compiler/index.ts";
import { evaluate } from "../../compiler/ir/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const sizes = [
  [1, 5],
  [2, 2],
  [3, 4],
  [5, 7],
  [6, 9],
  [8, 6],
] as const;
const count = 2;
const path = "specs/waves.vlm";
const text = `
import "std/fourierft"

module waves() {
  forward(x: f32[batch, ${count}]) {
    ${sizes
      .map(
        ([rows, columns]) =>
          `let of_${rows}_${columns} = real_inverse_fourier(x[0], drawn_places([${rows}, ${columns}], ${count}, 3), ${rows}, ${columns})`,
      )
      .join("\n    ")}
    let drawn = [${sizes.map(([rows, columns]) => `drawn_places([${rows}, ${columns}], ${count}, 3)`).join(", ")}]
    return x
  }
}

model example {
  encoder e = waves()
}

train {
  batch = 1
}
`;

const { spec, diagnostics } = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path));

test.each(sizes)("an inverse Fourier transform of %i x %i is the sum of its waves", (rows, columns) => {
  expect(diagnostics).toEqual([]);
  const value = spec?.named.get(`e.of_${rows}_${columns}`);
  const places = spec?.graph.nodes.find(
    ({ operation }) => operation.op === "drawn_places" && operation.sizes.join() === `${rows},${columns}`,
  );
  if (value === undefined || places === undefined) throw new Error("the spec compiles");
  const x = { type: { dtype: "f32", shape: [1, count] }, data: Float64Array.of(1.5, -0.75) } as const;
  const given = { inputs: new Map([["x", x]]), parameters: new Map() };
  const values = evaluate([value, places], given, "f64");
  const [found, drawn] = [value, places].map((node) => values.get(node)?.data ?? []);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let sum = 0;
      for (const [index, size] of x.data.entries()) {
        const [u, v] = [drawn?.[index] ?? Number.NaN, drawn?.[count + index] ?? Number.NaN];
        sum += size * Math.cos(2 * Math.PI * ((u * row) / rows + (v * column) / columns));
      }
      expect(found?.[row * columns + column]).toBeCloseTo(sum / (rows * columns), 12);
    }
  }
});
