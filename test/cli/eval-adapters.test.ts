import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { at } from "../../runtime/at.ts";
import { decodeScores, evaluateScores } from "../../runtime/evaluate/index.ts";
import { CheckpointStore } from "../../runtime/train/checkpoint-store.ts";
import { elementsOf, readSafetensors, writeSafetensors } from "../../runtime/weights/index.ts";
import { prepareProgram, runHere } from "./medctc.ts";
import { SmallTraining, start } from "./small-training.ts";

const small = new SmallTraining();

/** A head on the latents of volumes, which alone is trained: no text is read. */
const spec = small.write(
  "findings.vlm",
  `
import "./tiny"
import "std/activations"
import "std/bce"

model findings amends tiny {
  input labels: f32[batch, 4] = table(columns = classes)
  let found = image |> relu |> linear(4) named "classifier"
  remove text, report, temperature, scale, lora
  freeze vision, heads.image
  loss bce(found, labels)
}

train amends {
  keep_best = mean_auroc
}

eval amends {
  remove image, text, scale
  tasks = [classify(found)]
}
`,
);
const runs = ["first", "second"].map((name) => small.path(name));

async function expectDone(commandLine: readonly string[]) {
  const ended = await runHere(commandLine.with(1, spec));
  expect(ended).toMatchObject({ code: 0 });
  return ended;
}

function tableOf(folder: string): string {
  return readFileSync(join(folder, "scores.csv"), "utf8");
}

beforeAll(async () => {
  prepareProgram();
  for (const [place, run] of runs.entries())
    await expectDone(small.arguments("train", "--steps", String(4 + 4 * place), "-o", run));
});

test("a training is evaluated by its head, as `medctc eval` does afterwards", async () => {
  const [run = ""] = runs;
  const folder = small.path("alone");
  await expectDone(small.arguments("eval", "--adapter", run, "-o", folder));
  const kept = decodeScores(readFileSync(join(run, "evaluations/step-00000004.json"), "utf8"));
  const [header, ...rows] = tableOf(folder).trimEnd().split("\n");
  expect(header).toBe("VolumeName,Medical material,Cardiomegaly,Hiatal hernia,Lymphadenopathy");
  expect(rows).toHaveLength(6);
  for (const [row, line] of rows.entries()) {
    for (const [column, score] of line.split(",").slice(1).map(Number).entries()) {
      expect(Math.abs(score - at(at(kept?.scores ?? [], row), column))).toBeLessThan(1e-6);
      expect(score).not.toBe(0.5);
    }
  }
});

test("first values that a file lacks are said to be those of the training, or others", async () => {
  const [run = ""] = runs;
  const whole = small.path("whole.safetensors");
  await expectDone(["export", spec, "--safetensors", whole]);
  const stored = [...readSafetensors(whole, readFileSync(whole))].filter(([name]) => !name.startsWith("heads."));
  const tensors = new Map(stored.map(([name, tensor]) => [name, { shape: tensor.shape, data: elementsOf(tensor) }]));
  const partial = small.write("partial.safetensors", writeSafetensors(tensors));
  const given = small.arguments("eval", "--adapter", run, "--weights", partial, "--allow-missing", "heads.*");
  const folder = small.path("partial");
  const same = await expectDone([...given, "-o", folder]);
  expect(same.err).toMatch(
    /^note: .*partial\.safetensors is incomplete: 1 of \d+ .*, the same that .*first was trained on$/m,
  );
  expect(same.err).not.toContain("scores mean nothing");
  expect(tableOf(folder)).toBe(tableOf(small.path("alone")));
  const other = await expectDone([...given, "--seed", "9"]);
  expect(other.err).toMatch(
    /^warning: .*not those that .*first was trained on; scores mean nothing .*: add --seed 1\)$/m,
  );
});

test("`keep_best = mean_auroc` goes by what the head scores", () => {
  const run = at(runs, 1);
  const latest = new CheckpointStore(join(run, "checkpoints")).latest();
  if (latest.kind !== "found") throw new Error("it has a checkpoint");
  const measured = [5, 8].map((step) => {
    const scores = decodeScores(readFileSync(join(run, `evaluations/step-0000000${step}.json`), "utf8"));
    if (scores === null) throw new Error("it has scores");
    return { step, metric: evaluateScores(scores).overall.meanAuroc.value ?? Number.NaN };
  });
  const [first, second] = [at(measured, 0), at(measured, 1)];
  expect(latest.checkpoint.state.metric).toBe(second.metric);
  expect(latest.checkpoint.state.best).toEqual(second.metric > first.metric ? second : first);
});

