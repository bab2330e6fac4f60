import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type Augmentation, compareSpecs, printAugmentation } from "../../compiler/index.ts";
import { augmentationNames } from "../../compiler/settings/augment.ts";
import { readDataSettings } from "../../compiler/settings/index.ts";
import { createSource, type Diagnostic, parse } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

function read(list: string): {
  readonly augment: readonly Augmentation[];
  readonly diagnostics: readonly Diagnostic[];
} {
  const { file, diagnostics } = parse(createSource("spec", `data { augment = ${list} }`));
  expect(diagnostics).toEqual([]);
  const { settings, diagnostics: found } = readDataSettings(file);
  return { augment: settings.augment, diagnostics: found };
}

/** Arguments that an operation cannot do without. */
const needed: ReadonlyMap<string, string> = new Map([
  ["flip", "axis = width"],
  ["shift", "fraction = 0.1"],
]);

describe("`augment`", () => {
  test("without it, and with an empty list, nothing is changed", () => {
    expect(readDataSettings(parse(createSource("spec", "data { }")).file).settings.augment).toEqual([]);
    expect(read("[]")).toEqual({ augment: [], diagnostics: [] });
  });

  test("reads operations in their order, with the defaults of the field", () => {
    const { augment, diagnostics } = read(
      "[noise, flip(axis = width), flip(axis = slices, chance = 1, sides = ignore), shift(voxels = [4, 8, 8]), rotate(), " +
        "rotate(degrees = 5, axis = height, chance = 0.5), scale, crop(share = [0.5, 0.75]), intensity, blur, window, " +
        "drop_sentences, shuffle_sentences()]",
    );
    expect(diagnostics).toEqual([]);
    expect(augment).toEqual([
      { kind: "noise", std: 0.05, chance: 1 },
      { kind: "flip", axis: "width", chance: 0.5, sides: "refuse" },
      { kind: "flip", axis: "slices", chance: 1, sides: "ignore" },
      { kind: "shift", by: { unit: "voxels", most: [4, 8, 8] }, chance: 1 },
      { kind: "rotate", degrees: 10, axis: "slices", chance: 1 },
      { kind: "rotate", degrees: 5, axis: "height", chance: 0.5 },
      { kind: "scale", range: [0.9, 1.1], chance: 1 },
      { kind: "crop", share: [0.5, 0.75], chance: 1 },
      { kind: "intensity", shift: 0.1, scale: 0.1, chance: 1 },
      { kind: "blur", sigma: [0.25, 1.5], chance: 1 },
      { kind: "window", jitter: 50, chance: 1 },
      { kind: "drop_sentences", chance: 0.1 },
      { kind: "shuffle_sentences", chance: 1 },
    ]);
  });

  test.each(augmentationNames)("`%s` reads what is printed of it, and is in the reference of the language", (name) => {
    const { augment } = read(`[${name}(${needed.get(name) ?? ""})]`);
    const printed = augment.map(printAugmentation);
    expect(printed[0]).toMatch(new RegExp(`^${name}\\(.*chance = `));
    expect(read(`[${printed.join()}]`).augment).toEqual(augment);
    expect(readFileSync("grammar/LANGUAGE.md", "utf8")).toMatch(new RegExp(`^\\| +\`${name}\\(`, "m"));
  });

  test.each([
    ["flip(axis = width)", "`augment` must be a list of operations"],
    ['["flip"]', "`augment` must be a list of operations"],
    ["[flipp(axis = width)]", "did you mean `flip`?"],
    ["[mirror(axis = width)]", "its operations are flip, shift, rotate"],
    ["[flip]", "`flip` must be given an axis, such as `flip(axis = width)`"],
    ["[flip(axis = widht)]", "did you mean `width`?"],
    ['[flip(axis = "width")]', "leave out the quotes"],
    ["[flip(axis = depth)]", "`axis` must be `slices` or `height` or `width`"],
    ["[flip(axis = width, side = ignore)]", "did you mean `sides`?"],
    ["[flip(axis = width, chance = 0)]", "`chance` must be a probability above 0, up to 1"],
    ["[shift()]", "`shift` must be given either `voxels`"],
    ["[shift(voxels = [1, 1, 1], fraction = 0.1)]", "`shift` must be given either `voxels`"],
    ["[shift(voxels = [1, 1])]", "`voxels` must be a list of three, in the order slices, height, width"],
    ["[shift(voxels = [1, 1, 0.5])]", "each a whole number of voxels from 0 to 4096"],
    ["[rotate(degrees = 0)]", "`degrees` must be an angle above 0, up to 180 degrees"],
    ["[rotate(10)]", "`rotate` must be given its arguments by name, such as `degrees = ...`"],
    ["[scale(range = [1.1, 0.9])]", "`range` must be a list of two, the lower one first"],
    ["[scale(range = [0, 1])]", "each a number above 0, up to 10"],
    ["[crop(share = [0.5, 1.5])]", "each a share above 0, up to 1"],
    ["[intensity(shift = 1)]", "`shift` must be a share from 0 up to 1, without 1"],
    ["[noise(sd = 0.1)]", "did you mean `std`?"],
    ["[blur(sigma = 1)]", "`sigma` must be a list of two"],
    ["[window(jitter = 1000)]", "`jitter` must be less than half the width of the window, which is 2000"],
    ["[drop_sentences(chance = 1)]", "`chance` must be a probability above 0, below 1"],
    ["[shuffle_sentence]", "did you mean `shuffle_sentences`?"],
  ])("%s is a mistake, with what would be right", (list, said) => {
    const { diagnostics } = read(list);
    expect(diagnostics).toHaveLength(1);
    expect(diagnostics.map(({ message, help }) => `${message}\n${help}`).join("\n")).toContain(said);
  });

  test("is what two specs differ in, with what they leave out", () => {
    const path = "specs/medct-small.vlm";
    const text = readFileSync(path, "utf8");
    const spec = (augment: string) => ({
      source: createSource(path, text.replace(/data \{/, `data {\n  augment = ${augment}\n`)),
      library: new SpecLibrary("specs/std", path),
    });
    expect(text).toContain("data {");
    const { comparison } = compareSpecs(spec("[]"), spec("[flip(axis = slices), noise]"));
    expect(comparison?.settings).toEqual([
      {
        name: "data.augment",
        before: "none",
        after: "[flip(axis = slices, chance = 0.5, sides = refuse), noise(std = 0.05, chance = 1)]",
      },
    ]);
  });
});
