import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { contractKey } from "../../runtime/data/index.ts";
import { openTensors } from "../../runtime/weights/index.ts";
import { gzipped } from "../data/nifti-file.ts";
import { prepareProgram, runHere } from "./medctc.ts";

const spec = `
import "std/activations"
import "std/bce"

# 1 - Dice's overlap of a soft mask with one of 0 and 1: two f32[rows, voxels] -> one number.
loss dice(logits: f32[n, voxels], mask: f32[n, voxels]) {
  let soft = sigmoid(logits)
  return 1 - 2 * sum(soft * mask) / (sum(soft) + sum(mask) + 1e-6)
}

model lesions {
  input ct: f32[batch, 1, 4, 8, 8] = volume(column = "ct", window = [-200, 200], range = [0, 1])
  input pet: f32[batch, 2, 2, 4, 4] = volume(column = "pet", window = [[0, 10], [0, 5]], range = [0, 1], spacing = [6, 3, 3], size = [2, 4, 4])
  input lesion: f32[batch, 1, 4, 8, 8] = segmentation(column = "mask", of = ct, labels = [2])
  input organs: i32[batch, 1, 4, 8, 8] = segmentation(column = "mask", of = ct)
  param gain: f32[] = constant(0.0)
  param uptake: f32[] = constant(0.0)
  param bias: f32[] = constant(0.0)
  let hot = uptake * (pet |> mean(axis = [1, 2, 3, 4], keep = true))
  let logits = rearrange(gain * ct + bias + hot, "b c d h w -> b (c d h w)")
  let mask = rearrange(lesion, "b c d h w -> b (c d h w)")
  let dice = dice(logits, mask)
  loss bce(logits, mask) + dice
}

train {
  batch = 3
  steps = 25
  optimizer = adamw(lr = 0.3)
  seed = 1
}

data {
  units = hounsfield
  orientation = "LPS"
  spacing = [3, 1.5, 1.5]
  size = [4, 8, 8]
  table = "scans.csv"
  augment = [flip(axis = width, sides = ignore), shift(fraction = 0.2), noise(std = 0.02)]
}
`;

beforeAll(prepareProgram);

