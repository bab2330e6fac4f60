import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Comparison, compareSpecs, type ReadableSpec } from "../../compiler/index.ts";
import { createSource, formatSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const path = "specs/medct-small.vlm";
const small = readFileSync(path, "utf8");
const library = new SpecLibrary("specs/std", path);

function spec(text: string, name = path): ReadableSpec {
  return { source: createSource(name, text), library };
}

function compare(after: string, before = small): Comparison {
  const { comparison, diagnostics } = compareSpecs(spec(before), spec(after));
  if (comparison === null) throw new Error(diagnostics.map(({ message }) => message).join("; "));
  return comparison;
}

/** What is found where one text of the small spec is replaced by another. */
function changed(from: string, to: string): Comparison {
  expect(small).toContain(from);
  return compare(small.replace(from, to));
}

/** The kinds of change that a comparison tells of. */
function kinds(comparison: Comparison): readonly string[] {
  return Object.entries(comparison).flatMap(([name, value]) =>
    Array.isArray(value) && value.length > 0 ? [name] : [],
  );
}

const placement = "lora(rank = 4, alpha = 8) on vision.attn.qkv, text.attn.q,v";
const frozen = "freeze vision, text, temperature, image_extra, report_extra, heads.*";

describe("nothing differs", () => {
  test("between texts that differ in blanks, lines and comments only", () => {
    const base = small.split("\n");
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            line: fc.nat({ max: base.length - 1 }),
            edit: fc.constantFrom("comment", "blank line", "indent", "trailing", "spaces"),
          }),
          { minLength: 1, maxLength: 12 },
        ),
        (edits) => {
          const lines = [...base];
          for (const { line, edit } of edits) lines[line] = edited(lines[line] ?? "", edit);
          const comparison = compare(lines.join("\n"));
          expect(comparison).toMatchObject({ isEqual: true, model: null });
          expect(kinds(comparison)).toEqual([]);
        },
      ),
      { numRuns: 20 },
    );
  });

  test("between a text and its formatted form, whatever it was written like", () => {
    const untidy = small
      .replaceAll(" = ", "=")
      .replaceAll(", ", " ,  ")
      .replace("expect trainable=3_584", "expect   trainable\n  =   3_584")
      .replace("expect count(text.attn.q)=2", "expect count( text.attn.q )=(2)");
    const { text } = formatSource(createSource("untidy", untidy));
    expect(compare(untidy).isEqual).toBe(true);
    expect(compare(text ?? "", untidy).isEqual).toBe(true);
  });

  test("in another order of imports, of rules for other modules, of lines and of settings", () => {
    const imports = small.replace(
      'import "std/bert"\nimport "std/contrastive"',
      'import "std/contrastive"\nimport "std/bert"',
    );
    expect(imports).not.toBe(small);
    const one = imports.replace(frozen, "freeze text, image_extra, heads.*\nfreeze vision, report_extra, temperature");
    const other = one.replace(
      placement,
      "lora(rank = 4, alpha = 8) on text.attn.q,v\nlora(alpha = 8, rank = 4) on vision.attn.kv,q",
    );
    expect(compare(other.replace("batch = 3\n  epochs = 1", "epochs = 1\n  batch = 3")).isEqual).toBe(true);
  });

  test("where a default is written out", () => {
    const lora = changed("alpha = 8)", "alpha = 2 * 4, dropout = 0)");
    expect([lora.isEqual, changed('precision = "f32"', "recompute = none").isEqual]).toEqual([true, true]);
  });
});

function edited(line: string, edit: string): string {
  switch (edit) {
    case "comment":
      return line.includes("#") ? line : `${line} # a remark`;
    case "blank line":
      return `${line}\n`;
    case "indent":
      return `\t ${line}`;
    case "trailing":
      return line.includes("#") ? line : `${line}   `;
    default:
      return line.includes('"') || line.includes("#") ? line : line.replaceAll(" = ", "  =   ").replaceAll(", ", " ,");
  }
}

