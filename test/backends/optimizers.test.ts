import { describe, expect, test } from "vitest";
import { compileSpec, inputsOf, nameOf, sharedInputs, type TracedSpec } from "../../compiler/index.ts";
import { createSource, renderDiagnostics } from "../../grammar/index.ts";
import {
  type Engine,
  enginePrograms,
  inputsInMemory,
  passesOf,
  programBackends,
  trainStep,
} from "../../runtime/backends/index.ts";
import { drawInputs } from "../../runtime/bench/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { openForTraining } from "./open-engine.ts";

/** Adapters, a vector of a group of its own that is frozen at first, and a number. */
function specOf(train: string): TracedSpec {
  const text = `import "std/bert"
import "std/contrastive"
import "std/heads"
import "std/lora"
model m {
  encoder text = bert(vocab = 20, dim = 8, layers = 1, heads = 2, ff = 8, positions = 8, length = 4)
  param scale: f32[] = constant(1.0)
  let a = text.hidden |> cls |> l2_normalize
  freeze text
  train text.layers[0].attention.norm
  lora(rank = 2) on text.attn.q,v
  group text.layers[0].attention.norm { lr = lr / 2, weight_decay = 0.1, frozen_steps = 2 }
  loss contrastive(a, a * scale)
}
train {
  batch = 4
  seed = 3
${train}
}
eval {
  image = a
  text = a
}
`;
  const { spec, diagnostics } = compileSpec(createSource("m.vlm", text), new SpecLibrary("specs/std", "m.vlm"));
  if (spec === null) throw new Error(renderDiagnostics(diagnostics, { colour: false }));
  return spec;
}

async function train(
  engine: Engine,
  spec: TracedSpec,
  from: number,
  to: number,
): Promise<ReadonlyMap<string, Float32Array>> {
  const step = enginePrograms(spec, passesOf(engine.backend), "train")?.find(({ name }) => name === "step");
  const inputs = inputsInMemory(
    drawInputs(step === undefined ? [] : inputsOf(step)),
    spec.settings,
    sharedInputs(spec),
  );
  for (let number = from; number < to; number++) await trainStep(engine, spec.settings, inputs, number, () => false);
  return new Map([...(await engine.read())].map(([name, values]) => [name, values.slice()]));
}

const settings = {
  lion: "  optimizer = lion(lr = 0.01, weight_decay = 0.1)",
  adafactor: "  optimizer = adafactor(weight_decay = 0.1)",
  averages: "  ema = 0.9",
  nesterov: "  optimizer = sgd(lr = 0.1, momentum = 0.9, nesterov = true)",
};

describe.each(Object.entries(settings))("%s", (_, written) => {
  const spec = specOf(written);
  const usable = programBackends.filter((each) => each.load().kind === "ready");

  test("moves what is trained alike on all backends, and goes on bit for bit from what was read", async () => {
    const results: ReadonlyMap<string, Float32Array>[] = [];
    for (const backend of usable) {
      const engine = await openForTraining(backend, spec);
      const saved = await train(engine, spec, 0, 3);
      const end = await train(engine, spec, 3, 5);
      const other = await openForTraining(backend, spec);
      await train(other, spec, 0, 1);
      await other.store(saved);
      expect(await train(other, spec, 3, 5)).toEqual(end);
      results.push(end);
      await engine.dispose();
      await other.dispose();
    }
    const [first, ...others] = results;
    expect(others).not.toEqual([]);
    for (const [name, values] of first ?? []) {
      for (const other of others) {
        for (const [place, value] of (other.get(name) ?? []).entries()) {
          expect(Math.abs(value - (values[place] ?? Number.NaN)), name).toBeLessThan(1e-4);
        }
        expect(other.get(name)?.length, name).toBe(values.length);
      }
    }
  });
});

test.each(programBackends.filter((each) => each.load().kind === "ready"))(
  "encoders read the averages on $name",
  async (backend) => {
    const spec = specOf("  ema = 0.5");
    const engine = await openForTraining(backend, spec);
    const values = await train(engine, spec, 0, 3);
    const plain = await openForTraining(backend, specOf(""));
    const averages = [...values].flatMap(([path]): readonly (readonly [string, Float32Array])[] => {
      const average = values.get(nameOf({ kind: "slot", slot: "average", parameter: path }));
      return average === undefined ? [] : [[path, average]];
    });
    expect(averages).not.toEqual([]);
    await plain.store(new Map(averages));
    const ids = new Map([
      ["input_ids", Int32Array.from({ length: 16 }, (_, index) => index)],
      ["attention_mask", new Int32Array(16).fill(1)],
    ]);
    const [found, expected] = [await engine.run("encode_text", ids), await plain.run("encode_text", ids)];
    expect(found.get("latent")?.length).toBe(32);
    expect(found).toEqual(expected);
    await plain.store(values);
    expect(await plain.run("encode_text", ids)).not.toEqual(found);
    await engine.dispose();
    await plain.dispose();
  },
);
