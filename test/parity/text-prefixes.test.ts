import { describe, expect, test } from "vitest";
import { fixtureIn, floats, readTensors, relative, tensorOf } from "./peft-fixture.ts";
import { backends, compileSmall, computedBy, inputOf } from "./peft-run.ts";

const below = fixtureIn("test/fixtures/text-prefixes");

const encoders = {
  clip: 'clip_text(vocab = 120, dim = 40, layers = 2, heads = 5, length = 12, outputs = 24) named "*"',
  siglip:
    'siglip_text(vocab = 40, dim = 20, layers = 2, heads = 5, length = 8, ff = 32, outputs = 24) named "text_model"',
} as const;

function specOf(name: keyof typeof encoders): string {
  return `import "std/${name}_text"
import "std/prefix"

model small {
  encoder text = ${encoders[name]}
  let latent = text.latent
  freeze text
  prefix(tokens = 1) on text
  loss mean(latent * latent)
}

train {
  batch = 3
  optimizer = sgd(lr = 0.1)
}
`;
}

// PyTorch's nn.MultiheadAttention has a learned key and value beside those of the tokens: a prefix of one token.
describe.each(backends)("with a prefix %s gives", (backend) => {
  test.each(["clip", "siglip"] as const)(
    "the latents and the gradient of PyTorch's attention with a key and a value of its own, in %s",
    async (name) => {
      const compiled = compileSmall(name, specOf(name));
      const [weights, batch] = ["weights", "batch"].map((file) =>
        readTensors(`test/fixtures/${name}-small/${file}.safetensors`),
      );
      if (weights === undefined || batch === undefined) throw new Error("there are two files");
      const expected = below(`${name}.`);
      const all = [...compiled.plan.parameters, ...compiled.plan.buffers];
      const values = new Map(
        all.map(({ path, checkpoint, ofAdapter, shape }) => {
          const found = ofAdapter ? tensorOf(expected, "prefix") : tensorOf(weights, checkpoint);
          expect([checkpoint, found.shape]).toEqual([checkpoint, shape]);
          return [path, floats(found)] as const;
        }),
      );
      const inputs = new Map([["input_ids", inputOf(tensorOf(batch, "input_ids"), "i32")]]);
      const { outputs, gradients } = await computedBy(backend, compiled, values, inputs, ["latent"]);
      expect(relative(outputs.get("latent"), tensorOf(expected, "latent"))).toBeLessThan(1e-5);
      const [gradient, ...more] = gradients.values();
      expect(more).toEqual([]);
      expect(relative(gradient, tensorOf(expected, "grad"))).toBeLessThan(1e-4);
    },
  );
});