describe("what differs is told where it is made", () => {
  test("another rank: the arguments that changed, on which modules, and what follows for counts and costs", () => {
    const comparison = changed(placement, "lora(rank = 2, alpha = 8) on vision.attn.qkv, text.attn.q");
    expect(comparison.adapters.map(({ change, modules, count }) => [change, modules, count])).toEqual([
      ["changed", "vision.spatial.layers[0..2].attention.to_q", 2],
      ["changed", "vision.spatial.layers[0..2].attention.to_kv", 2],
      ["changed", "vision.temporal.layers[0..2].attention.to_q", 2],
      ["changed", "vision.temporal.layers[0..2].attention.to_kv", 2],
      ["changed", "text.layers[0..2].attention.q", 2],
      ["removed", "text.layers[0..2].attention.v", 2],
    ]);
    expect(comparison.adapters[0]?.arguments).toEqual([{ name: "rank", before: "4", after: "2" }]);
    expect(kinds(comparison)).toEqual(["adapters", "expectations", "counts", "costs"]);
    expect(comparison.counts).toContainEqual({ name: "trainable", before: 3584, after: 1536 });
    expect(comparison.expectations).toEqual([{ name: "trainable = 3_584", before: true, after: false }]);
  });

  test("another alpha or another kind is an adapter's change and changes nothing outside it", () => {
    expect(kinds(changed("alpha = 8)", "alpha = 9)"))).toEqual(["adapters"]);
    const dora = compare(small.replace('import "std/lora"', 'import "std/dora"').replace("lora(", "dora("));
    expect(dora.computation).toEqual([]);
    expect(new Set(dora.adapters.map(({ change, adapter }) => `${change} ${adapter}`))).toEqual(
      new Set(["removed lora", "added dora"]),
    );
  });

  test("a rule: the parameters that it trains", () => {
    const comparison = changed(frozen, `${frozen}\n  train text.layers.norm, heads.image`);
    expect(
      comparison.frozen.map(({ parameters, tensors, isTrained }) => [parameters, tensors, isTrained.after]),
    ).toEqual([
      ["text.layers[0..2].attention.norm.weight", 2, true],
      ["text.layers[0..2].attention.norm.bias", 2, true],
      ["text.layers[0..2].norm.weight", 2, true],
      ["text.layers[0..2].norm.bias", 2, true],
      ["heads.image.weight", 1, true],
    ]);
    expect([comparison.adapters, comparison.computation]).toEqual([[], []]);
  });

  test("a let or a loss: that one and not what uses it", () => {
    const mean = changed("mean(axis = time) |> flatten", "max(axis = time) |> flatten");
    expect(mean.computation).toEqual([{ change: "changed", what: "let image" }]);
    const scale = changed("let scale = exp(temperature)", "let scale = 2 * exp(temperature)");
    expect(scale.computation).toEqual([{ change: "changed", what: "let scale" }]);
    const loss = changed("loss contrastive(image, report, scale)", "loss 0.5 * contrastive(image, report, scale)");
    expect(loss.computation).toEqual([{ change: "changed", what: "loss" }]);
    const swapped = changed("loss contrastive(image, report, scale)", "loss contrastive(report, image, scale)");
    expect(swapped.computation).toEqual([{ change: "changed", what: "loss" }]);
  });

  test("another name for a let is another output, and the same loss", () => {
    const renamed = small.replace("let scale", "let factor").replace("report, scale)", "report, factor)");
    const comparison = compare(renamed.replace("scale = scale", "scale = factor"));
    expect(comparison.computation).toEqual([
      { change: "removed", what: "let scale" },
      { change: "added", what: "let factor" },
    ]);
    expect(comparison.settings).toEqual([{ name: "eval.scale", before: '"scale"', after: '"factor"' }]);
    expect([...kinds(comparison)].sort()).toEqual(["computation", "settings"]);
  });

  test("a module of another computation, without a parameter to tell of it", () => {
    const own = readFileSync("specs/std/bert.vlm", "utf8");
    const withOwn = small.replace('import "std/bert"', own.replace('import "std/linear"\n', ""));
    expect(compare(withOwn).isEqual).toBe(true);
    const relu = withOwn.replace("down(gelu(up(mixed)))", "down(tanh(up(mixed)))");
    expect(compare(relu).computation).toEqual([{ change: "changed", what: "text.layers[0..2]" }]);
  });

  test("sizes, and parameters that came or went", () => {
    const wide = changed("heads = 4, ff = 64", "heads = 4, ff = 48");
    expect(wide.tensors).toContainEqual({
      tensors: "text.layers[0..2].up.weight",
      count: 2,
      what: "shape",
      before: "param f32[64, 32]",
      after: "param f32[48, 32]",
    });
    const gone = compare(
      small.replace("part report_extra", "part other_extra").replace("report_extra, heads.*", "other_extra, heads.*"),
    );
    expect(gone.tensors.map(({ tensors, what, before, after }) => [tensors, what, before, after])).toEqual([
      ["report_extra.weight", "tensor", "param f32[16, 32]", null],
      ["other_extra.weight", "tensor", null, "param f32[16, 32]"],
    ]);
    const named = changed('named "to_text_latent"\n', 'named "to_text"\n');
    expect(named.tensors).toEqual([
      {
        tensors: "heads.report.weight",
        count: 1,
        what: "name in checkpoints",
        before: "to_text_latent.weight",
        after: "to_text.weight",
      },
    ]);
  });

  test("settings by their names, with a batch that changes no computation", () => {
    const comparison = changed("batch = 3", "batch = 4\n  clip_norm = 0.5\n  schedule = cosine(warmup = 10)");
    expect(comparison.settings).toEqual([
      { name: "train.schedule", before: "constant(warmup = 0)", after: "cosine(warmup = 10)" },
      { name: "train.batch", before: "3", after: "4" },
      { name: "train.micro_batch", before: "3", after: "4" },
      { name: "train.clip_norm", before: "null", after: "0.5" },
    ]);
    expect(kinds(comparison)).toEqual(["settings", "costs"]);
    expect(kinds(changed('"Emphysema",', '"Emphysema", "Cyst",'))).toEqual(["settings"]);
    expect(kinds(changed("spacing = [18, 6, 6]", "spacing = [18, 6, 7]"))).toEqual(["settings"]);
  });
});

