import { describe, expect, test } from "vitest";
import { assignedSource, compileSpec } from "../../compiler/index.ts";
import { createSource, renderDiagnostics } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const text = `import "std/bert"
import "std/heads"
import "std/contrastive"
import "std/linear"
import "std/lora"

model m {
  encoder first = bert(vocab = 20, dim = 8, layers = 2, heads = 2, ff = 16, positions = 6)
  encoder second = bert(vocab = 20, dim = 8, layers = 2, heads = 2, ff = 16, positions = 6)
  let a = first.hidden |> cls |> linear(4) |> l2_normalize
  let b = second.hidden |> cls |> linear(4) |> l2_normalize
  param temperature: f32[] = constant(1.0)
  freeze first, second
  lora(rank = 2) on first.attn.q
  lora(rank = 4, alpha = 8) on second.attn.v
  loss contrastive(a, b, exp(temperature))
  expect count(first.attn.q) = 2
}

train {
  optimizer = adamw(lr = 1e-4)  # as the paper has it
  batch = 2  # small
}
`;

const source = createSource("m.vlm", text);
const library = new SpecLibrary("specs/std", "m.vlm");

const compiled = (...set: readonly string[]) => compileSpec(source, library, { set });

/** Lines of the text that assignments replace, and what stands there then. */
function changed(...set: readonly string[]): readonly string[] {
  const before = new Set(text.split("\n"));
  return assignedSource(source, set)
    .source.text.split("\n")
    .filter((line) => !before.has(line))
    .map((line) => line.trim());
}

describe("an assignment", () => {
  test.each([
    [["train.batch=4"], ["batch = 4  # small"]],
    [["train.batch=4", "train.batch = 8"], ["batch = 8  # small"]],
    [["train.epochs=3"], ["epochs = 3"]],
    [["train.lr=1e-3"], ["optimizer = adamw(lr = 1e-3)  # as the paper has it"]],
    [["train.optimizer.eps=1e-6"], ["optimizer = adamw(lr = 1e-4, eps = 1e-6)  # as the paper has it"]],
    [["train.weight_decay=0"], ["optimizer = adamw(lr = 1e-4, weight_decay = 0)  # as the paper has it"]],
    [["train.warmup=9"], ["schedule = constant(warmup = 9)"]],
    [["train.optimizer=sgd", "train.lr=1"], ["optimizer = sgd(lr = 1)  # as the paper has it"]],
    [["data.size=[2, 3, 4]"], ["data {", "size = [2, 3, 4]"]],
    [["model.first.layers=3"], [expect.stringContaining("layers = 3")]],
    [["model.temperature=constant(2)"], ["param temperature: f32[] = constant(2)"]],
    [["model.lora.rank=1"], ["lora(rank = 1) on first.attn.q", "lora(rank = 1, alpha = 8) on second.attn.v"]],
    [
      ["model.lora.alpha=3"],
      ["lora(rank = 2, alpha = 3) on first.attn.q", "lora(rank = 4, alpha = 3) on second.attn.v"],
    ],
  ])("%j stands in its place in the text", (set, lines) => {
    expect(changed(...set)).toEqual(lines);
  });

  test("means what the text means in which it stands", () => {
    const set = ["train.lr=1e-3", "model.lora.rank=3", "model.first.layers=1", "train.batch=4"];
    const { plan, spec } = compiled(...set);
    const written = compileSpec(assignedSource(source, set).source, library);
    expect(plan).not.toBeNull();
    expect(plan).toEqual(written.plan);
    expect(spec?.settings).toEqual(written.spec?.settings);
    expect(spec?.settings.learningRate).toBe(1e-3);
    expect(plan?.placements.map(({ text: line }) => line)[0]).toBe("lora(rank = 3) on first.attn.q");
  });

  test("that changes the model leaves out what was expected of it, and says so", () => {
    const { diagnostics } = compiled("model.first.layers=1");
    expect(diagnostics.map(({ code, severity }) => [code, severity])).toEqual([["E802", "warning"]]);
  });

  test("that changes a setting leaves expectations", () => {
    const wrong = createSource("m.vlm", text.replace("= 2\n}", "= 3\n}"));
    expect(compileSpec(wrong, library, { set: ["train.lr=1"] }).diagnostics.map(({ code }) => code)).toEqual(["E509"]);
  });

  test.each([
    ["train.lr=abc", "E602", "1:10"],
    ["train.bacth=4", "E601", "1:7"],
    ["train.schedule.warmup=4", "E801", "1:1"],
    ["train.warmup=-4", "E602", "1:14"],
    ["model.lora.rnak=4", "E303", "1:12"],
    ["model.lroa.rank=4", "E801", "1:1"],
    ["model.first=4", "E801", "1:1"],
    ["trian.batch=3", "E801", "1:1"],
    ["train=3", "E801", "1:1"],
    ["train.optimizer.lr.x=3", "E801", "1:1"],
    ["train.batch", "E103", "1:12"],
    ["train.batch=", "E103", "1:13"],
    ["=3", "E103", "1:1"],
    ["train.lr=1 train.batch=3", "E103", "1:12"],
    [`train.lr=${"(".repeat(500)}1`, "E107", "1:210"],
    ["train.lr=1)", "E106", "1:11"],
    ["train.lr=\u{1b}[31m", "E101", "1:10"],
    ["", "E103", "1:1"],
  ])("%j is refused in its own place", (assignment, code, place) => {
    const shown = renderDiagnostics(compiled(assignment).diagnostics.slice(0, 1), { colour: false });
    expect(shown).toContain(`error[${code}]`);
    expect(shown).toContain(`--> --set:${place}\n`);
  });

  test.each([
    ["trian.batch=3", "did you mean `train`?"],
    ["model.lroa.rank=4", "did you mean `model.lora.rank`?"],
    ["train.schedule.warmup=4", "the spec has no `train.schedule`: set it as a whole"],
  ])("%j gets help: %s", (assignment, help) => {
    expect(compiled(assignment).diagnostics[0]?.help).toBe(help);
  });
});
