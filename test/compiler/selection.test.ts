import { describe, expect, test } from "vitest";
import { compileSpec, type Plan } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const library = new SpecLibrary("specs/std", "specs/test.vlm");

const head = `
import "std/bert"
import "std/heads"
import "std/ia3"
import "std/linear"
import "std/lora"

let sizes = [1, 2]

function five(times) {
  return 5 * times
}

model m {
  encoder text = bert(vocab = 10, dim = 8, layers = 4, heads = 2, ff = 16, positions = 4)
  let latent = text.hidden |> cls |> linear(4, bias = false)
`;

function compile(rules: string): { readonly plan: Plan | null; readonly codes: readonly string[] } {
  const { plan, diagnostics } = compileSpec(createSource("specs/test.vlm", `${head}${rules}\n}\n`), library);
  return { plan, codes: diagnostics.map(({ code }) => code) };
}

function planOf(rules: string): Plan {
  const { plan, codes } = compile(rules);
  expect(codes.filter((code) => code !== "E508")).toEqual([]);
  if (plan === null) throw new Error("the spec compiles");
  return plan;
}

/** The paths of what is trained, those of adapters by their adapter. */
function trained(rules: string): readonly string[] {
  const paths = planOf(rules).parameters.flatMap(({ path, trainable, ofAdapter }) =>
    trainable ? [ofAdapter ? path.slice(0, path.lastIndexOf(".")) : path] : [],
  );
  return [...new Set(paths)];
}

describe("placements", () => {
  test("a bare name continues the dotted selector before it", () => {
    expect(trained("freeze text, heads.*\nlora(rank = 2) on text.layers[0].attn.q,v")).toEqual([
      "text.layers[0].attention.q.lora",
      "text.layers[0].attention.v.lora",
    ]);
  });

  test("layers are single, ranges without their end, and open", () => {
    const layers = (selector: string): readonly string[] =>
      trained(`freeze text, heads.*\nlora(rank = 2) on ${selector}`).map((path) => /\d+/.exec(path)?.[0] ?? "");
    expect(layers("text.layers[2].attn.q")).toEqual(["2"]);
    expect(layers("text.layers[1..3].attn.q")).toEqual(["1", "2"]);
    expect(layers("text.layers[3..].attn.q")).toEqual(["3"]);
    expect(layers("text.layers[0, 2..4].attn.q")).toEqual(["0", "2", "3"]);
  });

  test.each<[string, readonly string[]]>([
    ["-1", ["3"]],
    ["-2..", ["2", "3"]],
    ["..-3", ["0"]],
    ["..2", ["0", "1"]],
    ["-3..3", ["1", "2"]],
    ["1..-1", ["1", "2"]],
    ["-4..", ["0", "1", "2", "3"]],
    ["0, -1", ["0", "3"]],
    ["-0", ["0"]],
  ])("layers [%s] count from the end where they are negative", (written, expected) => {
    const paths = trained(`freeze text, heads.*\nlora(rank = 2) on text.layers[${written}].attn.q`);
    expect(paths.map((path) => /\d+/.exec(path)?.[0])).toEqual(expected);
  });

  test.each(["-5", "-5..", "..-5", "..5", "4..", "1, -5", "-5..2"])("a list has no layers [%s]", (written) => {
    expect(compile(`lora(rank = 2) on text.layers[${written}].attn.q`).codes).toEqual(["E507"]);
  });

  test.each(["-1..-2", "2..1", "..-4", "..0"])("layers [%s] are none", (written) => {
    expect(compile(`lora(rank = 2) on text.layers[${written}].attn.q`).codes).toEqual(["E501"]);
  });

  test.each<[string, readonly string[]]>([
    ["text.layers[0].*t", ["layers[0].attention.out"]],
    ["text.layers[0].*o*", ["layers[0].attention.out", "layers[0].down"]],
    ["text.layers[0].o*u*t", ["layers[0].attention.out"]],
    ["text.layers[0].up,d*", ["layers[0].up", "layers[0].down"]],
    ["text.lay*[-1].attn.q", ["layers[3].attention.q"]],
    ["text.att*.q except text.layers[..3]", ["layers[3].attention.q"]],
    ["te*.pool*", ["pooler"]],
    ["text.pooler*", ["pooler"]],
  ])("%s is by its name, in which a star stands for any characters", (selectors, expected) => {
    const paths = trained(`freeze text, heads.*\nlora(rank = 2) on ${selectors}`);
    expect(paths).toEqual(expected.map((path) => `text.${path}.lora`));
  });

  test("a star that ends a statement is followed by the next one, and in an expression by its operand", () => {
    const rules =
      "freeze text.pool*\nia3() on text.layers.q*\nlora(rank = 2) also on text.layers.q* except text.lay*[1..]\n";
    expect(compile(rules).codes).toEqual([]);
    expect(trained(`${rules}freeze text, heads.*`)).toHaveLength(5);
  });

  test("names with stars need no blanks around them, and reach no adapters", () => {
    expect(compile("freeze text.pool *").codes).toEqual(["E103"]);
    expect(compile("freeze text.* pooler").codes).toEqual(["E103"]);
    expect(compile("lora(rank = 2) on text.pooler\nfreeze text.**.lo*").codes).toEqual(["E501"]);
  });

  test("a name with stars that means no projection is refused, as a name is", () => {
    expect(compile("lora(rank = 2) on text.emb*").codes).toEqual(["E516"]);
    expect(compile("lora(rank = 2) on text.embeddings.*").codes).toEqual(["E516"]);
    expect(compile("lora(rank = 2) on text.emx*").codes).toEqual(["E501"]);
  });

  test("except takes out what it names and everything below", () => {
    const frozen = "freeze text, heads.*\n";
    expect(trained(`${frozen}lora(rank = 2) on text.attn.q except text.layers[1..]`)).toEqual([
      "text.layers[0].attention.q.lora",
    ]);
    expect(trained("freeze text, heads.* except text.pooler")).toEqual(["text.pooler.weight", "text.pooler.bias"]);
    expect(compile(`${frozen}lora(rank = 2) on text.attn.q\ngroup text except text.layers { lr = 1 }`).codes).toContain(
      "E518",
    );
    expect(compile("freeze text.pooler\ngroup text except heads.latent { lr = 1 }").codes).toEqual(["E515"]);
  });

  test("a group of roles selects its members, and except takes some out", () => {
    const rules = "freeze text, heads.*\nlora(rank = 2) on text.layers[0].attn.qkv except text.layers[0].attn.k";
    expect(trained(rules)).toEqual(["text.layers[0].attention.q.lora", "text.layers[0].attention.v.lora"]);
  });

  test("a wildcard takes what the adapter can adapt and leaves the rest", () => {
    expect(trained("freeze text, heads.*\nlora(rank = 2) on text.layers[0].attention.*")).toEqual(
      ["q", "k", "v", "out"].map((name) => `text.layers[0].attention.${name}.lora`),
    );
  });

  test("heads can be adapted like everything else", () => {
    expect(trained("freeze text, heads.*\nlora(rank = 2) on heads.latent")).toEqual(["heads.latent.lora"]);
  });

  test("a second adapter stands around the first, with names of its own", () => {
    const plan = planOf("freeze text, heads.*\nlora(rank = 2) on heads.latent\nlora(rank = 1) also on heads.latent");
    const adapters = plan.parameters
      .filter(({ ofAdapter }) => ofAdapter)
      .map(({ path, checkpoint }) => [path, checkpoint]);
    expect(adapters).toEqual([
      ["heads.latent.lora.down", "heads.latent.lora_A.weight"],
      ["heads.latent.lora.up", "heads.latent.lora_B.weight"],
      ["heads.latent.lora[1].down", "heads.latent.1.lora_A.weight"],
      ["heads.latent.lora[1].up", "heads.latent.1.lora_B.weight"],
    ]);
  });
});

