import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OnnxSession } from "../../runtime/backends/onnx/index.ts";
import { generator } from "../../runtime/random.ts";
import { compilePath } from "../../runtime/specs/index.ts";
import { writeRecord } from "../../runtime/train/index.ts";
import { countOf, elementsOf, readSafetensors } from "../../runtime/weights/index.ts";
import { medctc, prepareProgram, runHere } from "../cli/medctc.ts";
import { adapterOf as fixtureOf, specOf, writeCase } from "../parity/peft-conv-cases.ts";
import { writeCase as writeParameters } from "../parity/peft-parameters-cases.ts";
import { adapterOf, apart, manifestOf, ServedProgram, smallInputs, writeRandomAdapter } from "./served-model.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-ranks-"));
const spec = "specs/medct-small.vlm";
const weights = ["--weights", "test/fixtures/ctclip-small/weights.safetensors"];

beforeAll(prepareProgram);
afterAll(() => rmSync(folder, { recursive: true }));

/** The small spec with another placement. */
function specWith(name: string, placement: string): string {
  const path = join(folder, `${name}.vlm`);
  const text = readFileSync(spec, "utf8")
    .replace("lora(rank = 4, alpha = 8)", placement)
    .replace(/^ {2}expect .*$/gm, "");
  writeFileSync(path, text);
  return path;
}

/** A PEFT folder of random adapters of a spec. */
async function peftFolder(name: string, own: string, seed: number, of = weights[1] ?? ""): Promise<string> {
  const [file, to] = [join(folder, `${name}.safetensors`), join(folder, `${name}-peft`)];
  writeRandomAdapter(file, own, seed);
  const written = await runHere(["export", own, "--peft", to, "--adapter", file, "--weights", of]);
  expect(written.err).not.toContain("error");
  expect(written.code).toBe(0);
  return to;
}

/** The latent of images of a spec with an adapter in a model of its own. */
async function latentAlone(name: string, own: string, adapter: string): Promise<Float32Array> {
  const to = join(folder, `${name}-alone.onnx`);
  const args = ["--program", "encode_image", ...weights, "--adapter", adapter];
  expect((await runHere(["export", own, "--onnx", to, ...args])).code).toBe(0);
  const session = await OnnxSession.load(to);
  const results = await session.run(smallInputs, ["latent"]);
  await session.dispose();
  return Float32Array.from(results.get("latent")?.data ?? []);
}

/** That an adapter gives in a base what it gives in a model of its own, and that this is something. */
async function expectServed(served: string, name: string, alone: string): Promise<void> {
  const { inputs, outputs } = manifestOf(served).base.programs["forward"] ?? { inputs: [], outputs: [] };
  const random = generator(3);
  const given = new Map(
    inputs.map(({ name: input, shape }) => {
      const sizes = shape.map(Number);
      const data = Float32Array.from({ length: countOf(sizes) }, () => random() - 0.5);
      return [input, { dtype: "float32" as const, shape: sizes, data }];
    }),
  );
  const [output = { name: "" }] = outputs;
  const program = await ServedProgram.open(served, "forward");
  const [found, base] = [await program.run(name, given, output.name), await program.run("base", given, output.name)];
  await program.dispose();
  const session = await OnnxSession.load(alone);
  const expected = Float32Array.from((await session.run(given, [output.name])).get(output.name)?.data ?? []);
  await session.dispose();
  const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(apart(found, expected) / largest).toBeLessThan(1e-6);
  expect(apart(found, base)).toBeGreaterThan(1e-3);
}

test("adapters with places of their own give what they give alone", async () => {
  const own = specWith("places", "shira(rank = 1)");
  writeFileSync(own, readFileSync(own, "utf8").replace('import "std/lora"', 'import "std/shira"'));
  const [lung, to] = [join(folder, "places.safetensors"), join(folder, "places-served")];
  writeRandomAdapter(lung, own, 6);
  const args = ["--program", "encode_image", ...weights, "--serve", `lung=${lung}`];
  const { code, err } = await runHere(["export", own, "--onnx", to, ...args]);
  expect(err).not.toContain("error");
  expect(code).toBe(0);
  const places = [...adapterOf(to, "lung")].filter(([path]) => path.endsWith(".shira.places"));
  expect(places.length).toBeGreaterThan(0);
  for (const [path, { dtype, data }] of places) {
    expect([path, dtype]).toEqual([path, "int32"]);
    expect(Math.max(...Array.from(data, Number))).toBe(1);
  }
  const program = await ServedProgram.open(to, "encode_image");
  const found = await program.run("lung", smallInputs, "latent");
  const base = await program.run("base", smallInputs, "latent");
  await program.dispose();
  expect(apart(found, await latentAlone("places", own, lung))).toBeLessThan(1e-6);
  expect(apart(found, base)).toBeGreaterThan(1e-3);
});

