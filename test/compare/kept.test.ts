import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compareSpecs, compareWithKept, type ReadableSpec } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { readKeptPlan, writeKeptPlan } from "../../runtime/app/golden/kept-plan.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const path = "specs/medct-small.vlm";
const small = readFileSync(path, "utf8");

function spec(text: string, name = path): ReadableSpec {
  return { source: createSource(name, text), library: new SpecLibrary("specs/std", name) };
}

function kept(of: ReadableSpec): string {
  const { meaning, diagnostics } = compareWithKept(null, of);
  if (meaning === null) throw new Error(diagnostics.map(({ message }) => message).join("; "));
  return writeKeptPlan(meaning);
}

function read(text: string) {
  const plan = readKeptPlan(text);
  if (plan.kind === "failed") throw new Error(plan.problem.message);
  return plan.value;
}

const golden = kept(spec(small));

/** The small spec with something else in the place of what it says. */
function edited(...edits: readonly (readonly [from: string, to: string])[]): string {
  return edits.reduce((text, [from, to]) => {
    expect(text).toContain(from);
    return text.replace(from, to);
  }, small);
}

const placement = "lora(rank = 4, alpha = 8) on vision.attn.qkv, text.attn.q,v";
const frozen = "freeze vision, text, temperature, image_extra, report_extra, heads.*";
const bert = readFileSync("specs/std/bert.vlm", "utf8").replace('import "std/linear"\n', "");
const scale = "let scale = exp(temperature)";
const loss = "loss contrastive(image, report, scale)";

describe("what is said to differ from a golden plan is what `diff` says of the spec that it was kept of:", () => {
  test.each([
    ["nothing", edited()],
    ["a rank", edited([placement, placement.replace("4", "2")])],
    [
      "a second adapter",
      edited(
        ['import "std/lora"', 'import "std/ia3"\nimport "std/lora"'],
        [placement, `${placement}\n  ia3() also on text.attn.q`],
      ),
    ],
    ["a group", edited([frozen, `${frozen}\n  group text { lr = 0.1 * lr }`])],
    ["a new let", edited([scale, `let twice = 2 * temperature\n  let scale = exp(twice)`])],
    ["a let that is divided", edited([scale, `let same = temperature\n  let scale = exp(same)`])],
    [
      "a let that is gone",
      edited([scale, ""], [loss, "loss contrastive(image, report, exp(temperature))"], ["scale = scale", ""]),
    ],
    ["a module", edited(['import "std/bert"', bert], ["down(gelu(up(mixed)))", "down(tanh(up(mixed)))"])],
    ["sizes", edited(["heads = 4, ff = 64", "heads = 4, ff = 48"])],
    [
      "settings",
      edited(["batch = 3", "batch = 4\n  clip_norm = 0.5"], ["spacing = [18, 6, 6]", "spacing = [18, 6, 7]"]),
    ],
    ["an expectation that fails", edited(["expect base = 385_205", "expect base = 1"])],
  ])("%s", (_what, text) => {
    const told = compareSpecs(spec(small), spec(text)).comparison;
    expect(compareWithKept(read(golden), spec(text)).comparison).toEqual(told);
    // And where the later spec is the one that was kept.
    if (text.includes("base = 1")) return;
    const back = compareSpecs(spec(text), spec(small)).comparison;
    expect(compareWithKept(read(kept(spec(text))), spec(small)).comparison).toEqual(back);
  });
});

describe("a golden plan", () => {
  test("is the same for the same meaning, wherever the spec is and however it is written", () => {
    const elsewhere = spec(
      edited([placement, `# moved\n  ${placement.replace("rank = 4, alpha = 8", "alpha = 2 * 4, rank = 4")}`]),
      "/elsewhere/copy.vlm",
    );
    expect(kept(elsewhere)).toBe(golden);
  });

  test("is read whatever its blanks and line ends are", () => {
    const formatted = JSON.stringify(JSON.parse(golden), null, 4).replaceAll("\n", "\r\n");
    expect(writeKeptPlan(read(formatted))).toBe(golden);
  });

  test("of a program that did not know a setting agrees where the spec leaves it out, and only there", () => {
    const older = golden.replace('    ["train.clip_norm","null"],\n', "");
    expect(older).not.toBe(golden);
    expect(compareWithKept(read(older), spec(small)).comparison?.isEqual).toBe(true);
    const clipped = spec(edited(["batch = 3", "batch = 3\n  clip_norm = 0.5"]));
    expect(compareWithKept(read(older), clipped).comparison?.settings).toEqual([
      { name: "train.clip_norm", before: "null", after: "0.5" },
    ]);
  });

  test.each([
    ["cut off", golden.slice(0, 1000), "it is not valid JSON"],
    ["with the marks of a merge", golden.replace('  "batch"', '<<<<<<< HEAD\n  "batch"'), "it is not valid JSON"],
    ["with a line twice", golden.replace(/( {4}\["train.seed".*\n)/, "$1$1"), "`settings`: a name occurs twice"],
    [
      "with a parameter twice",
      golden.replace(/( {4}\{"path":"temperature".*\n)/, "$1$1"),
      "`parameters`: a path occurs twice",
    ],
    ["with a key twice", golden.replace('  "batch": 3,', '  "batch": 3,\n  "batch": 3,'), "it has `batch` twice"],
    ["without a key", golden.replace(/ {2}"batch".*\n/, ""), "`batch`: "],
    ["with a key of its own", golden.replace('  "batch"', '  "bacth": 1,\n  "batch"'), "`bacth`: "],
    ["with a value of another kind", golden.replace('"trainable",3584', '"trainable","3584"'), "`counts.0.1`: "],
    ["with a digest that is none", golden.replace(/"own":"\w/, '"own":"x'), "`lets.0.own`: "],
    ["with another batch", golden.replace('"batch": 3', '"batch": 4'), "another batch than its settings"],
    ["nested deeply", `{"medctc_plan": ${"[".repeat(100_000)}`, "it is nested deeper than 8 levels"],
    ["of something else", '{"name": "terraform"}', "it is not a golden plan of medctc's"],
    [
      "of another version",
      golden.replace('"medctc_plan": 2', '"medctc_plan": 3'),
      "another version of medctc wrote it, in form 3",
    ],
  ])("%s is refused by what is wrong", (_what, text, message) => {
    expect(text).not.toBe(golden);
    const found = readKeptPlan(text);
    expect(found.kind === "failed" ? found.problem.message : "read").toContain(message);
  });

  test("that was written before still agrees, or its form has another number", () => {
    const file = "test/golden/kept.vlm";
    const before = read(readFileSync("test/golden/kept.plan.json", "utf8"));
    const { comparison } = compareWithKept(before, spec(readFileSync(file, "utf8"), file));
    expect(comparison).toMatchObject({ isEqual: true });
  });
});
