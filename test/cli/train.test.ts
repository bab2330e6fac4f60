import {
  appendFileSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { decodeScores, evaluateScores } from "../../runtime/evaluate/index.ts";
import { readRecord } from "../../runtime/train/index.ts";
import { prepareProgram, runHere } from "./medctc.ts";
import { backends, SmallTraining, start } from "./small-training.ts";

const small = new SmallTraining();
const train = (...more: readonly string[]) => runHere(small.arguments("train", ...more));
const evaluate = (...more: readonly string[]) => runHere(small.arguments("eval", ...more));

beforeAll(prepareProgram);

/** What a training logged of each step, without how long it took. */
function metricsOf(folder: string): readonly string[] {
  const lines = readFileSync(join(folder, "metrics.jsonl"), "utf8").trimEnd().split("\n");
  return lines.map((line) => {
    expect(line).toMatch(/,"seconds":[\d.e-]+}$/);
    return line.replace(/,"seconds":.*/, "");
  });
}

/** The table of a CSV file without quotes. */
function tableOf(path: string): readonly (readonly string[])[] {
  return readFileSync(path, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => line.split(","));
}

function keptScores(folder: string, step: number) {
  const kept = decodeScores(
    readFileSync(join(folder, `evaluations/step-${String(step).padStart(8, "0")}.json`), "utf8"),
  );
  if (kept === null) throw new Error(`the scores of step ${step} are kept`);
  return kept;
}

describe.each(backends)("on %s", (backend) => {
  const folder = small.path(`run-${backend}`);
  const results = small.path(`results-${backend}`);

  test("a training writes adapters, checkpoints, logs and a report, and says where", async () => {
    const { code, out, err } = await train("--backend", backend, "-o", folder);
    expect({ code, err }).toMatchObject({ code: 0 });
    expect(out).toContain(`trained 12 steps\n  adapters  ${folder}/adapter.safetensors\n`);
    expect(err).toContain("step 12: mean AUROC ");
    expect(readdirSync(folder)).toEqual([
      ...["adapter.safetensors", "checkpoints", "evaluations", "events", "metrics.jsonl", "report.html", "run.json"],
    ]);
    expect(readRecord(folder)).toMatchObject({ backend, steps: 12, stepsPerEpoch: 2, batch: 4, end: { kind: "done" } });
    expect(metricsOf(folder).map((line) => /"step":(\d+),"epoch":(\d+)/.exec(line)?.slice(1).map(Number))).toEqual(
      Array.from({ length: 12 }, (_, step) => [step + 1, Math.floor(step / 2)]),
    );
    expect(readdirSync(join(folder, "evaluations"))).toEqual(
      [0, 5, 10, 12].map((step) => `step-${String(step).padStart(8, "0")}.json`),
    );
    // A class that never occurs has no AUROC.
    expect(out).toMatch(/^Lymphadenopathy +0 +- /m);
    expect(out).toContain("Lymphadenopathy  never occurs among 6");
  });

  test("the same training gives the same adapters and losses, and one with another seed others", async () => {
    const [again, other] = [small.path(`again-${backend}`), small.path(`other-${backend}`)];
    expect((await train("--backend", backend, "-o", again)).code).toBe(0);
    const adapter = (path: string) => readFileSync(join(path, "adapter.safetensors"));
    expect(adapter(again).equals(adapter(folder))).toBe(true);
    expect(metricsOf(again)).toEqual(metricsOf(folder));
    expect((await train("--backend", backend, "-o", other, "--seed", "2")).code).toBe(0);
    expect(adapter(other).equals(adapter(folder))).toBe(false);
    expect(metricsOf(other)).not.toEqual(metricsOf(folder));
  });

  test("`eval` of the adapters gives the scores of the training's last evaluation", async () => {
    const { code, out, err } = await evaluate("--backend", backend, "--adapter", folder, "-o", results);
    expect({ code, err }).toMatchObject({ code: 0 });
    const kept = keptScores(folder, 12);
    const [header, ...rows] = tableOf(join(results, "scores.csv"));
    expect(header).toEqual(["VolumeName", ...kept.classes]);
    expect(rows.map(([name]) => name)).toEqual(kept.names);
    for (const [row, cells] of rows.entries()) {
      for (const [column, score] of cells.slice(1).map(Number).entries()) {
        expect(Math.abs(score - (kept.scores[row]?.[column] ?? Number.NaN))).toBeLessThan(1e-6);
      }
    }
    const expected = evaluateScores(kept);
    const found: unknown = JSON.parse(readFileSync(join(results, "results.json"), "utf8"));
    expect(found).toMatchObject({ examples: 6, overall: { meanAuroc: { value: expected.overall.meanAuroc.value } } });
    expect(found).toMatchObject({
      classes: [
        {},
        {},
        {},
        { name: "Lymphadenopathy", metrics: { auroc: { value: null, why: "never occurs among 6" } } },
      ],
    });
    expect(out).toContain(`scores.csv, labels.csv, groups.csv, results.json, report.html in ${results}`);
    const report = readFileSync(join(results, "report.html"), "utf8");
    expect(report).toContain("never occurs among 6");
    expect(report).toContain((expected.overall.meanAuroc.value ?? 0).toFixed(3));
  });
});

