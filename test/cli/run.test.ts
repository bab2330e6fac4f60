import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { inspectNative, nativeFiles } from "../../runtime/backends/tensorflow/native/index.ts";
import { elementsOf, readSafetensors, writeSafetensors } from "../../runtime/weights/index.ts";
import { medctc, prepareProgram, type Run } from "./medctc.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-run-"));
const fixture = (name: string): string => join("test/fixtures/ctclip-small", name);
const given = ["--weights", fixture("weights.safetensors"), "--adapter", fixture("lora.safetensors")];
const fed = ["--feeds", fixture("batch.safetensors")];
const output = join(folder, "out", "results.safetensors");

beforeAll(prepareProgram);
afterAll(() => rmSync(folder, { recursive: true }));

function run(program: string, ...args: readonly string[]): Run {
  return medctc(["run", "specs/medct-small.vlm", program, "-o", output, ...args]);
}

describe("run", () => {
  test("forward gives the reference's loss, and values inside the model that are asked for", () => {
    const { code, out, err } = run("forward", ...given, ...fed, "--fetch", "vision.spatial", "text.hidden");
    expect(code).toBe(0);
    expect(err).toMatch(/^note: .* has no record of the alpha .*\n$/);
    expect(out).toContain("6 tensors in");
    const results = readSafetensors("out", readFileSync(output));
    expect([...results.keys()]).toEqual(["image", "report", "scale", "loss", "vision.spatial", "text.hidden"]);
    const loss = results.get("loss");
    expect(loss === undefined ? Number.NaN : elementsOf(loss)[0]).toBeCloseTo(1.16881346702, 5);
  });

  test("step gives gradients and new values by their names in checkpoints", () => {
    expect(run("step", ...given, ...fed).code).toBe(0);
    const names = [...readSafetensors("out", readFileSync(output)).keys()];
    const query = "text_transformer.encoder.layer.0.attention.self.query.lora_A.weight";
    expect(names).toEqual(
      expect.arrayContaining(["loss", "gradient_norm", `gradient:${query}`, query, `mean:${query}`]),
    );
  });

  test("encode_text needs no image", () => {
    const batch = readSafetensors("batch", readFileSync(fixture("batch.safetensors")));
    const texts = new Map(
      [...batch].flatMap(([name, stored]) =>
        name === "image" ? [] : [[name, { shape: stored.shape, data: elementsOf(stored) }] as const],
      ),
    );
    const feeds = join(folder, "texts.safetensors");
    writeFileSync(feeds, writeSafetensors(texts));
    expect(run("encode_text", ...given, "--feeds", feeds).code).toBe(0);
    expect([...readSafetensors("out", readFileSync(output))].map(([name, { shape }]) => [name, shape])).toEqual([
      ["latent", [3, 16]],
      ["scale", []],
    ]);
  });

  test("init gives every parameter and buffer a first value, the same for the same seed", () => {
    expect(run("init").code).toBe(0);
    const first = readFileSync(output);
    expect(run("init").code).toBe(0);
    expect(readFileSync(output).equals(first)).toBe(true);
    const up = readSafetensors("out", first).get("text_transformer.encoder.layer.0.attention.self.query.lora_B.weight");
    expect(up === undefined ? [1] : [...new Set(elementsOf(up))]).toEqual([0]);
  });

  test.runIf(inspectNative(nativeFiles()).kind === "ready")(
    "TensorFlow gives what the evaluator gives, by the same names",
    () => {
      for (const program of ["step", "forward"]) {
        expect(run(program, ...given, ...fed).code).toBe(0);
        const expected = readSafetensors("out", readFileSync(output));
        expect(run(program, ...given, ...fed, "--backend", "tensorflow").code).toBe(0);
        const found = readSafetensors("out", readFileSync(output));
        expect([...found.keys()]).toEqual([...expected.keys()]);
        for (const [name, stored] of expected) {
          const values = elementsOf(found.get(name) ?? stored);
          const worst = Math.max(...elementsOf(stored).map((value, place) => Math.abs(value - (values[place] ?? 0))));
          expect(worst, name).toBeLessThan(1e-4);
        }
      }
    },
    120_000,
  );

  test("without TensorFlow, auto says in one line what it uses, and tfjs says how to get it", () => {
    vi.stubEnv("MEDCTC_CACHE", folder);
    const automatic = run("encode_image", ...given, ...fed, "--backend", "auto");
    const asked = run("encode_image", ...given, ...fed, "--backend", "tensorflow");
    vi.unstubAllEnvs();
    expect(automatic.code).toBe(0);
    expect(automatic.err).toMatch(/^native TensorFlow is not installed; using ONNX Runtime.*install\n(?:note: .*\n)?$/);
    expect(asked).toMatchObject({ code: 1, out: "" });
    expect(asked.err).toBe("error: native TensorFlow is not installed\n  help: medctc backend install\n");
  });

  test("first values are the evaluator's alone, and --backend tensorflow says so", () => {
    expect(run("init", "--backend", "auto").code).toBe(0);
    expect(run("init", "--backend", "tensorflow").err).toContain("only the reference evaluator runs init");
  });

  test.each([
    ["weights that are missing", ["forward", ...fed], "E703"],
    ["inputs that are missing", ["forward", ...given], "E703"],
    [
      "a value that nothing names",
      ["forward", ...given, ...fed, "--fetch", "vision.spatal"],
      "did you mean `vision.spatial`?",
    ],
    ["a file that is not there", ["forward", ...given, "--feeds", "none.safetensors"], "E702"],
    ["a file of another format", ["forward", ...given, "--feeds", "package.json"], "E702"],
  ])("%s: one error and no output", (_, args, expected) => {
    rmSync(output, { force: true });
    const { code, err } = run(args[0] ?? "", ...args.slice(1));
    expect(code).toBe(1);
    expect(err).toContain(expected);
    expect(err).not.toMatch(/^\s+at /m);
    expect(existsSync(output)).toBe(false);
  });

  test("a value inside the model is not fetched of a program that does not give it", () => {
    const { code, err } = run("encode_image", ...given, ...fed, "--fetch", "vision.spatial");
    expect({ code, err }).toEqual({
      code: 2,
      err: "error: encode_image has no values inside the model\n  help: remove --fetch, or run forward\n",
    });
  });

  test("a weight of another shape is named with both shapes", () => {
    const wrong = join(folder, "wrong.safetensors");
    writeFileSync(wrong, writeSafetensors(new Map([["temperature", { shape: [2], data: [1, 2] }]])));
    const { code, err } = run("forward", ...given, "--adapter", wrong, ...fed);
    expect(code).toBe(1);
    expect(err).toContain("`temperature` is [2], but must be f32[]");
  });
});

describe("compile --emit", () => {
  test("prints a program after any pass", () => {
    const { out: last } = medctc(["compile", "specs/medct-small.vlm", "--emit", "step"]);
    expect(last).toBe(readFileSync("test/golden/programs/medct-small.step.txt", "utf8"));
    const { out: built } = medctc(["compile", "specs/medct-small.vlm", "--emit", "step", "--after", "apply-optimizer"]);
    expect(built.split("\n").length).toBeGreaterThan(last.split("\n").length);
    expect(built).not.toContain("once");
    const { out: traced } = medctc(["compile", "specs/medct-small.vlm", "--emit", "step", "--after", "none"]);
    expect(traced).not.toContain("gradient:");
  });

  test("prints what each pass does to the step", () => {
    const { out } = medctc(["compile", "specs/medct.vlm", "--emit", "passes"]);
    expect(out).toBe(readFileSync("test/golden/programs/medct.step.passes.txt", "utf8"));
  });
});
