import { expect, test } from "vitest";
import { combiningProgress } from "../../runtime/app/adapters/combining-progress.ts";

const large = { outputs: 4096, inputs: 4096, groups: 1 };
const small = { outputs: 64, inputs: 64, groups: 1 };

function heard(method: "ties" | "ties_svd", shapes: readonly (typeof large)[], rate: number) {
  const notes: string[] = [];
  const lines: string[] = [];
  let at = 0;
  let measured = 0;
  const pace = {
    now: () => at,
    rate: () => {
      measured++;
      return rate;
    },
  };
  const begin = combiningProgress(
    method,
    shapes,
    { note: (text) => notes.push(text), progress: (text) => lines.push(text) },
    pace,
  );
  for (const [place] of shapes.entries()) {
    begin(place);
    at += 200_000;
  }
  return { notes, lines, measured };
}

test("what decomposes large updates says how long that takes, before it starts and at each module", () => {
  // 4096^3 * 1.5 multiplications each.
  const { notes, lines } = heard("ties_svd", [large, large, large], 1.030792151e9);
  expect(notes).toEqual([
    "ties_svd decomposes whole updates, the largest of 4096 x 4096: about 5 min; --method ties combines both matrices instead",
  ]);
  expect(lines).toEqual([
    "combining 1 of 3 modules, 5 min left",
    "combining 2 of 3 modules, 7 min left",
    "combining 3 of 3 modules, 3 min left",
  ]);
});

test("a fast machine says nothing beforehand", () => {
  const { notes, lines } = heard("ties_svd", [large], 1e12);
  expect([notes, lines]).toEqual([[], ["combining 1 of 1 modules, 0 s left"]]);
});

test("of small updates, and of methods that decompose none, no machine is measured", () => {
  for (const [method, shapes] of [
    ["ties_svd", [small, small]],
    ["ties", [large, large]],
  ] as const)
    expect(heard(method, shapes, 1)).toEqual({
      notes: [],
      lines: ["combining 1 of 2 modules", "combining 2 of 2 modules"],
      measured: 0,
    });
});