const folder = small.path("run-onnx");

test("`eval` takes the volumes that `--split` names", async () => {
  const train_ = await evaluate("--split", "train", "-o", small.path("on-train"));
  expect(train_.code).toBe(0);
  const all = await evaluate("--split", "all", "-o", small.path("on-all"));
  expect(all.code).toBe(0);
  const names = (path: string) =>
    tableOf(join(small.path(path), "scores.csv"))
      .slice(1)
      .map(([name = ""]) => name);
  expect(names("on-train")).toHaveLength(8);
  expect(names("on-train").every((name) => name.startsWith("train_"))).toBe(true);
  expect(names("on-all")).toHaveLength(14);
});

test("a finished training that is resumed trains no step more, and says the same again", async () => {
  const before = readFileSync(join(folder, "adapter.safetensors"));
  const { code, out, err } = await train("-o", folder, "--resume");
  expect(code).toBe(0);
  expect(err).toContain("resuming from step 12 of 12");
  expect(out).toContain("trained 12 steps");
  expect(readFileSync(join(folder, "adapter.safetensors"))).toEqual(before);
  expect(metricsOf(folder)).toHaveLength(12);
});

test("a finished training is extended by --resume with more steps, and says so", async () => {
  const longer = small.path("longer");
  cpSync(folder, longer, { recursive: true });
  const { code, out, err } = await train("-o", longer, "--resume", "--steps", "14");
  expect(code).toBe(0);
  expect(err).toContain("resuming from step 12 of 14");
  expect(err).toContain(
    "note: extending the run from 12 to 14 steps; the learning rate now follows the schedule of 14 steps\n",
  );
  expect(out).toContain("trained 14 steps");
  expect(metricsOf(longer)).toHaveLength(14);
});

test("--resume in a folder without a training says so and starts one", async () => {
  const { code, err } = await train("-o", small.path("fresh"), "--resume", "--steps", "1");
  expect(code).toBe(0);
  expect(err).toContain(`note: ${small.path("fresh")} has no checkpoint to resume from; starting from the beginning`);
});

test("a folder that has a training is refused without --resume, and stays as it is", async () => {
  const { code, err } = await train("-o", folder);
  expect(code).toBe(1);
  expect(err).toBe(
    `error: ${folder} already contains a run, saved after step 12\n` +
      "  help: add --resume to continue it, or choose another folder with -o\n",
  );
  expect(readdirSync(folder)).not.toContain("run.lock");
});

