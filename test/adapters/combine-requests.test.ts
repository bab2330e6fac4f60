import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { CombineRequest } from "../../runtime/app/adapters/combine.ts";
import { compilePath } from "../../runtime/specs/index.ts";
import { writeSafetensors } from "../../runtime/weights/index.ts";
import { medctc, prepareProgram } from "../cli/medctc.ts";
import {
  arithmeticOn,
  ctclip,
  distance,
  few,
  north,
  peft,
  plain,
  small,
  south,
  tensorsIn,
} from "./arithmetic-requests.ts";
import { fixture } from "./combine-cases.ts";
import { smallSpecWith } from "./small-spec.ts";

const { folder, into, combine, changed, runFolder } = arithmeticOn();
beforeAll(prepareProgram);

describe("combining", () => {
  test("by cat is the weighted sum, and says so; by linear it says how far from that it is", () => {
    const cat = combine([north, few], { method: "cat", weights: [0.5, -2] });
    expect(cat.heard).toEqual([]);
    expect(cat.value?.ranks).toEqual([4, 6, 7]);
    expect(cat.value?.sum?.distance).toBeLessThan(1e-6 * (cat.value?.sum?.norm ?? 0));
    const linear = combine([north, south], { method: "linear" });
    expect((linear.value?.sum?.distance ?? 0) / (linear.value?.sum?.norm ?? 1)).toBeGreaterThan(0.1);
  });

  test("opposite weights of one adapter leave nothing", () => {
    const { value } = combine([north, north], { weights: [1, -1] });
    expect(value?.sum?.norm).toBeLessThan(1e-6);
  });

  test("of adapters without common modules keeps both", () => {
    const half = (isKept: (name: string) => boolean, modules: readonly string[]) =>
      changed(north, (all) => plain(new Map([...all].filter(([name]) => isKept(name)))), { target_modules: modules });
    const [one, two] = [
      half((name) => name.includes("first"), ["first"]),
      half((name) => !name.includes("first"), ["second", "square", "point", "words"]),
    ];
    const { value, heard } = combine([one, two], { weights: [1, 1], method: "cat" });
    expect(heard).toEqual([]);
    expect(value?.modules).toBe(5);
    expect(distance(north, into())).toBeLessThan(1e-6);
  });

  test.each<readonly [string, readonly string[], Partial<CombineRequest>, string]>([
    [
      "weights that are too few",
      [north, south],
      { weights: [1] },
      "the number of adapters is 2, and that of weights 1",
    ],
    ["one adapter", [north], { method: "ties", density: 0.5 }, "there is nothing to combine with one adapter"],
    ["a density where there is none", [north, south], { method: "cat", density: 0.5 }, "`cat` has no --density"],
    ["no density", [north, south], { method: "ties_svd" }, "`ties_svd` needs --density"],
    ["a rank of a method that keeps it", [north, south], { method: "linear", rank: 2 }, "`linear` has no --rank"],
    [
      "a sign of DARE without a vote",
      [north, south],
      { method: "dare_linear", density: 0.5, sign: "total" },
      "has no --sign",
    ],
  ])("refuses what is asked for in another way: %s", (_, adapters, more, message) => {
    const { ended, heard } = combine(adapters, more);
    expect([ended.kind, heard]).toEqual(["misused", [expect.stringContaining(message)]]);
  });

  test("refuses different ranks by methods that take each matrix by itself, and combines them by svd", () => {
    const { ended, heard } = combine([north, few], { method: "ties", density: 0.5 });
    expect([ended.kind, heard]).toEqual([
      "refused",
      ["E736: `ties` combines updates of the same rank, but those of `first` have the ranks 4 and 2"],
    ]);
    expect(combine([north, few]).ended.kind).toBe("done");
  });

  test("refuses lengths of DoRA, rows of tables, what was trained besides, and a mix of kinds, each by its name", () => {
    const ones = { shape: [10], data: new Float32Array(10).fill(1) };
    const withTensor = (name: string) =>
      changed(north, (all) => [...plain(all), [`base_model.model.${name}`, ones]], {
        use_dora: name.endsWith(".lora_magnitude_vector"),
      });
    for (const [name, why] of [
      ["first.lora_magnitude_vector", "has lengths of rows, of DoRA"],
      ["words.token_adapter.trainable_tokens_delta", "has rows of a table"],
      ["first.bias", "was trained besides the adapters"],
      ["second.hada_w1_a", "is of an adapter whose update is not scale x B A"],
    ] as const) {
      const { ended, heard } = combine([withTensor(name), south]);
      expect([ended.kind, heard.length, heard[0]]).toEqual(["refused", 1, expect.stringContaining(why)]);
      expect(heard[0]).toContain(`E733: \`${name.replace(".token_adapter", "")}\` in `);
    }
    const mixed = combine([join(fixture, "factors-a"), north], { method: "linear" });
    expect(mixed.heard).toEqual([expect.stringContaining("E734: the update of `first` is [10, 1] of outputs")]);
  });

  test("refuses factors by anything but linear, of other modules, and warns of weights that do not keep their size", () => {
    const factors = ["a", "b"].map((name) => join(fixture, `factors-${name}`));
    expect(combine(factors).heard).toEqual([expect.stringContaining("which only --method linear combines")]);
    const [first = "", second = ""] = factors;
    const fewer = changed(second, (all) => [...plain(all)].slice(0, 1), { target_modules: ["first"] });
    expect(combine([first, fewer], { method: "linear" }).heard).toEqual([
      expect.stringContaining("has no factors, but"),
    ]);
    expect(combine(factors, { method: "linear", weights: [1, 1] }).heard).toEqual([
      expect.stringContaining("the weights sum to 2"),
    ]);
  });

  test("refuses shapes that differ, names of an encoder alone, and values that are not finite", () => {
    const other = changed(north, function* (all) {
      for (const [name, tensor] of plain(all)) {
        const [rank = 0, inputs = 0] = tensor.shape;
        yield name.includes("first.lora_A")
          ? [name, { shape: [rank, inputs - 1], data: tensor.data.slice(rank) }]
          : [name, tensor];
      }
    });
    expect(combine([north, other]).heard).toEqual([
      `E734: the update of \`first\` is [10, 12] in \`${north}\`, but [10, 11] in \`${other}\``,
    ]);
    const encoder = changed(
      peft,
      function* (all) {
        for (const [name, tensor] of plain(all))
          if (name.includes("text_transformer")) yield [name.replace("text_transformer.", ""), tensor];
      },
      { target_modules: ["query", "value"] },
    );
    expect(combine([peft, encoder]).heard).toEqual([
      expect.stringContaining("E735: `text_transformer.encoder.layer.0"),
    ]);
    const placed = combine([peft, encoder], { forSpec: small, weights: [0.5, 0.5] });
    expect([placed.heard, placed.value?.modules]).toEqual([[], 12]);
    const damaged = changed(north, function* (all) {
      for (const [name, { shape, data }] of plain(all))
        yield [name, { shape, data: name.includes("second.lora_B") ? data.fill(Number.NaN) : data }];
    });
    const cut = changed(north, function* (all) {
      for (const [name, tensor] of plain(all)) if (!name.includes("second.lora_B")) yield [name, tensor];
    });
    expect(combine([north, cut]).heard).toEqual([
      expect.stringContaining(
        "it has `base_model.model.second.lora_A.weight`, but not `base_model.model.second.lora_B.weight`",
      ),
    ]);
    expect(combine([north, damaged]).heard).toEqual([
      `E737: the update of \`second\` in \`${damaged}\` has values that are not finite`,
    ]);
  });

  test("refuses adapters that were trained on other inputs, with both sides, and warns of other weights", () => {
    const input = { kind: "tokens", length: 8, vocabulary: 100 };
    const contract = (length: number) =>
      new Map([["medctc.contract", JSON.stringify({ version: 2, inputs: { report: { ...input, length } } })]]);
    const [one, two] = [changed(north, plain, {}, contract(8)), changed(south, plain, {}, contract(16))];
    expect(combine([one, two]).heard).toEqual([
      `E732: \`report\`: \`${one}\` was trained with \`length = 8\`, but \`${two}\` with \`length = 16\``,
    ]);
    const based = ["org/model", "other/model"].map((name) => changed(north, plain, { base_model_name_or_path: name }));
    const { value, heard } = combine(based);
    expect([value?.modules, heard]).toEqual([5, [expect.stringContaining("was trained on org/model, ")]]);
    const same = combine([one, changed(south, plain, {}, contract(8))]);
    expect(same.heard).toEqual([]);
    expect(readFileSync(join(into(), "adapter_model.safetensors"), "latin1")).toContain("medctc.contract");
  });

  test("takes scales of runs from their recorded spec, from one that is named, or from nowhere", () => {
    const run = runFolder(small);
    const recorded = combine([run, peft], { method: "cat", weights: [1, 1] });
    expect([recorded.heard, recorded.value?.modules]).toEqual([[], 12]);
    const norms = recorded.value?.adapters.map(({ norm }) => norm);
    const named = combine([join(run, "adapter.safetensors"), peft], { forSpec: small });
    expect(named.value?.adapters.map(({ norm }) => norm)).toEqual(norms);
    const unknown = combine([join(run, "adapter.safetensors"), peft]);
    expect(unknown.heard).toEqual([expect.stringContaining("E714: nothing says the alpha of the 12 LoRA updates in")]);
    const other = join(folder, "other.vlm");
    writeFileSync(other, smallSpecWith(["lora(rank = 2, alpha = 8) on vision.attn.qkv, text.attn.q,v"]));
    expect(combine([run, peft], { forSpec: other }).heard[0]).toMatch(/E733: .* has rank 4, but 2 in .*other\.vlm/);
  });

  test("takes loralib's names with the spec that says their scale, as it takes PEFT's", () => {
    const file = join(folder, "loralib.safetensors");
    const tensors = [...plain(tensorsIn(join(peft, "adapter_model.safetensors")))].map(
      ([name, tensor]) => [name.replace("base_model.model.", "").replace(/\.weight$/, ""), tensor] as const,
    );
    writeFileSync(file, writeSafetensors(new Map(tensors)));
    const spec = join(folder, "loralib.vlm");
    const placed = ["loralib(rank = 4, alpha = 8) on vision.attn.qkv, text.attn.q,v"];
    writeFileSync(spec, smallSpecWith(placed, 'import "std/loralib"\n'));
    const { value } = combine([file, peft], { method: "cat", weights: [0.25, 0.75], forSpec: spec });
    expect(value?.modules).toBe(12);
    expect(distance(peft, into())).toBeLessThan(1e-6);
    const unknown = combine([file, peft]);
    expect(unknown.heard).toEqual([expect.stringContaining("E714: nothing says the alpha of the 12 LoRA updates in")]);
  });

  test("writes a variant of the spec that has the placements of the result", () => {
    const { value, heard } = combine([peft, runFolder(small)], { rank: 3, forSpec: small });
    expect(heard).toEqual([]);
    expect(
      readFileSync(value?.variant ?? "", "utf8"),
    ).toBe(`# The adapter beside this file, in the model of medct-small.vlm.
import "specs/medct-small"
import "std/lora"

model medct_small_adapted amends medct_small {
  lora(rank = 3, alpha = 3) on vision.attn.qkv, text.attn.q,v

  expect trainable = 2_688
}
`);
    const { plan, diagnostics } = compilePath(value?.variant ?? "");
    expect([plan?.totals.trainable, diagnostics]).toEqual([2688, []]);
  });

  test("says why there is no variant where the rank is higher than a matrix is wide", () => {
    const { value, heard } = combine(
      Array.from({ length: 9 }, () => peft),
      { method: "cat", forSpec: small },
    );
    expect(value?.variant).toBeNull();
    expect(heard).toEqual([expect.stringMatching(/adapter.vlm is not written: .*the rank is larger/)]);
  });
});

test("adapter merge takes one adapter, and names the command that makes one of several", () => {
  const given = ["--weights", join(ctclip, "weights.safetensors"), "--adapter", peft, "--adapter", peft];
  const { code, err } = medctc(["adapter", "merge", small, ...given, "-o", join(folder, "merged.safetensors")]);
  expect([code, err]).toEqual([2, expect.stringContaining("medctc adapter combine makes one of several")]);
});
