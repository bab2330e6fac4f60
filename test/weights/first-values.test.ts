import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type FirstValues, remarkOn } from "../../runtime/app/weights/first-values.ts";
import { type GivenWeights, openWeights } from "../../runtime/app/weights/open.ts";
import { compilePath } from "../../runtime/specs/index.ts";
import type { DrawnValues } from "../../runtime/train/index.ts";
import { elementsOf, readSafetensors, writeSafetensors } from "../../runtime/weights/index.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-first-values-"));
afterAll(() => rmSync(folder, { recursive: true }));

const spec = "specs/medct-small.vlm";
const weights = "test/fixtures/ctclip-small/weights.safetensors";
const adapter = "test/fixtures/ctclip-small/lora.safetensors";
const nothing: GivenWeights = { weights: null, adapter: null, allowMissing: [] };

/** What no file gives of all parameters of a spec. */
function firstValuesOf(path: string, given: Partial<GivenWeights>): FirstValues {
  const opened = openWeights("all", compilePath(path), { ...nothing, ...given });
  if (opened.kind === "wrong") throw new Error(opened.diagnostics.map(({ message }) => message).join("\n"));
  opened.close();
  return opened.firstValues;
}

/** The fixture's weights without some of them. */
function withoutWeights(isLeftOut: (name: string) => boolean): string {
  const stored = [...readSafetensors(weights, readFileSync(weights))].filter(([name]) => !isLeftOut(name));
  const path = join(folder, "partial.safetensors");
  const tensors = new Map(stored.map(([name, tensor]) => [name, { shape: tensor.shape, data: elementsOf(tensor) }]));
  writeFileSync(path, writeSafetensors(tensors));
  return path;
}

describe("the parameters that no file gives", () => {
  test("are all of them without files, the frozen ones among them", () => {
    const { model, adapters, random, frozenRandom } = firstValuesOf(spec, {});
    expect(model.first).toBe(model.all);
    expect(adapters.first).toBe(adapters.all);
    expect(adapters.all).toBeGreaterThan(0);
    expect(random.length).toBeGreaterThan(0);
    expect(random.length).toBeLessThan(model.all);
    // All but the codebook, which is a buffer.
    expect(frozenRandom).toBe(random.length - 1);
  });

  test("are none of the model's with its weights, and none with adapters too", () => {
    const { model, adapters } = firstValuesOf(spec, { weights });
    expect([model.first, adapters.first]).toEqual([0, adapters.all]);
    const whole = firstValuesOf(spec, { weights, adapter });
    expect([whole.model.first, whole.adapters.first, whole.random]).toEqual([0, 0, []]);
  });

  test("are those that a file lacks, and are not random where they are constants", () => {
    const partial = withoutWeights((name) => name.startsWith("to_"));
    const some = firstValuesOf(spec, { weights: partial, allowMissing: ["to_*"] });
    expect(some.model.first).toBeGreaterThan(0);
    expect(some.random).toHaveLength(some.model.first);
    expect(some.random).toEqual(some.random.filter((name) => name.startsWith("to_")));
    const scales = withoutWeights((name) => name === "temperature");
    const constant = firstValuesOf(spec, { weights: scales, allowMissing: ["temperature"] });
    expect([constant.model.first, constant.random]).toEqual([1, []]);
  });

  test("are not frozen where a spec trains everything", () => {
    const text = readFileSync("test/train/tiny.vlm", "utf8");
    const path = join(folder, "all.vlm");
    writeFileSync(path, text.replace(/^ {2}(freeze|lora).*$/gm, ""));
    const { random, frozenRandom } = firstValuesOf(path, {});
    expect(random.length).toBeGreaterThan(0);
    expect(frozenRandom).toBe(0);
  });
});

test("first values that are computed count where they follow from random ones", () => {
  const text = readFileSync("test/train/tiny.vlm", "utf8")
    .replace("std/lora", "std/pissa")
    .replace("lora(rank = 4, alpha = 8, dropout = 0.1)", "pissa(rank = 4)");
  const path = join(folder, "pissa.vlm");
  writeFileSync(path, text);
  // Two factors and their first values for each of seven projections.
  expect(firstValuesOf(path, {}).computed).toBe(28);
  expect(firstValuesOf("test/train/tiny.vlm", {}).computed).toBe(0);
});

