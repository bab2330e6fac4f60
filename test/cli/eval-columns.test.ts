import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as v from "valibot";
import { beforeAll, expect, test } from "vitest";
import { gzipped } from "../data/nifti-file.ts";
import { readTable } from "../data/synth-set.ts";
import { npyFile } from "../data/tar-file.ts";
import { Random } from "../random.ts";
import { zipOf } from "../weights/torch-file.ts";
import { runHere } from "./medctc.ts";
import { SmallTraining } from "./small-training.ts";

const training = new SmallTraining();
const sizes = { x: 20, y: 16, z: 12 } as const;
const names = ["trn00001", "trn00002", "trn00003", "tst00001", "tst00002", "tst00003", "tst00004"];
const classes = ["Medical material", "Cardiomegaly", "Hiatal hernia", "Lymphadenopathy"];
const columns = `columns = [column("device_or_heart", of = ["Medical material", "Cardiomegaly"]), "Hiatal hernia"]`;

/** Whether volume `index` shows the finding of a column. */
const isPresent = (index: number, column: number): boolean => (index + column) % (column + 2) === 0;

/** Hounsfield units of a made-up scan, x fastest, z towards the head: air, soft tissue, and something else in each. */
function scan(seed: number): readonly number[] {
  const random = new Random(seed);
  const centre = [random.below(sizes.x), random.below(sizes.y), random.below(sizes.z)];
  const [a = 0, b = 0, c = 0] = centre;
  const values: number[] = [];
  for (let z = 0; z < sizes.z; z++)
    for (let y = 0; y < sizes.y; y++)
      for (let x = 0; x < sizes.x; x++) {
        const isLesion = Math.abs(x - a) < 5 && Math.abs(y - b) < 5 && Math.abs(z - c) < 4;
        values.push(isLesion ? 400 + 40 * seed : x < 8 ? -1000 + random.below(40) : random.below(80));
      }
  return values;
}

/** The same from the head down, `ct` of an archive as numpy.savez writes it. */
function archive(values: readonly number[]): Uint8Array {
  const { x, y, z } = sizes;
  const plane = x * y;
  const down = Array.from({ length: z }, (_, slice) => values.slice((z - 1 - slice) * plane, (z - slice) * plane));
  const header = npyFile([], [], `{'descr': '<i2', 'fortran_order': False, 'shape': (${z}, ${y}, ${x}), }`);
  const voxels = Buffer.from(Int16Array.from(down.flat()).buffer);
  return zipOf([{ name: "ct.npy", bytes: Buffer.concat([header, voxels]) }]);
}

const results = v.object({ classes: v.array(v.object({ name: v.string(), threshold: v.number() })) });
const radChest = training.path("rad-chestct");
const ctRate = training.path("ct-rate");

beforeAll(() => {
  const write = (path: string, content: string | Uint8Array): void => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  };
  const sform = [-0.8, 0, 0, 0, 0, -0.8, 0, 0, 0, 0, 0.8, 0];
  for (const [index, name] of names.entries()) {
    const values = scan(index + 1);
    write(join(radChest, "scans", `${name}.npz`), archive(values));
    write(join(ctRate, `${name}.nii.gz`), gzipped({ sizes: [sizes.x, sizes.y, sizes.z], values, sform }));
  }
  const csv = (header: string, row: (name: string, index: number) => string): string =>
    [header, ...names.map(row), ""].join("\n");
  const label = (index: number, column: number): number => Number(isPresent(index, column));
  write(
    join(radChest, "labels.csv"),
    csv("NoteAcc_DEID,device_or_heart,Hiatal hernia", (name, index) => `${name},${label(index, 0)},${label(index, 1)}`),
  );
  write(
    join(radChest, "metadata.csv"),
    csv("NoteAcc_DEID,MRN_DEID", (name, index) => `${name},P${index}`),
  );
  write(
    join(ctRate, "labels.csv"),
    csv(
      `VolumeName,${classes.join(",")}`,
      (name, index) => `${name}.nii.gz,${classes.map((_, c) => label(index, c)).join(",")}`,
    ),
  );
  write(
    join(ctRate, "metadata.csv"),
    csv("VolumeName,RescaleSlope,RescaleIntercept,XYSpacing,ZSpacing", (name) => `${name}.nii.gz,1,0,"[0.8, 0.8]",0.8`),
  );
  const tiny = readFileSync(training.spec, "utf8").replace("spacing = [90, 30, 30]", "spacing = [2, 1.2, 1]");
  const lps = 'orientation = "LPS"\n  units = hounsfield\n  valid = ""\n';
  training.write("plain.vlm", tiny.replace("data {\n", `data {\n  ${lps}`));
  training.write(
    "external.vlm",
    `import "./plain"
model external amends tiny {}
data amends {
  assume_orientation = "LPI"
  assume_spacing = [0.8, 0.8, 0.8]
  key = "NoteAcc_DEID"
}
eval amends {
  ${columns}
  resample_by = "MRN_DEID"
  resamples = 20
}
`,
  );
});