test("what an input takes of a data set, without what the data block says of all volumes", () => {
  const lesions = `import "std/bce"
model lesions {
  input pet: f32[batch, 1, 4, 8, 8] = volume(column = "pet", size = [4, 8, 8])
  input lesion: f32[batch, 1, 4, 8, 8] = segmentation(column = "lesion", of = pet, labels = [2])
  param gain: f32[] = constant(1.0)
  loss bce(rearrange(gain * pet, "b c d h w -> b (c d h w)"), rearrange(lesion, "b c d h w -> b (c d h w)"))
}
data { spacing = [3, 1, 1] }`;
  const other = lesions.replace("labels = [2]", "labels = [3]").replace("[3, 1, 1]", "[3, 1, 2]");
  expect(compare(other, lesions).settings).toEqual([
    { name: "data.spacing", before: "[3,1,1]", after: "[3,1,2]" },
    {
      name: "input lesion",
      before: 'segmentation(column = "lesion", of = "pet", labels = [2])',
      after: 'segmentation(column = "lesion", of = "pet", labels = [3])',
    },
  ]);
});

test("a spec that does not compile is not compared, and one whose expectation fails is", () => {
  const { comparison, diagnostics } = compareSpecs(
    spec(small),
    spec(small.replace("text.attn.q,v", "text.attn.w"), "b.vlm"),
  );
  expect(comparison).toBeNull();
  expect(diagnostics.map(({ file, code }) => [file, code])).toContainEqual(["b.vlm", "E505"]);
  const failing = compare(small.replace("expect base = 385_205", "expect base = 1"));
  expect(failing.expectations).toEqual([
    { name: "base = 1", before: null, after: false },
    { name: "base = 385_205", before: true, after: null },
  ]);
});
