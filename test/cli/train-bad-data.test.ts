import { appendFileSync, cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { elementsOf, readSafetensors, writeSafetensors } from "../../runtime/weights/index.ts";
import { gzipped } from "../data/nifti-file.ts";
import { prepareProgram, type Run, runHere } from "./medctc.ts";
import { SmallTraining } from "./small-training.ts";

const small = new SmallTraining();
beforeAll(prepareProgram);

let runs = 0;
/** A folder that no training has had. */
const fresh = (): string => small.path(`run-${runs++}`);
const train = (data: string, folder: string, ...more: readonly string[]): Promise<Run> =>
  runHere(small.arguments("train", "--data", data, "-o", folder, ...more));
const evaluate = (data: string, ...more: readonly string[]): Promise<Run> =>
  runHere(small.arguments("eval", "--data", data, ...more));

/** The place of a volume in a data set. */
function volume(split: "train" | "valid", patient: number): string {
  const name = `${split}_${patient}`;
  return `${split}/${name}/${name}_a/${name}_a_1.nii.gz`;
}

type Change = (text: string) => string;
const replace =
  (from: string | RegExp, to: string): Change =>
  (text) => {
    expect(text).toMatch(from);
    return text.replace(from, to);
  };
/** Changes a line, the header being the first. */
const line =
  (number: number, change: (line: string) => readonly string[]): Change =>
  (text) =>
    text
      .split("\n")
      .flatMap((each, index) => (index === number - 1 ? change(each) : [each]))
      .join("\n");

const spoilers: Readonly<Record<string, (bytes: Buffer) => Uint8Array>> = {
  "a gzip file that is cut off": (bytes) => bytes.subarray(0, bytes.length / 2),
  "a header that is none": () => gzipSync(Buffer.alloc(1000, "x")),
  "a NaN among its voxels": () => gzipped({ type: "float32", sizes: [20, 20, 40], values: [1, Number.NaN] }),
  "half of its voxels": (bytes) => gzipSync(gunzipSync(bytes).subarray(0, 10_000)),
};
const rules: Readonly<Record<string, string>> = {
  "a gzip file that is cut off": "it is truncated within its gzip data\n  help: Copy or download it again.\n",
  "a header that is none":
    "it starts with 2021161080, but a NIfTI file starts with the size of its header, 348 or 540\n  help: ",
  "a NaN among its voxels": "1 of its 16000 voxels is NaN or infinite\n",
  "half of its voxels": "it is truncated: it has 10000 of ",
};

describe.each(Object.keys(spoilers))("a volume with %s", (what) => {
  const spoiled = (place: string): { readonly data: string; readonly file: string } => {
    const data = small.copyOfData();
    const file = join(data, place);
    writeFileSync(file, spoilers[what]?.(readFileSync(file)) ?? "");
    return { data, file };
  };

  test("ends a training with its path and rule, after what came before is saved", async () => {
    const { data, file } = spoiled(volume("train", 3));
    const folder = fresh();
    const { code, err } = await train(data, folder);
    expect(code).toBe(1);
    expect(err).toContain(`error: ${file}: ${rules[what]}`);
    const step = Number(/^error: the run stopped after step (\d+) of 12\n/m.exec(err)?.[1]);
    // Each epoch of two steps sees all volumes.
    expect(step).toBeLessThan(2);
    expect(readdirSync(join(folder, "checkpoints")).at(-1)).toBe(`step-0000000${step}`);
    expect(readdirSync(folder)).not.toContain("adapter.safetensors");
  });

  test("ends `eval` with its path and rule; --skip-bad leaves it out and lists it", async () => {
    const { data, file } = spoiled(volume("valid", 2));
    const { code, out, err } = await evaluate(data, "-o", small.path("unwritten"));
    expect({ code, out }).toEqual({ code: 1, out: "" });
    expect(err).toContain(`error: ${file}: ${rules[what]}`);
    expect(err).toContain("error: the evaluation stopped at this file\n  help: add --skip-bad to skip such files\n");
    const results = fresh();
    const skipping = await evaluate(data, "--skip-bad", "-o", results);
    expect(skipping.code).toBe(0);
    expect(skipping.err).toContain(`skipped: ${file}: ${rules[what]?.split("\n")[0] ?? ""}`);
    expect(skipping.out).toContain("\n5 examples;");
    expect(readFileSync(join(results, "scores.csv"), "utf8")).not.toContain("valid_2_a_1");
    expect(readFileSync(join(results, "report.html"), "utf8")).toContain("valid_2_a_1.nii.gz");
  });
});

describe("tables", () => {
  const metadata = "train_metadata.csv";
  const reports = "train_reports.csv";
  const labels = "valid_predicted_labels.csv";
  test.each<[what: string, table: string, Change, said: string]>([
    [
      "a spacing of zero",
      metadata,
      line(2, (row) => [row.replace(/"\[.*\]"/, '"[0, 0]"')]),
      "/train_metadata.csv: line 2: its XYSpacing is 0, which is not a distance (`train_1_a_1.nii.gz`)\n",
    ],
    [
      "a duplicate row that says the same",
      reports,
      line(3, (row) => [row, row]),
      "/train_reports.csv: line 4: a reports table has a second row for this volume, after line 3, with the same values\n",
    ],
    [
      "a duplicate row that says something else",
      reports,
      line(3, (row) => [row, "train_2_a_1.nii.gz,,,Other.,Other."]),
      "/train_reports.csv: line 4: a reports table has a second row for this volume, after line 3, with different values",
    ],
    ["an absent row", reports, line(3, () => []), `/${volume("train", 2)}: no table has a report of this volume\n`],
    [
      "an empty report",
      reports,
      line(3, () => ["train_2_a_1.nii.gz,Cough.,CT.,,Not given."]),
      "/train_reports.csv: line 3: its report is empty (`train_2_a_1.nii.gz`)\n",
    ],
    [
      "a volume without labels",
      labels,
      line(3, () => []),
      `/${volume("valid", 2)}: no table has labels of this volume\n`,
    ],
    [
      "a wrong label",
      labels,
      line(3, (row) => [row.replace(/,[01],/, ",2,")]),
      "/valid_predicted_labels.csv: line 3: its label for `Medical material` is `2`, but 0 or 1 is expected",
    ],
  ])("%s is named before anything is trained, and --skip-bad goes on without it", async (_, table, change, said) => {
    const data = small.copyOfData();
    const path = join(data, table);
    writeFileSync(path, change(readFileSync(path, "utf8")));
    const folder = fresh();
    const { code, err } = await train(data, folder);
    expect(code).toBe(1);
    expect(err).toContain(`error: ${data}${said}`);
    expect(err).toContain("add --skip-bad to skip these files\n");
    expect(readdirSync(join(folder, "checkpoints"))).toEqual([]);
    const skipping = await train(data, folder, "--skip-bad", "--steps", "1");
    expect(skipping.code).toBe(0);
    expect(skipping.err).toContain(`skipped: ${data}${said.trimEnd()}`);
    const [file = ""] = said.slice(1).split(":");
    expect(readFileSync(join(folder, "report.html"), "utf8")).toContain(file);
    if (table !== labels) return;
    const evaluated = await evaluate(data);
    expect(evaluated).toMatchObject({ code: 1, out: "" });
    expect(evaluated.err).toContain(`error: ${data}${said}`);
  });

  test("a missing label is said, and its volume is evaluated on the other classes", async () => {
    const data = small.copyOfData();
    const path = join(data, labels);
    writeFileSync(path, line(3, (row) => [row.replace(/,[01],/, ",,")])(readFileSync(path, "utf8")));
    const { code, out, err } = await evaluate(data);
    expect(code).toBe(0);
    expect(err).toContain("note: labels missing: 1 cell of `Medical material` in 1 of 6 volumes (1 blank)\n");
    expect(out).toMatch(/^Medical material +\d +1 /m);
    expect(out).toContain("6 examples;");
    expect(err.match(/^warning: no --weights: .* random first values; scores mean nothing$/gm)).toHaveLength(2);
  });

  test("a column that no table of the data set has is named with the table that lacks it", async () => {
    const data = small.copyOfData();
    for (const name of ["train_reports.csv", "validation_reports.csv"]) {
      const path = join(data, name);
      writeFileSync(path, replace("Findings_EN", "Findings")(readFileSync(path, "utf8")));
    }
    const { code, err } = await train(data, fresh());
    expect(code).toBe(1);
    expect(err).toContain(
      `error: ${data}/train_reports.csv: line 1: a reports table needs the column \`Findings_EN\` too\n`,
    );
  });

  test("a table that alone lacks a column is named once, instead of all volumes that it lists", async () => {
    const data = small.copyOfData();
    const path = join(data, metadata);
    writeFileSync(path, replace("ZSpacing", "Z")(readFileSync(path, "utf8")));
    const { code, err } = await train(data, fresh());
    expect(code).toBe(1);
    expect(err.match(/^error: .*$/gm)).toEqual([
      `error: ${path}: line 1: a metadata table needs the column \`ZSpacing\` too`,
    ]);
  });

  test("a class that no labels table has ends training and evaluation", async () => {
    const data = small.copyOfData();
    for (const name of ["train_predicted_labels.csv", "valid_predicted_labels.csv"]) {
      const path = join(data, name);
      writeFileSync(path, replace(",Cardiomegaly,", ",Cardio,")(readFileSync(path, "utf8")));
    }
    for (const run of [await train(data, fresh()), await evaluate(data)]) {
      expect(run.code).toBe(1);
      expect(run.err).toContain(
        "valid_predicted_labels.csv: line 1: a labels table needs the column `Cardiomegaly` too\n",
      );
    }
  });

  test("a data set without labels is trained on all the same, and not evaluated", async () => {
    const data = small.copyOfData();
    for (const name of ["train_predicted_labels.csv", "valid_predicted_labels.csv"]) rmSync(join(data, name));
    const { code, err } = await train(data, fresh(), "--steps", "1");
    expect(code).toBe(0);
    expect(err).toContain(
      `note: no zero-shot evaluation: ${data}: there is no CSV table with the columns \`VolumeName\``,
    );
    expect((await evaluate(data)).code).toBe(1);
  });
});

describe("--skip-bad", () => {
  // In the second text the volumes are read once, since no adapter is in their encoder.
  const frozen = small.specWith("frozen.vlm", "on vision.attn.qkv, text.attn.q,v, heads.image", "on text.attn.q,v");

  test.each([
    ["adapters in both encoders", small.spec],
    ["volumes that are read once", frozen],
  ])("takes the same other volumes each time, also when it is resumed: %s", async (_, spec) => {
    const data = small.copyOfData();
    const bad = [3, 4, 7].map((patient) => join(data, volume("train", patient)));
    for (const file of bad) writeFileSync(file, "x");
    const first = fresh();
    const again = fresh();
    const resumed = fresh();
    const [, , ...options] = small.arguments("train", "--data", data, "--skip-bad");
    const run = (folder: string, ...more: readonly string[]) =>
      runHere(["train", spec, ...options, "-o", folder, ...more]);
    const { code, err } = await run(first);
    expect(code).toBe(0);
    for (const file of bad) {
      // Once, however often it was met.
      expect(err.split(`skipped: ${file}: `)).toHaveLength(2);
    }
    expect((await run(again)).code).toBe(0);
    cpSync(again, resumed, { recursive: true });
    // As it is when a process is killed after step 11 of 12, in whose last step not all of the volumes are.
    for (const name of ["checkpoints/step-00000012", "adapter.safetensors", "report.html"]) {
      rmSync(join(resumed, name), { recursive: true });
    }
    const going = await run(resumed, "--resume");
    expect(going).toMatchObject({ code: 0 });
    expect(going.err).toContain("resuming from step 11 of 12\n");
    const adapter = (folder: string) => readFileSync(join(folder, "adapter.safetensors"));
    for (const folder of [again, resumed]) {
      expect(adapter(folder).equals(adapter(first))).toBe(true);
      const report = readFileSync(join(folder, "report.html"), "utf8");
      for (const patient of [3, 4, 7]) expect(report).toContain(`train_${patient}_a_1.nii.gz`);
    }
  });

  test("ends where too few volumes are left to fill a batch", async () => {
    const data = small.copyOfData();
    for (const patient of [1, 2, 3, 4, 5]) writeFileSync(join(data, volume("train", patient)), "x");
    const { code, err } = await train(data, fresh(), "--skip-bad");
    expect(code).toBe(1);
    expect(err).toContain("too few volumes of the data set can be read to fill a batch\n");
  });

  test("does not make up for too few examples", async () => {
    const data = small.copyOfData();
    const path = join(data, "train_reports.csv");
    writeFileSync(path, readFileSync(path, "utf8").split("\n").slice(0, 4).join("\n"));
    const { code, err } = await train(data, fresh(), "--skip-bad");
    expect(code).toBe(1);
    expect(err).toContain("error: there are 3 examples to train on, and a batch needs 4\n  help: add examples");
  });
});

test("weights of another shape are named with their file, shape and what is expected", async () => {
  const path = small.path("weights.safetensors");
  expect((await runHere(["run", small.spec, "init", "-o", path])).code).toBe(0);
  const name = "text.embeddings.word_embeddings.weight";
  const tensors = new Map(
    [...readSafetensors(path, readFileSync(path))].map(([each, stored]) => {
      const shape = each === name ? [...stored.shape].reverse() : stored.shape;
      return [each, { shape, data: elementsOf(stored) }] as const;
    }),
  );
  writeFileSync(path, writeSafetensors(tensors));
  for (const run of [
    await train(small.data, fresh(), "--weights", path),
    await evaluate(small.data, "--weights", path),
  ]) {
    expect(run.code).toBe(1);
    expect(run.err).toContain(`\`${name}\` is [16, 180], but must be f32[180, 16]\n --> ${path}\n`);
  }
});

test("a vocabulary with more tokens than the model has rows is refused", async () => {
  const data = small.copyOfData();
  for (let index = 0; index < 20; index++) appendFileSync(join(data, "vocab.txt"), `more${index}\n`);
  const { code, err } = await train(data, fresh());
  expect(code).toBe(1);
  expect(err).toContain(`${join(data, "vocab.txt")} has 192 tokens, but the model's table has 180 rows\n`);
});
