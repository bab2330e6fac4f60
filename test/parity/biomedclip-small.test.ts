import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { buildForward, buildStep, compileSpec, type Program, type TensorData } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { modelOf, programBackends, runOnce } from "../../runtime/backends/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { elementsOf, readSafetensors } from "../../runtime/weights/index.ts";
import { biomedclipSmall, biomedclipTrained } from "./biomedclip-spec.ts";

const folder = "test/fixtures/biomedclip-small";
const tensors = (name: string) => readSafetensors(name, readFileSync(join(folder, `${name}.safetensors`)));
const [weights, lora, batch, expected] = [tensors("weights"), tensors("lora"), tensors("batch"), tensors("expected")];

function compiled(text: string) {
  const path = "specs/biomedclip-small.vlm";
  const { plan, spec, diagnostics } = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path));
  const errors = diagnostics.filter(({ severity }) => severity === "error");
  expect(errors.map(({ message }) => message)).toEqual([]);
  const step = spec === null ? null : buildStep(spec);
  if (plan === null || spec === null || step === null) throw new Error("the spec compiles");
  return { plan, spec, step };
}

type Compiled = ReturnType<typeof compiled>;

const trained = compiled(biomedclipTrained);
// The fixture's adapters are smaller than the spec's.
const adapted = compiled(
  biomedclipSmall.replace("  expect", `  lora(rank = 4, alpha = 8) on vision.attn.qkv, text.attn.qkv\n  expect`),
);

/** The stages of the forward pass: their names in the fixture and in the spec. */
const stages: readonly (readonly [string, string])[] = [
  ["patch_embed", "vision.patch_embed"],
  ["image_hidden", "vision.normed"],
  ["text_hidden", "text.hidden"],
  ["image_latent", "picture"],
  ["text_latent", "caption"],
];

/** A softmax does not see what a key's bias adds to all scores of a row, so that its exact gradient is zero: what is found is rounding. */
const vanishing = /\.self\.key\.bias$/;

/** The largest absolute difference from what open_clip's code gave, over the largest absolute value. */
function difference(found: ArrayLike<number> | undefined, name: string): number {
  const stored = expected.get(name);
  const values = stored === undefined ? [] : [...elementsOf(stored)];
  expect(found?.length).toBe(values.length);
  const errors = values.map((value, place) => Math.abs(value - (found?.[place] ?? Number.NaN)));
  return Math.max(...errors) / (vanishing.test(name) ? 1 : Math.max(...values.map(Math.abs)));
}

const inputs = new Map<string, TensorData>([
  ["step", { type: { dtype: "i32", shape: [] }, data: Float32Array.of(0) }],
  ...[...batch].map(([name, stored]): [string, TensorData] => [
    name,
    {
      type: { dtype: stored.dtype === "I64" ? "i32" : "f32", shape: stored.shape },
      data: Float32Array.from(elementsOf(stored)),
    },
  ]),
]);

test("the small spec has the parameters of open_clip's model, all of which are trained, and PEFT's adapters", () => {
  const shapes = (all: Iterable<readonly [string, readonly number[]]>) => Object.fromEntries([...all].sort());
  const ours = ({ plan }: Compiled, ofAdapters: boolean) =>
    shapes(
      plan.parameters
        .filter(({ ofAdapter }) => ofAdapter === ofAdapters)
        .map(({ checkpoint, shape }) => [checkpoint, shape] as const),
    );
  const theirs = (stored: typeof weights) => shapes([...stored].map(([name, { shape }]) => [name, shape] as const));
  expect(ours(trained, false)).toEqual(theirs(weights));
  expect(trained.plan.totals.frozen).toBe(0);
  expect(ours(adapted, true)).toEqual(theirs(lora));
});

const ready = programBackends.filter((backend) => backend.load().kind === "ready");

test.runIf(process.env["CI"])("all backends are there under CI", () => {
  expect(ready).toEqual(programBackends);
});

/** Runs a program on a backend with the fixture's weights and adapters. */
function run(backend: (typeof ready)[number], { plan, spec }: Compiled, program: Program) {
  const given = new Map<string, Float32Array>();
  for (const { path, checkpoint } of plan.parameters) {
    const stored = weights.get(checkpoint) ?? lora.get(checkpoint);
    if (stored !== undefined) given.set(path, Float32Array.from(elementsOf(stored)));
  }
  return runOnce(backend, modelOf(spec, [backend.optimise(program, spec)]), {
    inputs,
    piecesOf: (at) => [given.get(at) ?? new Float32Array(0)],
    state: new Map(),
  });
}

describe.each(ready.map((backend) => [backend.name, backend] as const))("on %s", (_, backend) => {
  test("stages are open_clip's within 2e-5", async () => {
    const fetched = stages.map(([, name]) => name);
    const values = await run(backend, trained, buildForward(trained.spec, fetched));
    const far = stages.map(([theirs, ours]) => [theirs, difference(values.get(ours)?.data, theirs)] as const);
    expect(far.filter(([, error]) => !(error < 2e-5))).toEqual([]);
  });

  test.each([
    ["everything trained", trained, "loss", "grad.", weights.size],
    ["PEFT's LoRA on fused and on single projections", adapted, "lora_loss", "lora_grad.", lora.size],
  ] as const)("with %s the loss is open_clip's within 1e-5, and each gradient within 1e-4", async (...words) => {
    const [, model, loss, prefix, count] = words;
    const results = await run(backend, model, model.step);
    expect(difference(results.get("loss")?.data, loss)).toBeLessThan(1e-5);
    const paths = new Map(model.plan.parameters.map(({ checkpoint, path }) => [checkpoint, path]));
    const names = [...expected.keys()].filter((name) => name.startsWith(prefix));
    expect(names).toHaveLength(count);
    const far = names.map((name) => {
      const at = paths.get(name.slice(prefix.length)) ?? name;
      return [name, difference(results.get(`gradient:${at}`)?.data, name)] as const;
    });
    expect(far.filter(([, error]) => !(error < 1e-4))).toEqual([]);
  });
});
