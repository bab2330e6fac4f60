import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import {
  check,
  compile,
  plan,
  readVolume,
  run,
  SpecError,
  type TensorData,
  tokenize,
} from "../../runtime/api/index.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-api-"));
afterAll(() => rmSync(folder, { recursive: true }));

const wrong = join(folder, "wrong.vlm");
writeFileSync(wrong, "model m { lora(rank = 8) on nothing }\n");

/** Zeros for every input of a spec's forward program. */
function zeros(path: string): ReadonlyMap<string, TensorData> {
  const inputs = new Map<string, TensorData>();
  for (const { operation, type } of compile(path).spec?.graph.nodes ?? []) {
    if (operation.op !== "input") continue;
    inputs.set(operation.name, { type, data: new Float32Array(type.shape.reduce((a, b) => a * b, 1)) });
  }
  return inputs;
}

test("check gives the diagnostics of a file, and of one that is missing", () => {
  expect(check("specs/medct.vlm")).toEqual([]);
  expect(check(wrong).map(({ key }) => key)).toEqual(["unknown-callable"]);
  expect(check(join(folder, "none.vlm")).map(({ key }) => key)).toEqual(["file-not-found"]);
});

test("plan counts the reference's parameters, with other training settings where they are given", () => {
  expect(plan("specs/medct.vlm").totals).toMatchObject({ trainable: 1_671_168, base: 438_148_761 });
  expect(plan("specs/medct.vlm", { batch: 2 }).batch).toBe(2);
});

test("plan of a spec with mistakes throws them", () => {
  expect(() => plan(wrong)).toThrow(SpecError);
  expect(() => plan(wrong)).toThrow(/E\d+/);
});

test("run gives the same loss on ONNX Runtime as in the reference evaluator, from the seed's first values", async () => {
  const spec = "test/train/tiny.vlm";
  const inputs = zeros(spec);
  const lossOn = async (backend: "onnx" | "evaluator"): Promise<number> =>
    (await run(compile(spec), "forward", { inputs, backend })).get("loss")?.data[0] ?? Number.NaN;
  const reference = await lossOn("evaluator");
  expect(reference).toBeGreaterThan(0);
  expect(Math.abs((await lossOn("onnx")) - reference)).toBeLessThan(1e-4);
});

test("run refuses an input that is missing, a spec with mistakes, and a program that the spec does not have", async () => {
  const none = { inputs: new Map(), backend: "evaluator" } as const;
  await expect(run(compile("test/train/tiny.vlm"), "forward", none)).rejects.toThrow(/elements/);
  await expect(run(compile(wrong), "forward", none)).rejects.toThrow(SpecError);
  await expect(run(compile("specs/medct-small.vlm"), "embed", none)).rejects.toThrow(/no program embed/);
});

test("readVolume gives one row of the network's input, the same from each orientation of a scan", async () => {
  const compiled = compile("specs/medct-small.vlm", { set: ["data.spacing = [2, 1, 2]"] });
  const read = async (name: string) =>
    (await readVolume(compiled, `test/fixtures/volumes-small/${name}.nii.gz`)).get("image");
  const image = await read("LPS");
  expect(image?.type).toEqual({ dtype: "f32", shape: [1, 1, 20, 60, 60] });
  expect(new Set(image?.data).size).toBeGreaterThan(100);
  for (const other of ["IAL", "LAS", "PSR", "RAS"]) expect((await read(other))?.data).toEqual(image?.data);
});

test("readVolume names a file that is missing, and an input that the model does not have", async () => {
  const compiled = compile("specs/medct-small.vlm");
  await expect(readVolume(compiled, join(folder, "none.nii.gz"))).rejects.toThrow(/none\.nii\.gz/);
  const volume = "test/fixtures/volumes-small/LPS.nii.gz";
  await expect(readVolume(compiled, volume, "scan")).rejects.toThrow("the model has no input scan that takes volumes");
  await expect(readVolume(compile(wrong), volume)).rejects.toThrow(SpecError);
});

test("tokenize gives the tokens of the reference's tokenizer, a row for each text", () => {
  const texts = ["Lung nodule is present.", "Pleural effusion is not present."];
  const tokens = tokenize(compile("specs/medct-small.vlm"), texts, "test/fixtures/ctrate-small/vocab.txt");
  const ids = tokens.get("input_ids");
  expect(ids?.type).toEqual({ dtype: "i32", shape: [2, 12] });
  const expected = [...[2, 15, 16, 17, 7, 8, 46, 3, 0, 0, 0, 0], ...[2, 19, 20, 21, 7, 9, 8, 46, 3, 0, 0, 0]];
  expect([...(ids?.data ?? [])]).toEqual(expected);
  expect([...(tokens.get("attention_mask")?.data ?? [])]).toEqual(expected.map((id) => Number(id !== 0)));
});