describe("a model of two volumes and a segmentation", () => {
  const scans = 3;
  const [x, y, z] = [8, 8, 4];
  /** A lesion of label 2 that is bright in the CT, in an organ of label 1. */
  const labels = (scan: number): number[] =>
    Array.from({ length: x * y * z }, (_, index) => {
      const [i, j] = [index % x, Math.floor(index / x) % y];
      if (i > 1 + scan && i < 5 + scan && j > 2 && j < 6) return 2;
      return j > 1 ? 1 : 0;
    });
  const sform = (mm: readonly [number, number, number]) => [-mm[0], 0, 0, 0, 0, -mm[1], 0, 0, 0, 0, mm[2], 0];
  const files: Record<string, Buffer> = {};
  for (let scan = 0; scan < scans; scan++) {
    const map = labels(scan);
    const values = map.map((label) => [-1000, 0, 180][label] ?? 0);
    files[`ct${scan}.nii.gz`] = gzipped({ sizes: [x, y, z], sform: sform([1.5, 1.5, 3]), values });
    files[`mask${scan}.nii.gz`] = gzipped({
      sizes: [x, y, z],
      sform: sform([1.5, 1.5, 3]),
      values: map,
      type: "uint8",
    });
    const uptake = Array.from({ length: 32 }, (_, index) => index % 9);
    files[`pet${scan}.nii.gz`] = gzipped({ sizes: [4, 4, 2], sform: sform([3, 3, 6]), values: uptake });
  }
  const table = [
    "ct,pet,mask",
    ...Array.from({ length: scans }, (_, scan) => `ct${scan}.nii.gz,pet${scan}.nii.gz,mask${scan}.nii.gz`),
  ];
  const folder = mkdtempSync(join(tmpdir(), "medctc-segmentation-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const all = { ...files, "scans.csv": `${table.join("\n")}\n`, "spec.vlm": spec };
  for (const [name, content] of Object.entries(all)) writeFileSync(join(folder, name), content);
  const path = join(folder, "spec.vlm");
  const train = (to: string, ...more: readonly string[]) =>
    runHere(["train", path, "--data", folder, "-o", join(folder, to), "--backend", "onnx", "--workers", "1", ...more]);

  test("trains on voxels with BCE and Dice, its loss falls, and it records each input", async () => {
    const trained = await train("run", "--cache", join(folder, "cache"));
    expect(trained).toMatchObject({ code: 0 });
    const lines = readFileSync(join(folder, "run/metrics.jsonl"), "utf8").trim().split("\n");
    const losses = lines.map((line) => Number(/"loss":([^,]+)/.exec(line)?.[1]));
    expect(losses).toHaveLength(25);
    // BCE of a half and the Dice of one.
    expect(losses[0]).toBeGreaterThan(1.2);
    expect(losses.at(-1)).toBeLessThan(0.5 * (losses[0] ?? 0));
    const opened = openTensors(join(folder, "run/adapter.safetensors"));
    if (opened.kind === "wrong") throw new Error("it is a file of tensors");
    opened.close();
    const volume = {
      ...{ kind: "volume", units: "hounsfield", orientation: "LPS", axes: "zxy", range: [0, 1], pad: 0 },
      ...{ crop: "none", resize: "spacing", grid: "torch", clip: "before" },
    };
    expect(JSON.parse(opened.metadata.get(contractKey) ?? "null")).toEqual({
      version: 2,
      inputs: {
        ct: { ...volume, spacing: [3, 1.5, 1.5], size: [4, 8, 8], window: [[-200, 200]] },
        pet: {
          ...volume,
          spacing: [6, 3, 3],
          size: [2, 4, 4],
          window: [
            [0, 10],
            [0, 5],
          ],
        },
        lesion: { kind: "segmentation", of: "ct", labels: [2] },
      },
    });
    const again = await train("again", "--cache", join(folder, "cache"));
    expect(again).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder, "again/adapter.safetensors"))).toEqual(
      readFileSync(join(folder, "run/adapter.safetensors")),
    );
  });

  test("is refused an adapter of another input, which is named", async () => {
    const other = join(folder, "other.vlm");
    writeFileSync(other, spec.replace("[[0, 10], [0, 5]]", "[[0, 10], [0, 6]]"));
    const given = ["--adapter", join(folder, "run"), "--data", folder, "--backend", "onnx", "-o", join(folder, "no")];
    const { code, err } = await runHere(["train", other, ...given]);
    expect({ code, err }).toMatchObject({ code: 1 });
    expect(err).toContain(
      "`pet`: the adapter was trained with `window = [[0,10],[0,5]]`, but the spec has `window = [[0,10],[0,6]]`",
    );
    expect(err).not.toContain("`ct`:");
  });

  test("is checked with the segmentation of each volume, and refused where that is of another", async () => {
    const good = await runHere(["data", "check", folder, "--spec", path]);
    expect({ ...good, out: "" }).toMatchObject({ code: 0, out: "" });
    writeFileSync(join(folder, "mask1.nii.gz"), files["pet1.nii.gz"] ?? "");
    const checked = await runHere(["data", "check", folder, "--spec", path]);
    const message = `it is not on the grid of its volume ${join(folder, "ct1.nii.gz")}: it has 4 x 4 x 2 voxels, and the volume 8 x 8 x 4`;
    expect(checked.err).toContain(message);
    const { code, err } = await train("wrong", "--cache-size", "0");
    expect({ code, err }).toMatchObject({ code: 1 });
    expect(err).toContain(message);
    writeFileSync(join(folder, "mask1.nii.gz"), files["mask1.nii.gz"] ?? "");
  });

  test("is not packed, nor trained on a folder without columns", async () => {
    const packed = await runHere(["data", "pack", folder, "--spec", path, "-o", join(folder, "shards")]);
    expect(packed.err).toContain(
      "`ct` has settings of its own, and shards hold volumes as the `data` block prepares them",
    );
    const plain = join(folder, "plain.vlm");
    writeFileSync(plain, spec.replace('  table = "scans.csv"\n', ""));
    const { code, err } = await runHere(["train", plain, "--data", folder, "-o", join(folder, "plain")]);
    expect({ code, err }).toMatchObject({ code: 1 });
    expect(err).toContain("the model takes several files of an example");
  });

  test("shows what the network sees of an input", async () => {
    const picture = join(folder, "pet.png");
    const shown = await runHere([
      ...["data", "show", "pet0.nii.gz", "--data", folder, "--spec", path],
      ...["--input", "pet", "-o", picture],
    ]);
    expect(shown.out).toContain("the middle slices of 2 x 4 x 4 voxels, values from 0.000 to 1.000");
    const unknown = await runHere([
      "data",
      "show",
      join(folder, "ct0.nii.gz"),
      "--spec",
      path,
      "--input",
      "mri",
      "-o",
      picture,
    ]);
    expect(unknown.err).toContain("the spec has no input `mri` that takes volumes");
    expect(unknown.err).toContain("its inputs of volumes are `ct`, `pet`");
  });
});
