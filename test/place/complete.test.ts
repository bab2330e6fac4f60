import { describe, expect, test } from "vitest";
import type { FoundPlacement, Plan } from "../../compiler/index.ts";
import { find, planOf, tiny } from "./tiny.ts";

/** Every adapter of a plan with the shapes of its parameters: what a placement is, however it is written. */
function meaningOf({ parameters }: Plan): string {
  return parameters
    .filter(({ ofAdapter }) => ofAdapter)
    .map(({ path, shape }) => `${path} ${shape.join("x")}`)
    .sort()
    .join("; ");
}

const ranks = [1, 4];
const inVision = ["q", "kv", "qkv"];
const inText = [
  "attn.q",
  "attn.v",
  "attn.q,v",
  "ff.up",
  "attn.q, text.ff.up",
  "attn.v, text.ff.up",
  "attn.q,v, text.ff.up",
];

function lines(component: string, roles: readonly string[]): readonly string[] {
  return roles.flatMap((role) => ranks.map((rank) => `  lora(rank = ${rank}) on ${component}.${role}`));
}

/** Every spec of the space, compiled: its trainable count by what it means. Those that do not compile are none of it. */
function bruteForce(rules: string): ReadonlyMap<string, number> {
  const attention = inVision.map((role) => `attn.${role}`);
  const near = ["", ...lines("vision.near", attention)];
  const far = ["", ...lines("vision.far", attention)];
  const vision = [
    ...lines("vision", attention),
    ...near.flatMap((first) => far.map((second) => `${first}\n${second}`)),
  ];
  const found = new Map<string, number>();
  for (const above of vision) {
    for (const below of ["", ...lines("text", inText)]) {
      const plan = planOf(tiny.replace("RULES", `${rules}\n${above}\n${below}`));
      if (plan === null) continue;
      const meaning = meaningOf(plan);
      if (meaning !== "") found.set(meaning, plan.totals.trainable);
    }
  }
  return found;
}

function compiled({ lines: placed, trainable }: FoundPlacement, rules: string): readonly [string, number] {
  const plan = planOf(tiny.replace("RULES", [rules, ...placed].join("\n")));
  if (plan === null) throw new Error(`a placement that is found compiles: ${placed.join("; ")}`);
  expect(plan.totals.trainable).toBe(trainable);
  return [meaningOf(plan), trainable];
}

describe("the search is complete", () => {
  const rules = "  train vision.near.out.bias";
  const all = bruteForce(rules);
  const spec = tiny.replace("RULES", rules);
  const found = find(spec, { ranks });

  test("every spec of the space that compiles is found once, with the count of its plan, and nothing else is", () => {
    const meanings = found.placements.map((placement) => compiled(placement, rules));
    expect(new Set(meanings.map(([meaning]) => meaning)).size).toBe(meanings.length);
    expect(new Map(meanings)).toEqual(new Map(all));
    expect(found.count).toBe(all.size);
    expect(all.size).toBeGreaterThan(400);
  });

  test.each(["100", "150", "0.15K", "0.2K", "40%"])(
    "for a budget of %s those are found whose count meets it",
    (budget) => {
      const exact = find(spec, { ranks, budget, atMost: false });
      const { least, most } = exact.range;
      const expected = [...all.values()].filter((count) => count >= least && count <= most);
      expect(exact.placements.map(({ trainable }) => trainable).sort()).toEqual(expected.sort());
      expect(exact.count).toBe(expected.length);
      expect(expected.length).toBeGreaterThan(0);
      const share = budget.endsWith("%") ? " / total" : "";
      for (const { lines: placed } of exact.placements.slice(0, 8)) {
        const expectation = `expect trainable${share} = ${budget}`;
        const plan = planOf(tiny.replace("RULES", [rules, ...placed, expectation].join("\n")));
        expect(plan?.expectations.map(({ holds }) => holds)).toEqual([true]);
      }
    },
  );

  test("with one rank for all, those are found that have one", () => {
    const one = find(spec, { ranks, sameRank: true });
    const expected = found.placements.filter(({ parts }) => new Set(parts.map(({ rank }) => rank)).size === 1);
    const written = (placements: readonly FoundPlacement[]): readonly string[] =>
      placements.map((placement) => placement.lines.join("; ")).sort();
    expect(written(one.placements)).toEqual(written(expected));
    expect(one.count).toBe(expected.length);
  });

  test("the count is that of the list also where most is only counted, and a short list is the head of the long one", () => {
    const { placements, count } = find(spec, { ranks: [1, 2, 3, 4, 5], budget: "120", atMost: false });
    expect(placements).toHaveLength(count);
    const few = find(spec, { ranks: [1, 2, 3, 4, 5], budget: "120", atMost: false, top: 7 });
    expect(few).toMatchObject({ count, placements: placements.slice(0, 7) });
  });
});