describe("freeze and train rules", () => {
  const weights = (rules: string): readonly string[] => trained(rules).filter((path) => path.startsWith("text.pooler"));

  test("without a rule everything is trained", () => {
    const { totals } = planOf("");
    expect(totals.trainable).toBe(totals.total);
  });

  test("of the rules that match the last wins, and the plan says which it was", () => {
    expect(weights("freeze text")).toEqual([]);
    expect(weights("freeze text\ntrain text.pooler")).toEqual(["text.pooler.weight", "text.pooler.bias"]);
    expect(weights("freeze text\ntrain text.pooler\nfreeze text.pooler.bias")).toEqual(["text.pooler.weight"]);
    expect(weights("freeze text except text.pooler")).toEqual(["text.pooler.weight", "text.pooler.bias"]);
    const plan = planOf("freeze text\ntrain text.pooler");
    expect(plan.parameters.find(({ path }) => path === "text.pooler.bias")?.rule).toBe("train text.pooler");
  });

  test("a rule reaches an adapter only when it names it", () => {
    const placed = "lora(rank = 2) on text.layers[0].attn.q,v\n";
    expect(trained(`${placed}freeze text, heads.*`)).toHaveLength(2);
    expect(trained(`${placed}freeze text, heads.*, text.**.lora`)).toEqual([]);
    expect(trained(`${placed}freeze text, heads.*, text.**.q.lora`)).toEqual(["text.layers[0].attention.v.lora"]);
    expect(trained(`${placed}freeze text.**, heads.*`)).toHaveLength(2);
  });
});

describe("expectations", () => {
  const holds = (expectation: string, size: number): boolean =>
    compile(`param extra: f32[${size}]\nfreeze text, heads.*\nexpect ${expectation}`).codes.length === 0;

  test.each<[string, number, boolean]>([
    ["trainable = 1.67M", 1_665_000, true],
    ["trainable = 1.67M", 1_674_999, true],
    ["trainable = 1.67M", 1_664_999, false],
    ["trainable = 1.67M", 1_675_001, false],
    ["trainable = 2M", 1_500_001, true],
    ["trainable = 2M", 1_499_999, false],
    ["trainable = 1_670_000", 1_670_000, true],
    ["trainable = 1_670_000", 1_670_001, false],
    ["trainable / (trainable + 100) = 50%", 100, true],
    ["trainable / (trainable + 100) = 50.0%", 101, false],
    ["trainable <= 1K", 1000, true],
    ["trainable < 1K", 1000, false],
    ["total - frozen = trainable", 7, true],
    ["count(text.attn.q) * 2 = count(text.attn.q,v)", 1, true],
    ["trainable(extra) = 5", 5, true],
    ["trainable = five(1)", 5, true],
    ["trainable = 2 * five(sizes[0]) - 3", 7, true],
    ["trainable < max(7, five(2))", 7, true],
    ["trainable = five(2)", 7, false],
  ])("%s of %d is %s", (expectation, size, expected) => {
    expect(holds(expectation, size)).toBe(expected);
  });
});

describe("coverage", () => {
  test("a stage that is covered in part is a warning, unless its count is expected", () => {
    const placed = "freeze text, heads.*\nlora(rank = 2) on text.layers[0..2].attn.q\n";
    expect(compile(placed).codes).toEqual(["E508"]);
    expect(compile(`${placed}expect count(text.layers[0..2].attn.q) = 2`).codes).toEqual([]);
    expect(compile("freeze text, heads.*\nlora(rank = 2) on text.attn.q").codes).toEqual([]);
  });
});
