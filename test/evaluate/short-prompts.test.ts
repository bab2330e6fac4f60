import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import {
  buildShortTexts,
  compileSpec,
  firstValuesOf,
  inputsOf,
  type SpecChanges,
  type TracedSpec,
  trainingTask,
} from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { encodedInputs } from "../../runtime/app/evaluate/encode-held-out.ts";
import { isPaddingIdle, shortInputs, shortPromptsOf } from "../../runtime/app/evaluate/short-prompts.ts";
import { enginePrograms, modelOf, programBackends } from "../../runtime/backends/index.ts";
import { findDataInputs, loadTokenizer } from "../../runtime/data/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-short-"));
afterAll(() => rmSync(folder, { recursive: true }));

const vocabulary = "test/fixtures/ctrate-small/vocab.txt";
const loaded = loadTokenizer(vocabulary);
if (loaded.kind !== "ok") throw new Error("the vocabulary is read");
const text = { tokenizer: loaded.value, vocabulary };
const programs = { runs: "programs" } as const;

const path = "test/train/tiny.vlm";
const tiny = readFileSync(path, "utf8").replace("positions = 32, length = 24", "positions = 64, length = 48");
const pooledByMean = tiny.replace("text.hidden |> cls |>", "text.hidden |> mean(axis = 1) |>");

function specOf(written: string, changes: SpecChanges = {}): TracedSpec {
  const { spec, diagnostics } = compileSpec(createSource(path, written), new SpecLibrary("specs/std", path), changes);
  if (spec === null) throw new Error(JSON.stringify(diagnostics));
  return spec;
}

function inputsIn(spec: TracedSpec) {
  const found = findDataInputs(spec);
  if (found.kind !== "ok") throw new Error(found.problem.message);
  return encodedInputs(spec, found.value);
}

function shortOf(spec: TracedSpec) {
  const task = trainingTask(spec.evaluation);
  if (task?.kind !== "zero_shot") throw new Error("the spec is evaluated by prompts");
  return shortPromptsOf(spec, [task], { text, inputs: inputsIn(spec) }, programs);
}

test("prompts are read as no more tokens than the longest has, up to a multiple of eight, as many at once as one padded text is long", () => {
  const short = shortOf(specOf(tiny));
  const shapes = short === null ? [] : inputsOf(short.program).map(({ name, type }) => [name, type.shape]);
  expect(shapes).toEqual([
    ["input_ids", [6, 16]],
    ["attention_mask", [6, 16]],
  ]);
});

test("nothing is shortened where it saves little, or where parameters follow from the length of texts", () => {
  expect(shortOf(specOf(tiny.replace("length = 48", "length = 24")))).toBeNull();
  const siglip = readFileSync("specs/siglip.vlm", "utf8");
  expect(buildShortTexts(specOf(siglip), 8, 4)).toBeNull();
});

test("a length that the model's own input says is shortened too", () => {
  const biomedclip = specOf(readFileSync("specs/biomedclip.vlm", "utf8"), { batch: 2 });
  const short = buildShortTexts(biomedclip, 16, 2);
  expect(short === null ? null : inputsOf(short.program).map(({ type }) => type.shape)).toEqual([
    [2, 16],
    [2, 16],
  ]);
});

describe.each(programBackends.filter((backend) => backend.load().kind === "ready"))("on $name", (backend) => {
  test.each([
    ["the first token alone is read", tiny, true],
    ["all tokens have a say", pooledByMean, false],
  ])("padding is told to count or not: %s", async (name, written, isIdle) => {
    const spec = specOf(written);
    const shortTexts = shortOf(spec);
    const encoders = enginePrograms(spec, backend, "encode", { shortTexts });
    if (shortTexts === null || encoders === null) throw new Error("the spec has short texts");
    const model = modelOf(spec, encoders);
    const engine = await backend.open(
      model,
      firstValuesOf(spec.parameters, 3),
      join(folder, `${backend.name}-${name.length}`),
    );
    const padded = inputsIn(spec);
    const inputs = {
      padded: { inputs: padded, rows: 2 },
      short: { inputs: shortInputs(shortTexts, padded), rows: shortTexts.rows },
    };
    const texts = ["Cardiomegaly is present.", "Hiatal hernia is not present."];
    expect(await isPaddingIdle(engine, texts, inputs, text.tokenizer, spec)).toBe(isIdle);
    await engine.dispose();
  });
});