describe("--resume is refused with the name of what is not as it was:", () => {
  const weights = small.path("weights.safetensors");
  const vocabulary = small.path("vocab.txt");

  function spoil(change: (data: string) => void): readonly string[] {
    const data = small.copyOfData();
    change(data);
    return ["--data", data];
  }
  const replaceIn = (file: string, from: string, to: string): void => {
    const text = readFileSync(file, "utf8");
    expect(text).toContain(from);
    writeFileSync(file, text.replace(from, to));
  };

  test.each<[field: string, () => readonly string[], said: string]>([
    [
      "spec",
      () => [small.specWith("other.vlm", "rank = 4", "rank = 2")],
      "it was line 27: lora(rank = 4, alpha = 8, dropout = 0.1) on vision.attn.qkv, text.attn.q,v, heads.image, and is now " +
        "line 27: lora(rank = 2,",
    ],
    [
      "spec",
      () => ["--set", "train.lr=2e-2"],
      "it was line 32: optimizer = adamw(lr = 1e-2, weight_decay = 0.01), and is now line 32: optimizer = adamw(lr = 2e-2,",
    ],
    [
      "data",
      () => spoil((data) => replaceIn(join(data, "train_reports.csv"), "hiatal hernia", "hiatus hernia")),
      "the training set changed\n",
    ],
    [
      "data",
      () => spoil((data) => appendFileSync(join(data, "train/train_3/train_3_a/train_3_a_1.nii.gz"), "x")),
      "the training set changed\n",
    ],
    [
      "data",
      () => spoil((data) => replaceIn(join(data, "valid_predicted_labels.csv"), "a_1.nii.gz,1", "a_1.nii.gz,0")),
      "the held-out set changed\n",
    ],
    [
      "data",
      () => {
        copyFileSync(join(small.data, "vocab.txt"), vocabulary);
        appendFileSync(vocabulary, "more\n");
        return ["--vocab", vocabulary];
      },
      "the vocabulary changed\n",
    ],
    ["weights", () => ["--weights", weights], "the file of --weights changed\n"],
    ["weights", () => ["--adapter", folder], "the file of --adapter changed\n"],
    ["seed", () => ["--seed", "2"], "it was 1, and is now 2\n"],
    ["batch", () => [small.specWith("batch.vlm", "batch = 4", "batch = 2")], "it was 4, and is now 2\n"],
    // The learning rate falls along another curve then.
    ["steps", () => ["--steps", "8"], "it was 12, and is now 8\n"],
  ])("%s", async (field, change, said) => {
    if (!existsSync(weights)) {
      expect((await runHere(["run", small.spec, "init", "-o", weights])).code).toBe(0);
    }
    const more = change();
    const [first = ""] = more;
    const [command = "", , ...rest] = small.arguments("train", ...more.slice(first.endsWith(".vlm") ? 1 : 0));
    const spec = first.endsWith(".vlm") ? first : small.spec;
    const { code, err } = await runHere([command, spec, ...rest, "-o", folder, "--resume"]);
    expect(code).toBe(1);
    expect(err).toContain(`error: the run in ${folder} cannot be resumed with a different \`${field}\`: ${said}`);
    expect(err).toContain("use the original settings and files, or choose another folder with -o");
  });
});

test("a folder that another process trains into is refused with its number", async () => {
  const path = small.path("held");
  const first = start([...small.arguments("train", "-o", path, "--steps", "100000")]);
  await first.says(/^step 1\//m);
  // It is the process that trains which holds the folder, not the one that watches it.
  const { pid } = first.child;
  const trainer = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
  const { code, err } = await train("-o", path, "--resume");
  first.child.kill("SIGKILL");
  await first.end;
  expect(code).toBe(1);
  expect(trainer).toMatch(/^\d+$/);
  expect(err).toContain(`process ${trainer} on `);
  expect(err).toContain("is writing into this folder\n  help: wait for it, use another folder, or remove ");
});

test("a backend that computes in another precision than the spec says so", async () => {
  const spec = small.path("bf16.vlm");
  writeFileSync(spec, readFileSync(small.spec, "utf8").replace("  seed = 1", '  precision = "bf16"\n  seed = 1'));
  const { code, err } = await runHere(["eval", spec, "--data", small.data, "--backend", "onnx"]);
  expect(code).toBe(0);
  expect(err).toContain("note: ONNX Runtime computes in f32; the spec's precision is bf16\n");
});

test("what is not said or not there is named, with what to do", async () => {
  const nothing = await runHere(["train", small.spec]);
  expect([nothing.code, nothing.err.includes("add --data DIR")]).toEqual([1, true]);
  const folderless = await train("--data", small.path("nowhere"), "-o", small.path("x"));
  expect([folderless.code, folderless.err.includes(`${small.path("nowhere")}: `)]).toEqual([1, true]);
  const weightless = await train("--weights", small.path("none.safetensors"), "-o", small.path("x"));
  expect([weightless.code, weightless.err.includes("none.safetensors` cannot be read")]).toEqual([1, true]);
  mkdirSync(small.path("empty"), { recursive: true });
  const adapterless = await train("--adapter", small.path("empty"), "-o", small.path("x"));
  expect([adapterless.code, adapterless.err.includes("adapter.safetensors` cannot be read")]).toEqual([1, true]);
});
