import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { buildStep, compileSpec, optimise, valueNamed } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { compiledWith } from "./two-encoders.ts";

/** What is reported of gradients: the code, the text that is pointed at, and the lines under it. */
function reported(rules: string) {
  const { diagnostics, text } = compiledWith(rules);
  return diagnostics.map(({ code, span, message, notes, help }) => ({
    code,
    at: span === null ? "" : text.slice(span.start, span.end),
    message,
    notes,
    help,
  }));
}

const lossOfText = "loss mean(latent)";

describe("what is counted as trained and gets no gradient", () => {
  test("an adapter on what no loss uses is a warning at its selector; of several the unused are counted", () => {
    const found = reported(`freeze image, text, temperature, heads.*
  lora(rank = 1) on text.attn.q, text.pooler, image.first.attn.q
  ${lossOfText}`);
    expect(found).toEqual([
      {
        code: "E513",
        at: "text.pooler",
        message: "no gradient reaches the adapter on `text.pooler`",
        notes: ["`text.pooler` (16 parameters): no loss uses it"],
        help: "remove the adapter, or call what it adapts on the way to a loss",
      },
      {
        code: "E513",
        at: "image.first.attn.q",
        message: "no gradient reaches any of the 3 adapters on `image.first.attn.q`",
        notes: [0, 1, 2].map(
          (layer) => `\`image.first.layers[${layer}].attention.to_q\` (8 parameters): no loss uses it`,
        ),
        help: "remove the adapter, or call what it adapts on the way to a loss",
      },
    ]);
  });

  test("a wildcard names those that get none among the others", () => {
    const [only, ...others] = reported(`freeze image, text, temperature, heads.*
  lora(rank = 1) on text.*, text.attn.q
  ${lossOfText}`);
    expect(others).toEqual([]);
    expect(only?.message).toBe("no gradient reaches the adapter on `text.*`");
  });

  test("an adapter that a rule freezes is not trained, and nothing is said of it", () => {
    const found = reported(`freeze image, text, temperature, heads.*
  lora(rank = 1) on text.attn.q
  ia3() on text.pooler
  freeze text.pooler.ia3
  ${lossOfText}`);
    expect(found).toEqual([]);
  });

  test("other parameters are a warning for each component, with the rule that freezes them", () => {
    const found = reported(`${lossOfText}`);
    expect(found.map(({ code, at, message, help }) => [code, at, message, help])).toEqual([
      [
        "E514",
        "viewer(dim = 4)",
        "no gradient reaches any of the 432 trainable parameters of `image`",
        "write `freeze image`",
      ],
      [
        "E514",
        "bert(vocab = 10, dim = 8, layers = 4, heads = 2, ff = 16, positions = 4)",
        "no gradient reaches 72 of the 2,616 trainable parameters of `text`",
        "write `freeze text.pooler`",
      ],
      [
        "E514",
        "param temperature: f32[] = ones",
        "no gradient reaches the trainable parameter of `temperature`",
        "write `freeze temperature`",
      ],
    ]);
  });

  test("the rule that is offered silences the warning", () => {
    expect(reported(`freeze image, temperature, text.pooler\n${lossOfText}`)).toEqual([]);
  });

  test("a value that a loss uses without a derivative is told apart", () => {
    const found = reported(`freeze image, text.pooler
  loss mean(latent) * stop_gradient(temperature)`);
    expect(found.map(({ notes }) => notes)).toEqual([
      ["`temperature` (1 parameter): a loss uses it only through what has no derivative"],
    ]);
  });

  test("beside an error there is a warning of adapters alone, and a model without a loss is not trained", () => {
    expect(reported(`expect base = 1\n${lossOfText}`).map(({ code }) => code)).toEqual(["E509"]);
    const adapted = "freeze text\nlora(rank = 1) on text.pooler\nexpect base = 1";
    expect(reported(`${adapted}\n${lossOfText}`).map(({ code }) => code)).toEqual(["E509", "E513"]);
    expect(reported("lora(rank = 1) on text.pooler")).toEqual([]);
  });
});

test.each(["specs/medct-small.vlm", "specs/clip-vit-b32.vlm", "examples/synthetic/pretraining.vlm"])(
  "%s has a gradient for each of its trainable parameters in its step",
  (path) => {
    const { spec, diagnostics } = compileSpec(
      createSource(path, readFileSync(path, "utf8")),
      new SpecLibrary("specs/std", path),
    );
    const step = spec === null ? null : buildStep(spec);
    if (spec === null || step === null) throw new Error("it has a loss");
    expect(diagnostics).toEqual([]);
    const { outputs } = optimise(step, spec, { last: "differentiate" });
    const differentiated = [...outputs.keys()]
      .map(valueNamed)
      .flatMap((value) => (value.kind === "gradient" ? [value.parameter] : []));
    const sizes = new Map(spec.parameters.map((each) => [each.path, each.type.shape]));
    const trainable = [...spec.trainable].filter((each) => sizes.get(each)?.includes(0) === false);
    expect(new Set(differentiated)).toEqual(new Set(trainable));
  },
);
