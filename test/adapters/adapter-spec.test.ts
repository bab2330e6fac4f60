import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { adapterUpdates } from "../../runtime/adapters/index.ts";
import { placementsOfAdapter } from "../../runtime/app/adapters/placements.ts";
import { adapterSpectra } from "../../runtime/app/adapters/spectra.ts";
import { noCard } from "../../runtime/app/export/card.ts";
import { compilePath } from "../../runtime/specs/index.ts";
import { listeningReporter } from "./listening-reporter.ts";
import { smallSpecWith } from "./small-spec.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-adapter-spec-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("AdaLoRA's layers are placed by the rank that each has left, whatever its training was set to", () => {
  const reporter = listeningReporter();
  const found = placementsOfAdapter("test/fixtures/peft-adalora/pair-ranks", null, reporter);
  expect(reporter.heard).toEqual([]);
  const groups = found.kind === "done" && found.value.kind === "modules" ? found.value.groups : [];
  const placed = new Map(groups.map(({ call, modules }) => [call, modules.toSorted()]));
  expect(placed).toEqual(
    new Map([
      ["adalora(rank = 3, alpha = 5, initial = 4)", ["first"]],
      ["adalora(rank = 2, alpha = 5, initial = 4)", ["second"]],
      ["adalora(rank = 1, alpha = 5, initial = 4)", ["last"]],
    ]),
  );
});

test("layers of different ranks get a placement for each rank, and a variant that warns of nothing", () => {
  const reporter = listeningReporter();
  const into = join(folder, "truncated");
  const given = { adapter: "test/fixtures/ctclip-small/peft_adapter", forSpec: "specs/medct-small.vlm", folder: into };
  const options = { other: null, weights: null, copy: null, rank: null, energy: 0.9, card: noCard };
  expect(adapterSpectra({ ...given, ...options }, reporter).kind).toBe("done");
  expect(reporter.heard).toEqual([]);
  const variant = join(into, "adapter.vlm");
  const text = readFileSync(variant, "utf8");
  expect(text.match(/^ {2}lora\(.*$/gm)).toHaveLength(2);
  expect(text).toMatch(/expect count\(.+\) = \d+$/m);
  const { diagnostics, plan } = compilePath(variant);
  expect(diagnostics).toEqual([]);
  expect(plan?.placements.map(({ adapters }) => adapters.length).reduce((sum, count) => sum + count, 0)).toBe(12);
});

test("a prompt, which PEFT has for the whole model, is placed on the one module that takes it", () => {
  const prompt = "test/fixtures/peft-prompts/prompt";
  const encoder = (name: string) =>
    `encoder ${name} = bert(vocab = 30, dim = 16, layers = 2, heads = 2, ff = 24, positions = 12, length = 7, pooler = false) named "${name}.*"`;
  const specOf = (...names: readonly string[]) => {
    const path = join(folder, `${names.join("-")}.vlm`);
    const sums = names.map((name) => `loss mean(${name}.hidden)`);
    writeFileSync(
      path,
      ['import "std/bert"', "model small {", ...names.map(encoder), ...sums, "}", "train {", "batch = 2", "}"].join(
        "\n",
      ),
    );
    return path;
  };
  const placed = (spec: string | null) => {
    const reporter = listeningReporter();
    return { found: placementsOfAdapter(prompt, spec, reporter), heard: reporter.heard };
  };
  expect(placed(null).found).toMatchObject({
    value: { groups: [{ call: "prompt(tokens = 4)", modules: [], wraps: ["bert_embeddings"] }] },
  });
  const one = placed(specOf("text"));
  expect(one.heard).toEqual([]);
  expect(one.found).toMatchObject({
    value: { lines: ["prompt(tokens = 4) on text.embeddings"], libraries: ["prompt"] },
  });
  const two = placed(specOf("text", "report"));
  expect(two.heard.at(-1)).toContain("has `text.embeddings`, `report.embeddings`");
});

/** LoRA under other names than std's. */
const ownLora = `adapter damped(size: int, strength: float = size) wraps base: linear {
  peft LORA(r = size, lora_alpha = strength, unread = ["lora_dropout"])
  param down: f32[size, base.inputs] = uniform(1 / sqrt(base.inputs)) named "lora_A.weight"
  param up: f32[base.outputs, size] = zeros named "lora_B.weight"
  forward(x: f32[..., base.inputs]) {
    return base(x) + strength / size * matmul(matmul(x, down, transpose_b = true), up, transpose_b = true)
  }
}
`;

test.each([
  ["of its own", ownLora, "damped"],
  ["that it imports", 'import "./mine"\n', "damped"],
  ["that it imports by another name", 'import "./mine" as m\n', "m.damped"],
] as const)(
  "an adapter of a spec, %s, takes the place of the library's, and the variant fits the file",
  (_, before, name) => {
    const own = mkdtempSync(join(folder, "own-"));
    const spec = join(own, "spec.vlm");
    writeFileSync(join(own, "mine.vlm"), `import "std/linear"\n\n${ownLora}`);
    writeFileSync(
      spec,
      smallSpecWith(["lora(rank = 4, alpha = 8) on vision.attn.qkv"], `import "std/linear"\n${before}`),
    );
    const reporter = listeningReporter();
    const given = { adapter: "test/fixtures/ctclip-small/peft_adapter", forSpec: spec, folder: own };
    const options = { other: null, weights: null, copy: null, rank: 3, energy: null, card: noCard };
    expect(adapterSpectra({ ...given, ...options }, reporter).kind).toBe("done");
    expect(reporter.heard).toEqual([]);
    const { diagnostics, plan, spec: traced } = compilePath(join(own, "adapter.vlm"));
    expect(diagnostics).toEqual([]);
    expect(plan?.placements.map(({ text }) => text.split(" on ")[0])).toEqual([`${name}(size = 3, strength = 8)`]);
    const updates = plan === null || traced === null ? [] : adapterUpdates(traced, plan);
    expect(updates).toHaveLength(12);
    expect(
      new Set(updates.map((each) => (each.kind === "low-rank" ? [each.rank, each.scale].join() : each.kind))),
    ).toEqual(new Set(["3,2.66666666667"]));
  },
);