describe("what is said of them", () => {
  const all: FirstValues = {
    model: { all: 87, first: 87 },
    adapters: { all: 12, first: 12 },
    random: Array.from({ length: 40 }, (_, index) => `${index}.weight`),
    frozenRandom: 38,
    computed: 0,
  };
  const none = { weights: null, adapter: null, trainedOn: null, seed: 3 };
  const given = { ...none, weights: "w.safetensors" };

  test("a warning where results mean nothing", () => {
    const text = "no --weights: 87 of 87 parameters have random first values";
    expect(remarkOn(all, none, "evaluate")).toEqual({ kind: "warning", text: `${text}; scores mean nothing` });
    expect(remarkOn(all, none, "train")).toEqual({
      kind: "warning",
      text: `${text}, 38 of them in frozen parts, which never learn; scores mean nothing`,
    });
    expect(remarkOn(all, none, "export")).toEqual({
      kind: "warning",
      text: `${text}; the export is of an untrained model`,
    });
  });

  test("a note where all of it is trained, or nothing is random", () => {
    const text = "no --weights: 87 of 87 parameters have random first values";
    expect(remarkOn({ ...all, frozenRandom: 0 }, none, "train")).toEqual({ kind: "note", text });
    const constants = { ...all, model: { all: 87, first: 2 }, random: [], frozenRandom: 0 };
    expect(remarkOn(constants, given, "evaluate")).toEqual({
      kind: "note",
      text: "w.safetensors is incomplete: 2 of 87 parameters have their first values",
    });
  });

  test("a warning where first values are computed from random ones, though all of them are trained", () => {
    const text = "no --weights: 87 of 87 parameters have random first values, from which 4 others are computed";
    expect(remarkOn({ ...all, frozenRandom: 0, computed: 4 }, none, "train")).toEqual({
      kind: "warning",
      text: `${text}; scores mean nothing`,
    });
  });

  test("of a file that gives a part, the file", () => {
    const partial = {
      ...all,
      model: { all: 87, first: 3 },
      random: ["a.weight", "b.weight", "a.bias"],
      frozenRandom: 3,
    };
    expect(remarkOn(partial, given, "evaluate")?.text).toBe(
      "w.safetensors is incomplete: 3 of 87 parameters have random first values; scores mean nothing",
    );
    expect(remarkOn(partial, given, "train")).toEqual({
      kind: "note",
      text: "w.safetensors is incomplete: 3 of 87 parameters have random first values, 3 of them in frozen parts, which never learn",
    });
  });

  test("of adapters alone a note, and nothing in a training, which starts from them", () => {
    const adapters = { ...all, model: { all: 87, first: 0 }, random: [], frozenRandom: 0 };
    const text = "no --adapter: 12 of 12 parameters of adapters have their first values";
    expect(remarkOn(adapters, given, "evaluate")).toEqual({ kind: "note", text });
    expect(remarkOn(adapters, given, "train")).toBeNull();
    expect(remarkOn({ ...adapters, adapters: { all: 12, first: 0 } }, given, "export")).toBeNull();
  });

  describe("to who evaluates adapters", () => {
    const partial = { ...all, model: { all: 87, first: 2 }, random: ["heads.a", "heads.b"], frozenRandom: 2 };
    const text = "w.safetensors is incomplete: 2 of 87 parameters have random first values";
    const parameters = ["heads.a", "heads.b", "heads.c"];
    const said = (trainedOn: DrawnValues | null, weights: string | null = "w.safetensors") =>
      remarkOn(partial, { weights, adapter: "runs/a", trainedOn, seed: 3 }, "evaluate");

    test("is a note where they were trained on the same, unless no file is given at all", () => {
      expect(said({ seed: 3, parameters })).toEqual({
        kind: "note",
        text: `${text}, the same that runs/a was trained on`,
      });
      expect(said({ seed: 3, parameters }, null)).toEqual({
        kind: "warning",
        text: "no --weights: 2 of 87 parameters have random first values; scores mean nothing",
      });
    });

    test("is a warning where they were trained on others, which says how to have those", () => {
      expect(said({ seed: 4, parameters })).toEqual({
        kind: "warning",
        text: `${text}, not those that runs/a was trained on; scores mean nothing (it was trained with seed 4, this is seed 3: add --seed 4)`,
      });
      expect(said({ seed: 3, parameters: ["heads.b"] })).toEqual({
        kind: "warning",
        text: `${text}, 1 of which runs/a was not trained on; scores mean nothing`,
      });
    });

    test("is a warning where nothing is recorded", () => {
      expect(said(null)).toEqual({
        kind: "warning",
        text: `${text}; scores mean nothing unless runs/a, which has no record of it, was trained on the same`,
      });
    });
  });
});
