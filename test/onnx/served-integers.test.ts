import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { OnnxSession } from "../../runtime/backends/onnx/index.ts";
import { elementsOf, writeSafetensors } from "../../runtime/weights/index.ts";
import { medctc, prepareProgram } from "../cli/medctc.ts";
import { fixture } from "../parity/ctclip-fixture.ts";
import { apart, manifestOf, ServedProgram, smallInputs, writeRandomAdapter } from "./served-model.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-served-integers-"));
const spec = "specs/medct-small.vlm";
const weights = ["--weights", "test/fixtures/ctclip-small/weights.safetensors"];
const [lung, heart] = [join(folder, "lung.safetensors"), join(folder, "heart.safetensors")];
const served = join(folder, "served");
const program = ["--program", "encode_image"];

beforeAll(() => {
  prepareProgram();
  writeRandomAdapter(lung, spec, 1);
  writeRandomAdapter(heart, spec, 2);
});
afterAll(() => rmSync(folder, { recursive: true }));

async function latentAlone(name: string, ...args: readonly string[]): Promise<Float32Array> {
  const to = join(folder, `${name}.onnx`);
  expect(medctc(["export", spec, "--onnx", to, ...program, ...weights, ...args]).code).toBe(0);
  const session = await OnnxSession.load(to);
  const results = await session.run(smallInputs, ["latent"]);
  await session.dispose();
  return Float32Array.from(results.get("latent")?.data ?? []);
}

test("a base in 8 bits gives with an adapter what one model of both gives, as near to 32 bits as merged weights in 8 bits", async () => {
  const args = [...program, "--int8", ...weights, "--serve", `lung=${lung}`];
  const { code, out, err } = medctc(["export", spec, "--onnx", served, ...args]);
  expect([code, err]).toEqual([0, expect.not.stringContaining("error")]);
  expect(out).toMatch(/\d+ weights in 8 bits: .+ become /);
  expect(out).not.toContain("trained");
  expect(Object.keys(manifestOf(served).integers).length).toBeGreaterThan(0);
  const session = await ServedProgram.open(served, "encode_image");
  const found = await session.run("lung", smallInputs, "latent");
  await session.dispose();
  expect(apart(found, await latentAlone("beside", "--int8", "--adapter", lung))).toBeLessThan(1e-6);
  const floats = await latentAlone("floats", "--adapter", lung);
  const merged = apart(await latentAlone("merged", "--merge", "--int8", "--adapter", lung), floats);
  expect(merged).toBeGreaterThan(0);
  expect(apart(found, floats)).toBeGreaterThan(0);
  expect(apart(found, floats)).toBeLessThan(2 * merged);
  const whole = join(folder, "whole");
  expect(medctc(["export", spec, "--onnx", whole, ...program, ...weights, "--serve"]).code).toBe(0);
  const [small, large] = [served, whole].map((each) => statSync(join(each, "weights.data")).size);
  expect(small).toBeLessThan(0.5 * (large ?? 0));
});

test("an adapter is added to such a base, held to its weights and their scales", async () => {
  const add = (...args: readonly string[]) => medctc(["export", spec, "--onnx", served, "--keep-base", ...args]);
  const { code, err } = add(...weights, "--serve", `heart=${heart}`);
  expect([code, err]).toEqual([0, expect.not.stringContaining("error")]);
  const session = await ServedProgram.open(served, "encode_image");
  const found = await session.run("heart", smallInputs, "latent");
  await session.dispose();
  expect(apart(found, await latentAlone("heart", "--int8", "--adapter", heart))).toBeLessThan(1e-6);
  // Twice the values have the same whole numbers, and scales of twice the size.
  const [name = ""] = Object.keys(manifestOf(served).integers).filter((path) => path.startsWith("heads."));
  const checkpoint = name === "heads.image.weight" ? "to_visual_latent.weight" : "";
  const twice = new Map(
    [...fixture("weights.safetensors")].map(([each, stored]) => {
      const data = Float32Array.from(elementsOf(stored), (value) => (each === checkpoint ? 2 * value : value));
      return [each, { shape: stored.shape, data }] as const;
    }),
  );
  const path = join(folder, "twice.safetensors");
  writeFileSync(path, writeSafetensors(twice));
  const refused = add("--weights", path, "--serve", `other=${lung}`);
  expect(refused.code).toBe(1);
  expect(refused.err).toContain(`these are not the weights of the base in ${served}: \`${name}\` differ`);
  expect(Object.keys(manifestOf(served).adapters)).toEqual(["base", "lung", "heart"]);
});
