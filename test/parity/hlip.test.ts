import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import {
  buildForward,
  buildStep,
  compileSpec,
  promptTexts,
  runProgram,
  type TensorData,
} from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { loadTokenizer } from "../../runtime/data/index.ts";
import { preprocessVolume } from "../../runtime/data/preprocess.ts";
import { unpack } from "../../runtime/data/transforms/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { elementsOf, readSafetensors } from "../../runtime/weights/index.ts";

const path = "specs/hlip/hlip.vlm";
const { spec } = compileSpec(createSource(path, readFileSync(path, "utf8")), new SpecLibrary("specs/std", path));
if (spec === null) throw new Error("the spec compiles");
const { data, evaluation } = spec;

describe("volumes are HLIP's own, voxel by voxel, and so is what lies around them", () => {
  const folder = "test/fixtures/hlip-volumes";
  const expected = readSafetensors("expected", readFileSync(join(folder, "expected.safetensors")));
  const [, ...rows] = readFileSync(join(folder, "metadata.csv"), "utf8").trim().split("\n");
  const [pad] = [...elementsOf(stored("pad"))];

  function stored(name: string) {
    const tensor = expected.get(name);
    if (tensor === undefined) throw new Error(`the fixture has ${name}`);
    return tensor;
  }

  test.each(rows.map((row) => row.replaceAll(/[[\]" ]/g, "").split(",")))("%s", async (file = "", ...cells) => {
    const [slope = 1, intercept = 0, xySpacing = 1, , zSpacing = 1] = cells.map(Number);
    const packed = await preprocessVolume(join(folder, file), { slope, intercept, xySpacing, zSpacing }, data);
    if (packed.kind === "failed") throw new Error(packed.problem.message);
    const volume = unpack(packed.value, data);
    const inside = stored(file.replace(".nii.gz", ""));
    const { before, counts } = packed.value;
    expect(counts).toEqual(inside.shape);
    const values = elementsOf(inside)[Symbol.iterator]();
    const within = (place: number, axis: 0 | 1 | 2): boolean =>
      place >= before[axis] && place < before[axis] + counts[axis];
    let worst = 0;
    for (const [index, value] of volume.entries()) {
      const [z, y, x] = [Math.floor(index / 336 ** 2), Math.floor(index / 336) % 336, index % 336];
      const theirs = within(z, 0) && within(y, 1) && within(x, 2) ? values.next().value : pad;
      worst = Math.max(worst, Math.abs(value - (theirs ?? Number.NaN)));
    }
    expect(values.next().done).toBe(true);
    expect(worst).toBeLessThan(1e-5);
  });
});

test("classes and prompts are those of HLIP's zero-shot script, and their tokens are open_clip's", () => {
  const folder = "test/fixtures/hlip-small";
  const ids = v.array(v.number());
  const rows = v.parse(
    v.array(v.tuple([v.string(), v.string(), v.string(), ids, ids])),
    JSON.parse(readFileSync(join(folder, "prompts.json"), "utf8")),
  );
  expect(evaluation.classes).toEqual(rows.map(([name]) => name));
  const texts = rows.flatMap(([, present, absent]) => [present, absent]);
  const lower = (all: readonly string[]) => all.map((text) => text.toLowerCase());
  expect(lower(promptTexts(evaluation))).toEqual(lower(texts));
  const tokenizer = loadTokenizer(join(folder, "vocab.txt"));
  if (tokenizer.kind === "failed") throw new Error(tokenizer.problem.message);
  const encoded = promptTexts(evaluation).map((text) => [...tokenizer.value.encode(text, 64).ids]);
  expect(encoded).toEqual(rows.flatMap(([, , , present, absent]) => [present, absent]));
});

test("in training branches drop whole slices or scans, with rates from 0 to 0.2 as timm's drop path has them", () => {
  const { spec: two } = compileSpec(
    createSource(path, readFileSync(path, "utf8")),
    new SpecLibrary("specs/std", path),
    {
      batch: 2,
      microBatch: 2,
    },
  );
  const step = two === null ? null : buildStep(two);
  const drops = (step?.graph.nodes ?? []).flatMap(({ operation, type }) =>
    operation.op === "dropout" ? [{ rate: operation.rate, shape: type.shape }] : [],
  );
  const expected = Array.from({ length: 12 }, (_, layer) => ({
    rate: (0.2 * layer) / 11,
    shape: [layer % 3 === 2 ? 2 : 2 * 14, 1, 1],
  }));
  // A rate of 0 drops nothing; each other layer has two branches.
  expect(drops).toEqual(expected.slice(1).flatMap((each) => [each, each]));
});

test("studies of several scans are encoded as by HLIP's class, with attention within slices, scans and studies", () => {
  const text = `
import "specs/hlip/hierarchical_vit"

model studies {
  encoder vision = hierarchical_vit(
    volume = [4, 6, 6], patch = [2, 3, 3], dim = 12, layers = 4, heads = 2,
    attention = ["slice", "scan", "study"], scans = 3, most_scans = 5
  )
  loss mean(vision.normed)
}
`;
  const studies = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path), {
    batch: 2,
    microBatch: 2,
  });
  if (studies.spec === null || studies.plan === null) throw new Error("the spec compiles");
  const file = "test/fixtures/hlip-small/study.safetensors";
  const stored = readSafetensors(file, readFileSync(file));
  const tensorOf = (name: string): TensorData => {
    const tensor = stored.get(name);
    if (tensor === undefined) throw new Error(`the fixture has ${name}`);
    return { type: { dtype: "f32", shape: tensor.shape }, data: Float64Array.from(elementsOf(tensor)) };
  };
  const parameters = new Map(
    studies.plan.parameters.map((each) => [each.path, tensorOf(each.checkpoint.replace(/^vision\./, ""))] as const),
  );
  const program = buildForward(studies.spec, ["vision.normed"]);
  const results = runProgram(program, { inputs: new Map([["image", tensorOf("image")]]), parameters }, "f64");
  const [ours, theirs] = [results.get("vision.normed")?.data ?? [], tensorOf("expected").data];
  expect(ours).toHaveLength(theirs.length);
  expect(Math.max(...Array.from(theirs, (value, at) => Math.abs(value - (ours[at] ?? Number.NaN))))).toBeLessThan(1e-5);
});
