import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { OnnxSession } from "../../runtime/backends/onnx/index.ts";
import { elementsOf, readSafetensors, writeSafetensors } from "../../runtime/weights/index.ts";
import { medctc, prepareProgram, type Run, runHere } from "../cli/medctc.ts";
import { fixture } from "../parity/ctclip-fixture.ts";
import {
  adapterOf,
  apart,
  smallInputs as inputs,
  manifestOf,
  ServedProgram,
  writeRandomAdapter,
} from "./served-model.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-served-"));
const spec = "specs/medct-small.vlm";
const files = "test/fixtures/ctclip-small";
const weights = ["--weights", `${files}/weights.safetensors`];
const lung = join(folder, "lung.safetensors");
const heart = join(folder, "heart.safetensors");
const served = join(folder, "served");
beforeAll(async () => {
  prepareProgram();
  writeRandomAdapter(lung, spec, 1);
  writeRandomAdapter(heart, spec, 2);
  expect(
    (await exported(served, "--dynamic-batch", ...weights, "--serve", `lung=${lung}`, `heart=${heart}`)).code,
  ).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true }));

function exported(to: string, ...args: readonly string[]): Promise<Run> {
  return runHere(["export", spec, "--onnx", to, ...args]);
}

/** The latent of images that a model of one adapter alone gives. */
async function latentOf(name: string, ...args: readonly string[]): Promise<Float32Array> {
  const to = join(folder, `${name}.onnx`);
  expect((await exported(to, "--program", "encode_image", ...weights, ...args)).code).toBe(0);
  const session = await OnnxSession.load(to);
  const results = await session.run(inputs, ["latent"]);
  await session.dispose();
  return Float32Array.from(results.get("latent")?.data ?? []);
}

