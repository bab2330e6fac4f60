import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { compileSpec, type EvalSettings, type EvalTask, promptTexts, trainingTask } from "../../compiler/index.ts";
import { printTasks, readEvalSettings } from "../../compiler/settings/index.ts";
import { createSource, parse, renderDiagnostics } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

/** What an `eval` block says, of a model with some lets. */
function read(block: string): EvalSettings {
  const { file, diagnostics: unread } = parse(createSource("m.vlm", `eval {\n${block}\n}\n`));
  const { settings, diagnostics } = readEvalSettings(file, ["image", "report", "findings", "latent"]);
  expect(renderDiagnostics([...unread, ...diagnostics], { colour: false })).toBe("");
  return settings;
}

const complete = 'image = image, text = report, classes = ["a", "b"]';

describe("what a block leaves out", () => {
  test("is zero-shot classification with the block's prompts and threshold, where it has what that needs", () => {
    const { tasks } = read(`${complete}\n prompts = ["{class}", "no {class}"], threshold = 0.3`);
    const prompts = { present: ["{class}"], absent: ["no {class}"] };
    const threshold = { kind: "fixed", value: 0.3 };
    expect(tasks).toEqual([{ kind: "zero_shot", name: "zero_shot", prompts, average: "latent", threshold }]);
    expect(
      read(`${complete}\n prompts = ["{class}", "no {class}"], threshold = 0.3, tasks = [zero_shot]`).tasks,
    ).toEqual(tasks);
  });

  test("is nothing otherwise", () => {
    expect(read("image = image, text = report").tasks).toEqual([]);
    expect(read("").tasks).toEqual([]);
    expect(read(`${complete}\n tasks = []`).tasks).toEqual([]);
  });

  test("is filled in for each task: CT-CLIP's ranks, five folds, strengths from 0.01 to 100", () => {
    const threshold = { kind: "fixed", value: 0.5 };
    expect(read(`${complete}\n tasks = [retrieval(), classify(findings), probe()]`).tasks).toEqual([
      { kind: "retrieval", name: "retrieval", recallAt: [5, 10, 50, 100], mapAt: [1, 5, 10, 50] },
      { kind: "classify", name: "classify", logits: "findings", threshold },
      { kind: "probe", name: "probe", folds: 5, strengths: [0.01, 0.1, 1, 10, 100], threshold },
    ]);
  });
});

test("what a task says takes the place of what the block says", () => {
  const { tasks, prompts, threshold } = read(`${complete}
    tasks = [
      zero_shot(
        name = "of_several", prompts = [["{class}", "a {class}"], "no {class}"], average = score,
        threshold = sensitivity(at_least = 0.9, on = "val_")
      ),
      classify(logits = latent, name = "head-2", threshold = youden(on = training)),
      probe(folds = 2, strengths = [3])
    ]`);
  expect(tasks).toEqual([
    {
      kind: "zero_shot",
      name: "of_several",
      prompts: { present: ["{class}", "a {class}"], absent: ["no {class}"] },
      average: "score",
      threshold: { kind: "sensitivity", atLeast: 0.9, on: { kind: "named", name: "val_" } },
    },
    { kind: "classify", name: "head-2", logits: "latent", threshold: { kind: "youden", on: { kind: "training" } } },
    { kind: "probe", name: "probe", folds: 2, strengths: [3], threshold },
  ]);
  expect(prompts).toEqual({ present: ["{class} is present."], absent: ["{class} is not present."] });
});

test("a class with prompts of its own is asked by these alone, by tasks without prompts too", () => {
  const own = 'for_class("b", present = "{class}!", absent = "clear")';
  const settings = read(`${complete}\n prompts = ["{class}", "no {class}", ${own}]`);
  expect(promptTexts(settings)).toEqual(["a", "no a", "b!", "clear"]);
  expect(settings.tasks).toMatchObject([{ kind: "zero_shot", prompts: settings.prompts }]);
  const { tasks } = read(`${complete}\n tasks = [zero_shot(prompts = [["{class}", "with {class}"], "no {class}"])]`);
  expect(tasks[0]).not.toHaveProperty("prompts.own");
});

test("during a training the first task is measured that scores classes and fits nothing", () => {
  const first = (tasks: string): string | null => trainingTask(read(`${complete}\n tasks = [${tasks}]`))?.name ?? null;
  expect(first('retrieval(), probe(), classify(findings, name = "head"), zero_shot()')).toBe("head");
  expect(first("zero_shot(), classify(findings)")).toBe("zero_shot");
  expect(first("retrieval(), probe()")).toBeNull();
});