function evaluate(spec: string, data: string, ...more: readonly string[]) {
  const vocabulary = ["--vocab", join(training.data, "vocab.txt")];
  const options = ["--data", data, ...vocabulary, "--backend", "onnx", "--workers", "1", "--cache-size", "0"];
  return runHere(["eval", training.path(spec), ...options, ...more]);
}

const cellsOf = (file: string) => readTable(training.path(file)).map((row) => [...row]);
const tableOf = (folder: string, file: string) => readTable(join(training.path(folder), file));

test("a folder like RAD-ChestCT's is evaluated by its own columns, with the scores that the same scans have elsewhere", async () => {
  const plain = await evaluate("plain.vlm", ctRate, "-o", training.path("plain"));
  expect(plain.code, plain.err).toBe(0);
  const external = await evaluate("external.vlm", radChest, "-o", training.path("external"));
  expect(external.code, external.err).toBe(0);
  const byClass = tableOf("plain", "scores.csv").map((row) => classes.map((name) => Number(row.get(name))));
  expect(byClass).toHaveLength(names.length);
  expect(new Set(byClass.flat()).size).toBeGreaterThan(10);
  const merged = byClass.map(([device = 0, heart = 0, hernia = 0]) => [Math.max(device, heart), hernia]);
  // Each of the two is the larger one somewhere, or one of them alone would do.
  expect(tableOf("external", "scores.csv").map((row) => [...row.values()].slice(1).map(Number))).toEqual(merged);
  expect(cellsOf("external/labels.csv").map((row) => row.map(([, cell]) => cell))).toEqual(
    names.map((name, index) => [`${name}.npz`, ...[0, 1].map((c) => String(Number(isPresent(index, c))))]),
  );
  expect(external.err).toContain('not evaluated: "Lymphadenopathy", which no column of the `eval` block is of');
  expect(external.out).toContain("device_or_heart");
  expect(external.out).not.toContain("Cardiomegaly");
  expect(plain.err).not.toContain("not evaluated");
});

test("thresholds are chosen by column, on volumes that names tell from those that are evaluated", async () => {
  const settings = ['data.train="trn"', 'data.valid="tst"', "eval.threshold=best_f1(on = training)"];
  const folder = training.path("chosen");
  const more = settings.flatMap((each) => ["--set", each]);
  const { code, err } = await evaluate("external.vlm", radChest, ...more, "-o", folder);
  expect(code, err).toBe(0);
  expect(tableOf("chosen", "scores.csv")).toHaveLength(4);
  const { classes: measured } = v.parse(results, JSON.parse(readFileSync(join(folder, "results.json"), "utf8")));
  expect(measured.map(({ name }) => name)).toEqual(["device_or_heart", "Hiatal hernia"]);
  expect(measured[0]?.threshold).not.toBe(measured[1]?.threshold);
});

test("a table that lacks a column is refused by its name", async () => {
  const set = ["--set", 'eval.columns=[column("Nodule", of = ["Cardiomegaly"]), "Hiatal hernia"]'];
  const { code, err } = await evaluate("external.vlm", radChest, ...set);
  expect(code).toBe(1);
  expect(err).toContain("a labels table needs the column `Nodule` too");
});

test("evaluations during a training are by column as well", async () => {
  const spec = training.write(
    "trained.vlm",
    `import "./tiny"
model trained amends tiny {}
train amends { steps = 1 }
eval amends { columns = [column("Emphysema", of = ["Medical material", "Cardiomegaly"])] }
`,
  );
  const run = training.path("trained");
  const options = ["--data", training.data, "--backend", "onnx", "--workers", "1", "--cache", training.path("cache")];
  const { code, err } = await runHere(["train", spec, ...options, "-o", run]);
  expect(code, err).toBe(0);
  const step: unknown = JSON.parse(readFileSync(join(run, "evaluations/step-00000001.json"), "utf8"));
  expect(step).toMatchObject({ classes: ["Emphysema"] });
  expect(err).toContain('not evaluated: "Hiatal hernia" and "Lymphadenopathy"');
});

test("`data check` counts labels by column", async () => {
  const page = training.path("check.html");
  const found = await runHere(["data", "check", radChest, "--spec", training.path("external.vlm"), "-o", page]);
  expect(found.err).not.toContain("error");
  expect(found.code).toBe(0);
  expect(readFileSync(page, "utf8")).toContain("device_or_heart");
});
