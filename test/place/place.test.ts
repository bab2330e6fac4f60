import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compileSpec, findPlacements, type PlaceOptions, pasteLines } from "../../compiler/index.ts";
import { createSource, renderDiagnostics } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { defaults, find, library, tiny } from "./tiny.ts";

const ranks = Array.from({ length: 63 }, (_, index) => index + 2);
const reference = "specs/medct.vlm";
const small = "specs/medct-small.vlm";

function place(path: string, options: Partial<PlaceOptions>, change: (text: string) => string = (text) => text) {
  const source = createSource(path, change(readFileSync(path, "utf8")));
  return findPlacements(source, new SpecLibrary("specs/std", path), { ...defaults, atMost: false, ranks, ...options });
}

function placements(path: string, options: Partial<PlaceOptions>) {
  const result = place(path, options);
  if (result.kind !== "found") throw new Error(`found, not ${result.kind}`);
  return result;
}

function refusal(text: string, options: Partial<PlaceOptions>): string {
  const result = findPlacements(createSource("specs/tiny.vlm", text), library, { ...defaults, ...options });
  switch (result.kind) {
    case "found":
      return "found";
    case "refused":
      return `${result.problem.rule}; ${result.problem.help ?? ""}`;
    case "wrong-spec":
      return renderDiagnostics(result.diagnostics, { colour: false });
  }
}

const plain = tiny.replace("RULES", "");

describe("the number of the paper", () => {
  const attention = "vision.attn.qkv,o, text.attn.qkv,o";

  test("1.67M is rank 24 on queries, keys and values of both encoders, before anything else", () => {
    const [first] = placements(reference, { budget: "1.67M", top: 3 }).found.placements;
    expect(first?.lines).toEqual(["lora(rank = 24) on vision.attn.qkv, text.attn.qkv"]);
    expect(first).toMatchObject({ trainable: 1_671_168, adapters: 52, imports: [] });
    expect(first?.share.toFixed(5)).toBe("0.00380");
  });

  test("and where ranks may differ also 24 on all attention of vision with 16 on all attention of text", () => {
    const { found } = placements(reference, { budget: "1.67M", on: attention, ranks: [16, 24] });
    expect(found.placements.map(({ lines }) => lines.join("; "))).toContain(
      "lora(rank = 24) on vision.attn.qkv,o; lora(rank = 16) on text.attn.qkv,o",
    );
    expect(found.placements).toHaveLength(found.count);
  });

  test("at one rank of a usual size, attention of whole encoders gives it with 24 only", () => {
    const usual = ranks.filter((rank) => rank % 8 === 0);
    const { found } = placements(reference, { budget: "1.67M", on: attention, ranks: usual, sameRank: true });
    const whole = found.placements.filter(({ lines }) => !/spatial|temporal/.test(lines.join()));
    expect(new Set(whole.map(({ parts }) => parts[0]?.rank))).toEqual(new Set([24]));
    expect(new Set(whole.map(({ trainable }) => trainable))).toEqual(new Set([1_671_168]));
  });

  test("at other ranks there are further ways to it", () => {
    const { found } = placements(reference, { budget: "1.67M", on: attention, sameRank: true });
    expect(found.placements.map(({ lines, trainable }) => [lines[0], trainable])).toEqual(
      expect.arrayContaining([
        ["lora(rank = 22) on vision.attn.qkv,o, text.attn.qkv", 1_667_072],
        ["lora(rank = 19) on vision.attn.qkv, text.attn.qkv,o", 1_673_216],
      ]),
    );
  });
});

describe("a line that is found, in its spec, gives the count that was told", () => {
  test.each([
    [small, 50, "3.6K", ["lora", "dora", "ia3", "bottleneck"]],
    [reference, 5, "1.67M", ["lora", "dora"]],
  ] as const)("%s", (path, top, budget, kinds) => {
    const { found, bare } = placements(path, { top, budget, kinds });
    expect(found.placements).toHaveLength(top);
    for (const { lines, imports, trainable, adapters, share } of found.placements) {
      const text = pasteLines(bare, lines, imports);
      const { plan, diagnostics } = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path));
      expect(diagnostics).toEqual([]);
      expect(plan?.totals.trainable).toBe(trainable);
      expect(plan?.placements.flatMap((placement) => placement.adapters)).toHaveLength(adapters);
      expect(share).toBeCloseTo(trainable / (plan?.totals.total ?? 0), 12);
    }
  });
});

describe("what a spec trains besides adapters", () => {
  test("counts, whatever its own placements are", () => {
    const { found } = placements("examples/placements/heads.vlm", { budget: "151.4M", top: 1 });
    expect(found.without).toBe(151_388_160);
    expect(found.placements[0]?.trainable).toBeGreaterThan(found.without);
    const one = "lora(rank = 1) on text.attn.q";
    const without = find(plain, { budget: "70", atMost: false }).placements;
    expect(find(tiny.replace("RULES", one), { budget: "70", atMost: false }).placements).toEqual(without);
    expect(without.length).toBeGreaterThan(0);
  });

  test("leaves out what rules freeze of an adapter by its name", () => {
    const frozen = tiny.replace("RULES", "freeze text.**.up");
    const [both] = find(plain, { on: "text.attn.q", ranks: [2] }).placements;
    const [down] = find(frozen, { on: "text.attn.q", ranks: [2] }).placements;
    expect([both?.trainable, down?.trainable]).toEqual([40, 20]);
    expect(refusal(frozen, { budget: "10%" })).toContain("rules freeze a part of `lora`");
  });
});