describe("adapters of several ranks in one base", () => {
  test("the base has room for the highest, and each gives what it gives alone, with its own scale", async () => {
    const [low, wide] = [specWith("low", "lora(rank = 2, alpha = 6)"), specWith("wide", "lora(rank = 8, alpha = 8)")];
    const adapters = {
      low: await peftFolder("low", low, 1),
      own: await peftFolder("own", spec, 2),
      wide: await peftFolder("wide", wide, 3),
    };
    const to = join(folder, "served");
    const named = Object.entries(adapters).map(([name, path]) => `${name}=${path}`);
    const args = ["--program", "encode_image", ...weights];
    const { code, err } = await runHere(["export", spec, "--onnx", to, ...args, "--serve", ...named]);
    expect(err).not.toContain("error");
    expect(code).toBe(0);
    expect(err).toContain("the base has room for rank 8 of `lora`, the highest of its adapters");
    expect(err).toContain("`low` of rank 2 has zeros beside its matrices up to rank 8, which change nothing");
    // 6 / 2 where the base has 8 / 8.
    expect(err).toContain("`low` keeps its own scale: its second matrices are multiplied by 3");
    const { adapters: listed, raised_ranks: raised } = manifestOf(to);
    expect(raised).toEqual({ lora: 8 });
    expect(listed["low"]).toMatchObject({ ranks: [2], padded_to: [8] });
    expect(listed["own"]).toMatchObject({ ranks: [4], padded_to: [8] });
    expect(listed["wide"]).toMatchObject({ ranks: [8], padded_to: [] });
    const program = await ServedProgram.open(to, "encode_image");
    for (const [name, own] of [
      ["low", low],
      ["own", spec],
      ["wide", wide],
    ] as const) {
      const found = await program.run(name, smallInputs, "latent");
      expect(apart(found, await latentAlone(name, own, adapters[name]))).toBeLessThan(1e-6);
    }
    await program.dispose();
    // Rank 8 is what the base has: one of rank 2 and one above fit in and do not.
    const add = ["--keep-base", "--serve"];
    expect((await runHere(["export", spec, "--onnx", to, ...add, `later=${adapters.low}`])).code).toBe(0);
    const higher = await peftFolder("higher", specWith("higher", "lora(rank = 16, alpha = 8)"), 4);
    const refused = await runHere(["export", spec, "--onnx", to, ...add, `higher=${higher}`]);
    expect(refused.code).toBe(1);
    expect(refused.err).toMatch(/`higher` has rank 16 on `.+`, where the base takes rank 8/);
    expect(refused.err).toContain("leave out --keep-base and name all adapters, to write a base of rank 16");
    expect(Object.keys(manifestOf(to).adapters)).toEqual(["base", "low", "own", "wide", "later"]);
  });

  test("beside the matrices are zeros, and a factor that is a power of two leaves every digit", async () => {
    const low = specWith("exact", "lora(rank = 2, alpha = 8)");
    const peft = await peftFolder("exact", low, 5);
    const to = join(folder, "exact-served");
    const args = ["--program", "encode_text", ...weights, "--serve", `exact=${peft}`];
    expect(medctc(["export", spec, "--onnx", to, ...args]).code).toBe(0);
    const file = join(folder, "exact.safetensors");
    const own = readSafetensors(file, readFileSync(file));
    const served = adapterOf(to, "exact");
    const ofText = [...served].filter(([path]) => path.endsWith(".lora.down"));
    expect(ofText.length).toBeGreaterThan(0);
    for (const [path, { shape, data }] of ofText) {
      const inputs = shape[1] ?? 0;
      expect(shape[0]).toBe(4);
      expect(data.slice(2 * inputs).every((value) => value === 0)).toBe(true);
      const up = served.get(path.replace(/down$/, "up"));
      const isOfOwn = [...own].some(([name, stored]) => {
        if (!name.endsWith("lora_A.weight")) return false;
        const b = own.get(name.replace("lora_A", "lora_B"));
        const rows = elementsOf(stored);
        if (b === undefined || !rows.every((value, place) => value === data[place])) return false;
        // 8 / 2 where the base has 8 / 4.
        return elementsOf(b).every((value, at) => up?.data[Math.floor(at / 2) * 4 + (at % 2)] === 2 * value);
      });
      expect(isOfOwn).toBe(true);
    }
  });

  test("another alpha of the same rank keeps its scale too", async () => {
    const other = specWith("alpha", "lora(rank = 4, alpha = 24)");
    const peft = await peftFolder("alpha", other, 6);
    const to = join(folder, "alpha-served");
    const args = ["--program", "encode_image", ...weights, "--serve", `alpha=${peft}`];
    const { code, err } = await runHere(["export", spec, "--onnx", to, ...args]);
    expect(code).toBe(0);
    expect(err).toContain("`alpha` keeps its own scale: its second matrices are multiplied by 3");
    expect(manifestOf(to).adapters["alpha"]).toMatchObject({ ranks: [4], padded_to: [] });
    const program = await ServedProgram.open(to, "encode_image");
    const found = await program.run("alpha", smallInputs, "latent");
    await program.dispose();
    expect(apart(found, await latentAlone("alpha", other, peft))).toBeLessThan(1e-6);
  });

  test("a scale that is not known is refused, and one that is said is taken", async () => {
    const low = specWith("bare", "lora(rank = 2, alpha = 10)");
    const file = join(folder, "bare.safetensors");
    writeRandomAdapter(file, low, 7);
    const to = join(folder, "bare-served");
    const args = ["export", spec, "--onnx", to, "--program", "encode_image", ...weights, "--serve", `bare=${file}`];
    const refused = await runHere(args);
    expect(refused.code).toBe(1);
    expect(refused.err).toContain("`bare` has rank 2, and the scale that it was trained with is not known");
    expect((await runHere([...args, "--adapter-alpha", "10"])).code).toBe(0);
    const program = await ServedProgram.open(to, "encode_image");
    const found = await program.run("bare", smallInputs, "latent");
    await program.dispose();
    expect(apart(found, await latentAlone("bare", low, file))).toBeLessThan(1e-6);
  });

  test("a run has the scale of the spec that it was trained with", async () => {
    const own = specWith("run", "lora(rank = 2, alpha = 14)");
    const run = join(folder, "run");
    mkdirSync(run);
    writeRandomAdapter(join(run, "adapter.safetensors"), own, 8);
    writeRecord(run, {
      ...{ medctc: "1.0.0", spec: own, text: compilePath(own).text, backend: "onnx", precision: "f32", seed: 0 },
      ...{
        batch: 2,
        steps: 1,
        stepsPerEpoch: 1,
        parameters: null,
        times: null,
        startedAt: "2026-01-01T00:00:00.000Z",
        end: null,
      },
    });
    const to = join(folder, "run-served");
    const args = ["--program", "encode_image", ...weights, "--serve", `run=${run}`];
    expect((await runHere(["export", spec, "--onnx", to, ...args])).code).toBe(0);
    const program = await ServedProgram.open(to, "encode_image");
    const found = await program.run("run", smallInputs, "latent");
    await program.dispose();
    expect(apart(found, await latentAlone("run", own, run))).toBeLessThan(1e-6);
  });

  test("a convolution in groups has zeros behind the ranks of each group", async () => {
    const { spec: own, weights: ofNetwork } = writeCase(folder, "flat-lora");
    const wider = join(folder, "flat-wide.vlm");
    writeFileSync(
      wider,
      specOf("flat", [
        "lora(rank = 8, alpha = 9) on vision.stem, vision.grouped",
        "lora(rank = 4, alpha = 8) on vision.point",
        "lora(rank = 12) on vision.each",
      ]),
    );
    const adapter = fixtureOf(folder, "flat-lora");
    const [to, alone] = [join(folder, "flat-served"), join(folder, "flat-alone.onnx")];
    const common = ["--program", "forward", "--weights", ofNetwork];
    const written = await runHere(["export", wider, "--onnx", to, ...common, "--serve", `flat=${adapter}`]);
    expect([written.code, written.err]).toEqual([
      0,
      expect.stringContaining("`flat` of rank 4 and 12 has zeros beside its matrices up to rank 8"),
    ]);
    expect((await runHere(["export", own, "--onnx", alone, ...common, "--adapter", adapter])).code).toBe(0);
    await expectServed(to, "flat", alone);
  });

  test("stacks of matrices and parameters that are no module's weight have room for the highest rank, too", async () => {
    const on = "vision.experts.up, vision.turned.weight, vision.attn.in_proj.weight";
    const { spec: base, weights: ofNetwork } = writeParameters(folder, "base", [`lora_parameter(rank = 2) on ${on}`]);
    const adapters = [
      ["low", "lora_parameter(rank = 1, alpha = 3)"],
      ["wide", "lora_parameter(rank = 3, alpha = 5, rank_stabilised = true)"],
    ] as const;
    const [to, common] = [join(folder, "parameters-served"), ["--program", "forward", "--weights", ofNetwork]];
    const folders = await Promise.all(
      adapters.map(async ([name, call], seed) => {
        const { spec: own } = writeParameters(folder, name, [`${call} on ${on}`]);
        return { name, own, adapter: await peftFolder(`${name}-parameters`, own, seed + 9, ofNetwork) };
      }),
    );
    const named = folders.map(({ name, adapter }) => `${name}=${adapter}`);
    const { code, err } = await runHere(["export", base, "--onnx", to, ...common, "--serve", ...named]);
    expect([code, err]).toEqual([0, expect.stringContaining("the base has room for rank 3 of `lora_parameter`")]);
    expect(err).toContain("`low` of rank 1 has zeros beside its matrices up to rank 3, which change nothing");
    for (const { name, own, adapter } of folders) {
      const alone = join(folder, `${name}-parameters.onnx`);
      expect((await runHere(["export", own, "--onnx", alone, ...common, "--adapter", adapter])).code).toBe(0);
      await expectServed(to, name, alone);
    }
  });
});