const library = new SpecLibrary("specs/std", "m.vlm");
const base = `
import "std/linear"
let cut = 0.25
let image = 3
model m {
  input ct: f32[batch, 1, 2, 4, 4] = volume(size = [2, 4, 4])
  let latent = rearrange(ct, "b c d h w -> b (c d h w)") |> linear(8)
  let findings = latent |> linear(2)
  loss mean(findings)
}
eval {
  image = latent
  classes = ["a", "b"]
  tasks = [classify(findings, threshold = cut * 2), probe(folds = 2 + 1, strengths = [cut, 1])]
}
`;

function tasksOf(text: string, set: readonly string[] = []): readonly EvalTask[] {
  const { spec, diagnostics } = compileSpec(createSource("m.vlm", text), library, { set });
  expect(renderDiagnostics(diagnostics, { colour: false })).toBe("");
  return spec?.evaluation.tasks ?? [];
}

test("options are computed, and a `let` of the model is named, not computed", () => {
  expect(tasksOf(base)).toMatchObject([
    { logits: "findings", threshold: { kind: "fixed", value: 0.5 } },
    { folds: 3, strengths: [0.25, 1] },
  ]);
});

test("`--set` replaces tasks as a whole, and settings that they take from the block", () => {
  const findings = { kind: "classify", name: "classify", logits: "findings" };
  expect(tasksOf(base, ["eval.tasks = [classify(findings), probe]", "eval.threshold = 0.1"])).toMatchObject([
    { ...findings, threshold: { kind: "fixed", value: 0.1 } },
    { kind: "probe", name: "probe" },
  ]);
  expect(tasksOf(base, ["eval.tasks = []"])).toEqual([]);
});

/** Texts with everything that a string may have, and the class. */
const prompt = fc.string({ unit: fc.constantFrom(..."ab {}\"\\'$,") }).map((text) => `${text}{class}`);
const sides = fc.uniqueArray(prompt, { minLength: 2, maxLength: 5 }).chain((texts) =>
  fc.integer({ min: 1, max: texts.length - 1 }).map((cut) => ({
    present: texts.slice(0, cut),
    absent: texts.slice(cut),
  })),
);
const prompts = fc.oneof(
  sides,
  fc.tuple(sides, fc.constantFrom("a", "b")).map(([both, name]) => ({
    ...both,
    own: new Map([[name, { present: both.present.map((text) => `${text}!`), absent: both.absent.map(() => "clear") }]]),
  })),
);
const share = fc.double({ min: 0, max: 1, noNaN: true, noDefaultInfinity: true }).map((value) => Math.abs(value));
const volumes = fc.oneof(
  fc.constantFrom({ kind: "training" as const }, { kind: "evaluated" as const }),
  fc.constantFrom("val_", 'a "b"').map((name) => ({ kind: "named" as const, name })),
);
const threshold = fc.oneof(
  share.map((value) => ({ kind: "fixed" as const, value })),
  fc.record({ kind: fc.constantFrom("youden" as const, "best_f1" as const), on: volumes }),
  share.map((value) => ({ kind: "sensitivity" as const, atLeast: value || 1, on: { kind: "training" as const } })),
);
const ranks = fc.uniqueArray(fc.integer({ min: 1, max: 1000 }), { minLength: 1, maxLength: 4 });
const strengths = fc.uniqueArray(fc.double({ min: 1e-6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 4 });
const task: fc.Arbitrary<EvalTask> = fc.oneof<fc.Arbitrary<EvalTask>[]>(
  fc.record({
    kind: fc.constant("zero_shot" as const),
    name: fc.constant(""),
    prompts,
    average: fc.constantFrom("latent" as const, "score" as const),
    threshold,
  }),
  fc.record({ kind: fc.constant("retrieval" as const), name: fc.constant(""), recallAt: ranks, mapAt: ranks }),
  fc.record({
    kind: fc.constant("classify" as const),
    name: fc.constant(""),
    logits: fc.constantFrom("findings", "latent"),
    threshold,
  }),
  fc.record({
    kind: fc.constant("probe" as const),
    name: fc.constant(""),
    folds: fc.integer({ min: 3, max: 20 }),
    strengths,
    threshold,
  }),
);
/** Each with a name of its own, or that of its kind. */
const tasks = fc.array(task, { maxLength: 5 }).map((made) =>
  made.map((each, index) => ({
    ...each,
    name: made.findIndex(({ kind }) => kind === each.kind) === index ? each.kind : `${each.kind}-${index}`,
  })),
);

test("tasks that are printed, as in what two specs differ in, are read as they were", () => {
  fc.assert(
    fc.property(tasks, (made) => {
      const block = read(complete);
      expect(read(`${complete}\n tasks = ${printTasks(made, block)}`).tasks).toEqual(made);
    }),
  );
});