describe("export --serve", () => {
  test("writes the base once, each adapter and the base as tensors and for each program, and a manifest of them", () => {
    expect(readdirSync(served).sort()).toEqual([
      "README.md",
      "adapters",
      "adapters.json",
      "encode_image.onnx",
      "encode_text.onnx",
      "forward.onnx",
      "weights.data",
    ]);
    const card = readFileSync(join(served, "README.md"), "utf8");
    expect(card).toContain("3 ONNX models with 3 adapters, switched by name: base, lung and heart.");
    expect(card).toContain('served["adapters"]["heart"]["safetensors"]["file"]');
    const names = ["base", "heart", "lung"];
    expect(readdirSync(join(served, "adapters")).sort()).toEqual(
      names.flatMap((name) => [
        ...["encode_image", "encode_text", "forward"].map((program) => `${name}.${program}.onnx_adapter`),
        `${name}.safetensors`,
      ]),
    );
    const { adapters, batch, half, zero_shot } = manifestOf(served);
    expect(Object.keys(adapters).sort()).toEqual(names);
    expect({ batch, half }).toEqual({ batch: "dynamic", half: false });
    expect(adapters["lung"]?.ranks).toEqual([4]);
    expect(adapters["lung"]?.placements).toEqual(["lora(rank = 4, alpha = 8) on vision.attn.qkv, text.attn.q,v"]);
    expect(zero_shot?.classes).toContainEqual({
      name: "Cardiomegaly",
      present: ["Cardiomegaly is present."],
      absent: ["Cardiomegaly is not present."],
    });
  });

  test("each adapter gives what it gives merged and in the reference evaluator, and switching back gives the same bits", async () => {
    const program = await ServedProgram.open(served, "encode_image");
    const found = new Map<string, Float32Array>();
    for (const name of ["base", "lung", "heart"]) found.set(name, await program.run(name, inputs, "latent"));
    for (const [name, values] of found) expect(await program.run(name, inputs, "latent")).toEqual(values);
    await program.dispose();
    const of = (name: string) => found.get(name) ?? new Float32Array(0);
    expect(apart(of("base"), await latentOf("plain"))).toBeLessThan(1e-6);
    for (const [name, file] of [
      ["lung", lung],
      ["heart", heart],
    ] as const) {
      expect(apart(of(name), await latentOf(`merged-${name}`, "--merge", "--adapter", file))).toBeLessThan(1e-5);
      const out = join(folder, `${name}-evaluated.safetensors`);
      const given = [...weights, "--adapter", file, "--feeds", `${files}/batch.safetensors`, "--backend", "evaluator"];
      expect((await runHere(["run", spec, "encode_image", ...given, "-o", out])).code).toBe(0);
      const evaluated = readSafetensors(out, readFileSync(out)).get("latent");
      expect(apart(of(name), evaluated === undefined ? [] : elementsOf(evaluated))).toBeLessThan(1e-5);
    }
    expect(apart(of("lung"), of("base"))).toBeGreaterThan(1e-2);
    expect(apart(of("lung"), of("heart"))).toBeGreaterThan(1e-2);
  });

  test("a run without an adapter is refused, as no default of a model is taken for one", async () => {
    const session = await OnnxSession.load(join(served, "encode_image.onnx"));
    await expect(session.run(inputs, ["latent"])).rejects.toThrow(/lora/);
    await session.dispose();
  });

  test("in half precision it is what an export in half precision with the adapter alone is", async () => {
    const to = join(folder, "half");
    const args = ["--half", "--program", "encode_image", ...weights];
    expect((await exported(to, ...args, "--serve", `lung=${lung}`)).code).toBe(0);
    const program = await ServedProgram.open(to, "encode_image");
    const found = await program.run("lung", inputs, "latent");
    await program.dispose();
    expect(apart(found, await latentOf("half-alone", "--half", "--adapter", lung))).toBeLessThan(1e-6);
  });

  test("a weight that 16 bits have no room for stays in 32 in a base, also where an adapter is added to it", async () => {
    const tensors = new Map(
      [...fixture("weights.safetensors")].map(([name, stored]) => {
        const data = Float32Array.from(elementsOf(stored));
        if (name === "to_visual_latent.weight") data[1] = -70_000;
        return [name, { shape: stored.shape, data }] as const;
      }),
    );
    const path = join(folder, "large.safetensors");
    writeFileSync(path, writeSafetensors(tensors));
    const to = join(folder, "large");
    const given = ["--weights", path];
    const written = await exported(to, "--half", "--program", "encode_image", ...given, "--serve", `lung=${lung}`);
    expect(written.err).toContain("`heads.image.weight` stays in 32 bits");
    expect(written.code).toBe(0);
    expect(manifestOf(to).in_single["encode_image"]).toHaveLength(1);
    expect((await exported(to, "--keep-base", ...given, "--serve", `heart=${heart}`)).code).toBe(0);
    expect(Object.keys(manifestOf(to).adapters)).toEqual(["base", "lung", "heart"]);
    const program = await ServedProgram.open(to, "encode_image");
    const found = await program.run("lung", inputs, "latent");
    await program.dispose();
    expect(found.every(Number.isFinite)).toBe(true);
  });

  test("--keep-base adds an adapter, and leaves every other file as it is", async () => {
    const to = join(folder, "kept");
    cpSync(served, to, { recursive: true });
    const before = manifestOf(to);
    const { code, out, err } = await exported(to, "--keep-base", "--serve", `liver=${files}/peft_adapter`);
    expect(err).not.toContain("error");
    expect(code).toBe(0);
    expect(out).toContain("adapters: base, lung, heart, liver");
    const capital = await exported(to, "--keep-base", "--serve", `Liver=${lung}`);
    expect(capital.code).toBe(1);
    expect(capital.err).toContain("there is an adapter `liver` already");
    const after = manifestOf(to);
    expect(after.base).toEqual(before.base);
    expect(after.adapters["lung"]).toEqual(before.adapters["lung"]);
    expect(readFileSync(join(to, "weights.data")).equals(readFileSync(join(served, "weights.data")))).toBe(true);
    const program = await ServedProgram.open(to, "encode_image");
    const found = await program.run("liver", inputs, "latent");
    await program.dispose();
    expect(apart(found, await latentOf("liver", "--adapter", `${files}/peft_adapter`))).toBeLessThan(1e-5);
  });

  test("--keep-base refuses a spec that computes something else, other weights, and a base that was changed", async () => {
    const to = join(folder, "refusing");
    cpSync(served, to, { recursive: true });
    const other = join(folder, "other.vlm");
    writeFileSync(other, readFileSync(spec, "utf8").replace("alpha = 8", "alpha = 16"));
    const add = ["--keep-base", "--serve", `liver=${lung}`];
    const alpha = await runHere(["export", other, "--onnx", to, ...add]);
    expect(alpha.err).toContain("was exported from a model with another graph");
    const trained = new Map(
      [...fixture("weights.safetensors")].map(([name, stored]) => {
        const data = Float32Array.from(elementsOf(stored));
        if (name === "to_visual_latent.weight") data[3] = 0.5;
        return [name, { shape: stored.shape, data }] as const;
      }),
    );
    const path = join(folder, "others.safetensors");
    writeFileSync(path, writeSafetensors(trained));
    const weighed = await exported(to, ...add, "--weights", path);
    expect(weighed.err).toContain("these are not the weights of the base");
    expect(weighed.err).toContain("heads.image.weight");
    writeFileSync(join(to, "encode_text.onnx"), readFileSync(join(to, "encode_image.onnx")));
    const changed = await exported(to, ...add);
    expect(changed.err).toContain("it is not the file that adapters.json lists");
    for (const { code } of [alpha, weighed, changed]) expect(code).toBe(1);
    expect(Object.keys(manifestOf(to).adapters)).toEqual(["base", "lung", "heart"]);
    const none = await exported(join(folder, "nothing"), ...add);
    expect(none.code).toBe(1);
    expect(none.err).toContain("it has no base with an adapters.json");
  });

  test("what is trained besides adapters belongs to them, and a tensor without dimensions is for no .onnx_adapter file", async () => {
    const own = join(folder, "trained.vlm");
    writeFileSync(
      own,
      readFileSync(spec, "utf8")
        .replace("text, temperature, ", "text, ")
        .replace(/^ {2}expect .*$/gm, ""),
    );
    const to = join(folder, "trained");
    const args = ["export", own, "--onnx", to];
    expect(medctc([...args, ...weights, "--program", "encode_text", "--serve"]).code).toBe(0);
    expect(adapterOf(to, "base").get("temperature")?.shape).toEqual([]);
    expect(manifestOf(to).adapters["base"]?.onnx_adapters).toEqual({});
    const lacking = await runHere([...args, "--keep-base", "--serve", `lung=${lung}`]);
    expect(lacking.code).toBe(1);
    expect(lacking.err).toContain("it lacks `temperature`");
    expect((await runHere([...args, "--keep-base", "--serve", `lung=${lung}`, ...weights])).code).toBe(0);
    expect(Object.keys(manifestOf(to).adapters)).toEqual(["base", "lung"]);
    const anew = await runHere([...args, ...weights, "--program", "encode_text", "--serve", `heart=${heart}`]);
    expect(anew.err).toContain("adapters.json no longer lists an adapter of the earlier base: lung");
    expect(Object.keys(manifestOf(to).adapters)).toEqual(["base", "heart"]);
  });

  test("an adapter with other values of the base's weights is refused", async () => {
    const file = join(folder, "whole.safetensors");
    const tensors = new Map(
      [...readSafetensors(lung, readFileSync(lung)), ...fixture("weights.safetensors")].map(([name, stored]) => {
        const data = Float32Array.from(elementsOf(stored));
        if (name === "to_text_latent.weight") data[0] = 9;
        return [name, { shape: stored.shape, data }] as const;
      }),
    );
    writeFileSync(file, writeSafetensors(tensors));
    const { code, err } = await exported(join(folder, "none"), ...weights, "--serve", `whole=${file}`);
    expect(code).toBe(1);
    expect(err).toContain("it has other values of weights of the base too: `heads.report.weight`");
  });

  test.each([
    ["a name that is no file's", ["--serve", `../lung=${lung}`], "is not a valid name of an adapter"],
    ["a name twice", ["--serve", `a=${lung}`, `A=${heart}`], "two adapters have the name `A`"],
    ["the base's name", ["--serve", `base=${lung}`], "is the name of the model without adapters"],
    ["a path alone", ["--serve", lung], "is not NAME=PATH"],
    ["the training step", ["--serve", `a=${lung}`, "--program", "step"], "--serve is not for the training step"],
    ["--merge", ["--serve", `a=${lung}`, "--merge"], "cannot be used with option '--merge'"],
    ["--keep-base alone", ["--keep-base"], "--keep-base needs --serve NAME=PATH"],
  ])("%s is refused before anything is written", async (_, args, why) => {
    const { code, err } = await exported(join(folder, "none"), ...weights, ...args);
    expect(code).toBe(2);
    expect(err).toContain(why);
    expect(readdirSync(folder)).not.toContain("none");
  });
});