describe("kinds and ranks", () => {
  test("an adapter of the spec's own, with a count that is no straight line, is counted at every rank", () => {
    const square = `
adapter square(rank: int) wraps base: linear {
  require rank != 3, "not 3"
  param core: f32[rank, rank]
  forward(x: f32[..., base.inputs]) {
    return base(x) + sum(core)
  }
}
`;
    const { placements: found } = find(square + plain, { kinds: ["square"], on: "text.attn.q", ranks: [1, 2, 3, 4] });
    expect(found.map(({ lines, trainable }) => [lines[0], trainable])).toEqual([
      ["square(rank = 4) on text.attn.q", 32],
      ["square(rank = 2) on text.attn.q", 8],
      ["square(rank = 1) on text.attn.q", 2],
    ]);
  });

  test("kinds without a rank have one size, and a size by another name is varied like a rank", () => {
    const kinds = ["ia3", "bottleneck"];
    const { placements: found } = find(plain, { kinds, on: "text.attn.q", ranks: [2] });
    expect(found.map(({ lines, imports }) => [lines[0], imports[0]])).toEqual([
      ["bottleneck(size = 2) on text.attn.q", "std/bottleneck"],
      ["ia3() on text.attn.q", "std/ia3"],
    ]);
  });

  test("those that are tried are the spec's, else those that it knows, and without any they have to be named", () => {
    const kindsOf = (text: string): readonly string[] => {
      const { placements } = find(text, { kinds: null, on: "text.attn.q", ranks: [2] });
      return [...new Set(placements.map(({ kind }) => kind))].toSorted();
    };
    expect(kindsOf(tiny.replace("RULES", "dora(rank = 1) on text.attn.v"))).toEqual(["dora"]);
    expect(kindsOf(plain)).toEqual(["dora", "lora"]);
    const own = `
adapter bend(width: int) wraps base: linear {
  param core: f32[width]
  forward(x: f32[..., base.inputs]) {
    return base(x) + sum(core)
  }
}
`;
    const others = plain.replace('import "std/dora"', "").replace('import "std/lora"', "");
    expect(kindsOf(own + others)).toEqual(["bend"]);
    expect(refusal(others, { kinds: null })).toMatch(
      /^the spec knows no adapter of modules; name kinds with --kinds, of .*lora/,
    );
  });

  test("the first number that has to be given is varied, whatever it is called", () => {
    const block = `
adapter block(width: int, depth: int, rank: int = 1) wraps base: linear {
  param core: f32[width, depth]
  forward(x: f32[..., base.inputs]) {
    return base(x) + sum(core)
  }
}
`;
    const asked = { kinds: ["block"], on: "text.attn.q", ranks: [2] };
    const linesWith = (given: string) =>
      find(block + plain, { ...asked, with: given }).placements.map(({ lines }) => lines[0]);
    expect(linesWith("depth = 3 * width")).toEqual(["block(width = 2, depth = 6) on text.attn.q"]);
    expect(linesWith("width = 5")).toEqual(["block(depth = 2, width = 5) on text.attn.q"]);
    expect(refusal(block + plain, asked)).toBe(
      "`block` needs `depth` besides `width`, which is varied; give it with --with",
    );
  });

  test("further arguments may use the rank", () => {
    const options = { on: "text.attn.q", ranks: [2, 4], with: "alpha = 2 * rank, rank_stabilised = true" };
    expect(find(plain, options).placements.map(({ lines }) => lines[0])).toEqual([
      "lora(rank = 4, alpha = 8, rank_stabilised = true) on text.attn.q",
      "lora(rank = 2, alpha = 4, rank_stabilised = true) on text.attn.q",
    ]);
  });
});

test("stages are offered where an encoder has some, and roles that are fused are taken together", () => {
  expect(find(plain, {}).regions).toEqual([
    { selector: "vision", groups: 3 },
    { selector: "vision.near", groups: 3 },
    { selector: "vision.far", groups: 3 },
    { selector: "text", groups: 7 },
  ]);
  expect(find(plain, { on: "vision.far" }).regions).toEqual([{ selector: "vision.far", groups: 3 }]);
});

test.each<[string, Partial<PlaceOptions>, string]>([
  [plain, { budget: "1.67Q" }, "`1.67Q` is not a number"],
  [plain, { budget: "1 }" }, "`1 }` is not a number"],
  [plain, { budget: "100%", atMost: false }, "below 100%"],
  [plain, { kinds: ["loro"] }, "neither the spec nor the library has an adapter `loro`; did you mean `lora`?"],
  [plain, { kinds: ["lora_parameter"] }, "`lora_parameter` adapts parameters, and placements are tried on modules"],
  [plain, { with: "1, 2" }, "`1, 2` is not a list of arguments"],
  [plain, { with: "beta = 2" }, "`lora` can sit on nothing that has a role; `lora` has no argument `beta`"],
  [plain, { ranks: [99] }, "the rank is larger than the smaller side of the adapted matrix"],
  [plain, { on: "text.attn.w" }, "error[E505]"],
  [plain, { on: "text.attn.[" }, "error[E1"],
  [plain, { on: "text.layers[0].attn.q" }, "`text.layers[0].attn.q` has no role of an encoder or a stage as a whole"],
  [tiny.replace("RULES", "train text"), { budget: "10" }, "the spec trains 284 parameters without any adapter"],
  [
    tiny.replace("RULES", "lora(rank = 1) on text.attn.q\nfreeze text.layers.q.lora"),
    {},
    "the spec's own placements are taken out before others are tried",
  ],
  [tiny.replace("RULES", "oops"), {}, "error[E"],
  ['import "std/linear"', {}, "error[E511]"],
])("what cannot be searched is refused, %#", (text, options, expected) => {
  expect(refusal(text, options)).toContain(expected);
});