describe("several adapters in one call", () => {
  const together = small.path("together");

  test("have the scores that they have by themselves, each in a folder of its name, and are compared", async () => {
    const { out, err } = await expectDone(small.arguments("eval", "--base", "--adapter", ...runs, "-o", together));
    expect(readdirSync(together).sort()).toEqual(["base", "compare.html", "first", "second"]);
    // One is reported when it is found, and all again behind the tables.
    for (const warning of new Set(err.match(/warning: .*/g))) expect(err.split(warning)).toHaveLength(3);
    for (const [name, adapter] of [["base"], ["first", runs[0]], ["second", runs[1]]] as const) {
      const alone = small.path(`alone-${name}`);
      const given = adapter === undefined ? [] : ["--adapter", adapter];
      await expectDone(small.arguments("eval", ...given, "-o", alone));
      expect(tableOf(join(together, name))).toBe(tableOf(alone));
    }
    expect(new Set(["base", "first", "second"].map((name) => tableOf(join(together, name)))).size).toBe(3);
    for (const name of ["first", "second"]) expect(out).toContain(`${name} against base`);
    for (const [place, name] of ["base", "first", "second"].entries())
      expect(err).toContain(`evaluated ${name} (${place + 1} of 3)`);
    const page = readFileSync(join(together, "compare.html"), "utf8");
    for (const name of ["base", "first", "second"]) expect(page).toContain(name);
    expect(page.match(/<figure class="card example">/g)).toHaveLength(6);
    expect(page.split("<image ").length - 1).toBe(3 * 6);
  });

  test("can be compared again by `medctc compare`, with the same numbers", async () => {
    const { out } = await expectDone(small.arguments("eval", "--adapter", ...runs));
    const again = await runHere(["compare", ...["first", "second"].map((name) => join(together, name))]);
    expect(again).toMatchObject({ code: 0 });
    const numbers = (text: string): readonly string[] =>
      text.split("\n").filter((line) => /^(Medical|Cardio|Hiatal|mean AUROC)/.test(line));
    expect(numbers(again.out).length).toBeGreaterThan(3);
    expect(numbers(out)).toEqual(numbers(again.out));
  });

  test("are stopped by Ctrl-C, which says where those are that were evaluated before, whole, and how to compare them", async () => {
    const folder = small.path("stopped");
    const given = ["--base", "--adapter", ...runs, ...runs];
    const { child, says, end } = start(small.arguments("eval", ...given, "-o", folder).with(1, spec));
    await says(/^evaluated first \(2 of 5\): /m);
    child.kill("SIGINT");
    const { code, err } = await end;
    expect(code).toBe(130);
    // A slow machine may have come to the next one.
    const written = readdirSync(folder).sort();
    expect([
      ["base", "first"],
      ["base", "first", "second"],
    ]).toContainEqual(written);
    const paths = written.map((name) => join(folder, name));
    const words = ["compare", ...paths, "--page", join(folder, "compare.html")];
    expect(err).toContain(`stopped; written: ${paths.join(", ")}\ncompare these with: medctc ${words.join(" ")}\n`);
    expect(await runHere(words)).toMatchObject({ code: 0 });
    expect(readFileSync(join(folder, "compare.html"), "utf8")).toContain("first");
    for (const name of written) {
      expect(readdirSync(join(folder, name))).toEqual(readdirSync(join(together, name)));
      for (const file of ["scores.csv", "labels.csv", "results.json"])
        expect(readFileSync(join(folder, name, file), "utf8")).toBe(readFileSync(join(together, name, file), "utf8"));
    }
  });

  test("are all looked at before the first is evaluated", async () => {
    const folder = small.path("refused");
    const [first = ""] = runs;
    const commandLine = small.arguments("eval", "--adapter", first, small.path("absent"), "-o", folder);
    const { code, err } = await runHere(commandLine.with(1, spec));
    expect(code).toBe(1);
    expect(err).toContain(small.path("absent"));
    expect(existsSync(folder)).toBe(false);
  });

  test("leave the spec where it stands behind them", async () => {
    const [command = "", , ...options] = small.arguments("eval", "--adapter", ...runs, spec);
    const { code, err } = await runHere([command, ...options]);
    expect({ code, err }).toMatchObject({ code: 0 });
  });
});

test("a model without text needs no reports", async () => {
  const data = small.copyOfData();
  for (const table of readdirSync(data).filter((name) => name.endsWith("_reports.csv"))) rmSync(join(data, table));
  await expectDone(small.arguments("eval", "--data", data, "--set", "eval.resamples=0"));
});