describe("adapters of every form are served", () => {
  test.each([
    ["dora", "dora(rank = 4, alpha = 8)"],
    ["ia3", "ia3()"],
    ["vera", "vera(rank = 4)"],
    ["pissa", "pissa(rank = 4)"],
    ["loha", "loha(rank = 2)"],
  ])("%s gives what it gives in a model of its own, also where nothing trains it", async (kind, text) => {
    const own = join(folder, `${kind}.vlm`);
    const changed = readFileSync(spec, "utf8")
      .replace('import "std/lora"', `import "std/${kind}"`)
      .replace("lora(rank = 4, alpha = 8)", text)
      .replace(/^ {2}expect .*$/gm, "");
    writeFileSync(own, changed);
    const adapter = join(folder, `${kind}.safetensors`);
    writeRandomAdapter(adapter, own, 5);
    const [to, alone] = [join(folder, `${kind}-served`), join(folder, `${kind}-alone`)];
    const common = ["--program", "encode_text", ...weights];
    const written = await runHere(["export", own, "--onnx", to, ...common, "--serve", `other=${adapter}`]);
    expect(written.err).not.toContain("error");
    expect(written.code).toBe(0);
    expect((await runHere(["export", own, "--onnx", alone, ...common, "--adapter", adapter])).code).toBe(0);
    const program = await ServedProgram.open(to, "encode_text");
    const [found, base] = [await program.run("other", inputs, "latent"), await program.run("base", inputs, "latent")];
    await program.dispose();
    const session = await OnnxSession.load(join(alone, "encode_text.onnx"));
    const expected = (await session.run(inputs, ["latent"])).get("latent")?.data ?? [];
    await session.dispose();
    expect(apart(found, expected)).toBeLessThan(1e-6);
    expect(apart(found, base)).toBeGreaterThan(1e-4);
    expect(adapterOf(to, "other").size).toBeGreaterThan(0);
  });
});
