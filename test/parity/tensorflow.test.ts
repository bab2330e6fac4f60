import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compileSpec, noKernels, type OwnKernels } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { TensorflowSession, type WriteOptions, writeModel } from "../../runtime/backends/tensorflow/index.ts";
import { loadTensorflow } from "../../runtime/backends/tensorflow/native/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { elementsOf } from "../../runtime/weights/index.ts";
import { difference, fixture, stages } from "./ctclip-fixture.ts";

const spec = "specs/medct-small.vlm";

const weights = fixture("weights.safetensors");
const lora = fixture("lora.safetensors");
const native = loadTensorflow();

function compiled(change: (text: string) => string) {
  const {
    plan,
    spec: traced,
    diagnostics,
  } = compileSpec(createSource(spec, change(readFileSync(spec, "utf8"))), new SpecLibrary("specs/std", spec));
  expect(diagnostics).toEqual([]);
  if (plan === null || traced === null) throw new Error("the spec compiles");
  return { plan, traced };
}

const inputs = new Map(
  [...fixture("batch.safetensors")].map(([name, stored]) => [
    name,
    stored.dtype === "I64" ? Int32Array.from(elementsOf(stored)) : Float32Array.from(elementsOf(stored)),
  ]),
);

type Compiled = ReturnType<typeof compiled>;

/** A session with the fixture's weights, and its adapters where they are asked for. */
async function sessionOf({ plan, traced }: Compiled, adapters: boolean, options: WriteOptions, model: string) {
  if (native.kind !== "ready") throw new Error("native TensorFlow is there");
  const session = await TensorflowSession.load(native.tf, model, writeModel(traced, model, options));
  const all = new Map([...plan.parameters, ...plan.buffers].map((each) => [each.path, each]));
  session.feed((path) => {
    const parameter = all.get(path);
    if (parameter === undefined) return null;
    const stored = weights.get(parameter.checkpoint) ?? (adapters ? lora.get(parameter.checkpoint) : undefined);
    return stored === undefined ? null : [Float32Array.from(elementsOf(stored))];
  });
  session.run("prepare", new Map());
  return session;
}

test.runIf(process.env["CI"])("native TensorFlow is there under CI", () => {
  expect(native.kind).toBe("ready");
});

/** TensorFlow's operations one by one, and our own wherever they can be, however small their tensors are. */
const forms: readonly { readonly form: string; readonly kernels: OwnKernels }[] = [
  { form: "by TensorFlow's operations", kernels: noKernels },
  ...(native.kind === "ready" && native.kernels.rows !== "none"
    ? [{ form: "by our own", kernels: { rows: { from: 1 }, products: { from: 1 } } } as const]
    : []),
];

describe.runIf(native.kind === "ready").each(forms)(
  "TensorFlow gives what CT-CLIP's own code gives, $form",
  ({ kernels }) => {
    const model = mkdtempSync(join(tmpdir(), "medctc-"));
    let session: TensorflowSession;
    let outputs: ReadonlyMap<string, ArrayLike<number>>;
    beforeAll(async () => {
      session = await sessionOf(
        compiled((text) => text),
        false,
        { fetch: stages.map(([, name]) => name), kernels },
        model,
      );
      outputs = session.run("forward", inputs);
    });
    afterAll(() => {
      session.dispose();
      rmSync(model, { recursive: true });
    });

    test.each(stages)("%s within 2e-5", (name, value) => {
      expect(difference(outputs.get(value) ?? [], name)).toBeLessThan(2e-5);
    });

    test("the loss within 1e-5", () => {
      expect(difference(outputs.get("loss") ?? [], "loss_base")).toBeLessThan(1e-5);
    });

    test("the encoders alone give the same latents", () => {
      expect(difference(session.run("encode_image", inputs).get("latent") ?? [], "image_latent")).toBeLessThan(2e-5);
      expect(difference(session.run("encode_text", inputs).get("latent") ?? [], "text_latent")).toBeLessThan(2e-5);
    });
  },
);

const variants = forms.flatMap((form) => [
  { ...form, variant: "as it is", change: (text: string) => text },
  {
    ...form,
    variant: "with layers recomputed",
    change: (text: string) => text.replace("train {", "train {\n  recompute = layers"),
  },
]);

describe.runIf(native.kind === "ready").each(variants)(
  "TensorFlow trains as PyTorch and PEFT do, $variant, $form",
  ({ change, kernels }) => {
    const model = mkdtempSync(join(tmpdir(), "medctc-"));
    const losses: number[] = [];
    let gradients: ReadonlyMap<string, ArrayLike<number>>;
    let after: ReadonlyMap<string, ArrayLike<number>>;
    const paths = new Map<string, string>();
    let session: TensorflowSession;
    beforeAll(async () => {
      const made = compiled(change);
      for (const { checkpoint, path } of made.plan.parameters) paths.set(checkpoint, path);
      session = await sessionOf(made, true, { kernels }, model);
      const at = (step: number) => new Map([...inputs, ["step", Int32Array.of(step)]]);
      gradients = session.run("gradients", at(0));
      for (let step = 0; step < 3; step++) losses.push(session.run("step", at(step)).get("loss")?.[0] ?? Number.NaN);
      losses.push(session.run("forward", inputs).get("loss")?.[0] ?? Number.NaN);
      after = session.run("read", new Map());
    });
    afterAll(() => {
      session.dispose();
      rmSync(model, { recursive: true });
    });

    test("losses of three steps and after within 1e-4", () => {
      expect(difference(losses, "losses")).toBeLessThan(1e-4);
    });

    test.each([...lora.keys()])("%s: its gradient and its value after three steps within 1e-4", (name) => {
      const path = paths.get(name) ?? "";
      expect(difference(gradients.get(path) ?? [], `grad.${name}`)).toBeLessThan(1e-4);
      expect(difference(after.get(path) ?? [], `after3.${name}`)).toBeLessThan(1e-4);
    });
  },
);

const bf16 = forms.flatMap((form) =>
  (["native", "widened"] as const).map((bf16Products) => ({ ...form, bf16Products })),
);

test.runIf(native.kind === "ready").each(bf16)(
  "in bf16 the loss is within 2 %, with products that are $bf16Products, $form",
  async ({ bf16Products, kernels }) => {
    const model = mkdtempSync(join(tmpdir(), "medctc-"));
    const made = compiled((text) => text.replace('"f32"', '"bf16"'));
    const session = await sessionOf(made, false, { bf16Products, kernels }, model);
    expect(difference(session.run("forward", inputs).get("loss") ?? [], "loss_base")).toBeLessThan(0.02);
    session.dispose();
    rmSync(model, { recursive: true });
  },
);
