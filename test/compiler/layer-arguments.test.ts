import { describe, expect, test } from "vitest";
import type { Plan } from "../../compiler/index.ts";
import { compiledWith } from "./two-encoders.ts";

/** The ranks of the adapters on what has a role, in the order of the layers. */
function ranksOf(plan: Plan | null, role = "attention.q"): readonly (number | undefined)[] {
  return (plan?.parameters ?? []).flatMap(({ path, shape }) => (path.endsWith(`${role}.lora.down`) ? [shape[0]] : []));
}

function compiled(rules: string): { readonly plan: Plan | null; readonly codes: readonly string[] } {
  const { plan, diagnostics } = compiledWith(rules);
  return { plan, codes: diagnostics.flatMap(({ code, severity }) => (severity === "error" ? [code] : [])) };
}

describe("ranks by layer", () => {
  test.each<[string, readonly number[]]>([
    ["lora(rank = i => 1 + i) on text.attn.q", [1, 2, 3, 4]],
    ["lora(rank = [1, 1, 2, 4]) on text.attn.q", [1, 1, 2, 4]],
    ["lora(rank = [2, 3]) on text.layers[-2..].attn.q", [2, 3]],
    ["lora(rank = i => 1 + i) on text.layers[-2..].attn.q", [3, 4]],
    ["lora(rank = [2, 3]) on text.attn.q except text.layers[1, 2]", [2, 3]],
    ["lora([1, 1, 2, 4]) on text.attn.q", [1, 1, 2, 4]],
    ["lora(rank = i => if i < 2 then 1 else 3, alpha = [1, 2, 3, 4]) on text.attn.q", [1, 1, 3, 3]],
    ["let r = 2\nlet ranks = i => r * (1 + i // 2)\nlora(rank = ranks) on text.attn.q", [2, 2, 4, 4]],
    ["lora(rank = 3) on text.attn.q", [3, 3, 3, 3]],
  ])("%s", (rules, expected) => {
    const { plan, codes } = compiled(rules);
    expect(codes).toEqual([]);
    expect(ranksOf(plan)).toEqual(expected);
  });

  test("a list counts the layers of each list that is selected, for all of its projections", () => {
    const { plan, codes } = compiled("lora(rank = [1, 2, 3]) on image.attn.qkv");
    expect(codes).toEqual([]);
    expect(ranksOf(plan, "to_q")).toEqual([1, 2, 3, 1, 2, 3]);
    expect(ranksOf(plan, "to_kv")).toEqual([1, 2, 3, 1, 2, 3]);
  });

  test.each<[string, string]>([
    ["lora(rank = [1, 2, 3]) on text.attn.q", "E517"],
    ["lora(rank = []) on text.attn.q", "E517"],
    ["lora(rank = [1, 2, 3]) on image.attn.q, text.attn.q", "E517"],
    ["lora(rank = i => 1 + i) on text.attn.q, text.pooler", "E519"],
    ["lora(rank = [2]) on heads.latent", "E519"],
    ["lora(rank = i => 0.5) on text.attn.q", "E403"],
    ["lora(rank = i => i) on text.attn.q", "E406"],
    ['lora(rank = ["a", 1, 1, 1]) on text.attn.q', "E403"],
    ["lora(rank = i => j) on text.attn.q", "E401"],
    ["lora(rank = cls) on text.attn.q", "E403"],
  ])("%s is %s", (rules, code) => {
    const { plan, codes } = compiled(rules);
    expect(codes).toEqual([code]);
    expect(plan).toBeNull();
  });
});
