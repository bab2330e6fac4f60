import { describe, expect, test } from "vitest";
import { compileSpec, defaultVolume } from "../../compiler/index.ts";
import { volumeSettingNames } from "../../compiler/settings/volume.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const data = 'data { spacing = [3, 1, 2], size = [8, 16, 16], window = [-200, 300], range = [0, 1], axes = "zyx" }';

/** The sources of a model's inputs, or what is wrong with them. */
function compiled(...inputs: readonly string[]) {
  const members = inputs.map((input) => `  input ${input}\n`).join("");
  const text = `model m {\n${members}  loss mean(${/^\w+/.exec(inputs[0] ?? "")?.[0]})\n}\n${data.replaceAll(", ", ",\n").replace("{", "{\n").replace("}", "\n}")}\n`;
  const { spec, diagnostics } = compileSpec(createSource("m.vlm", text), new SpecLibrary("specs/std", "m.vlm"));
  return { sources: spec?.sources, messages: diagnostics.map(({ code, message }) => `${code}: ${message}`) };
}

describe("a volume", () => {
  const block = { ...defaultVolume, spacing: [3, 1, 2], size: [8, 16, 16], window: [-200, 300], axes: "zyx" };
  const ofBlock = { ...block, range: [0, 1], pad: 0 };

  test("is as the `data` block says without arguments, and otherwise as they say", () => {
    const own =
      'f32[batch, 2, 4, 8, 8] = volume(column = "pet", units = hounsfield, orientation = "RAS", assume_orientation = "LPS", assume_spacing = [5, 0.8, 0.9], axes = "xyz", crop = foreground, resize = spacing, spacing = [6, 3, 3], grid = monai, size = [4, 8, 8], window = [[0, 10], [0, 5]], clip = after, range = [-1, 2], pad = -3, storage = "i16")';
    const { sources, messages } = compiled("ct: f32[batch, 1, 8, 16, 16] = volume()", `pet: ${own}`);
    expect(messages).toEqual([]);
    expect(sources?.get("ct")).toEqual({ kind: "volume", column: null, settings: ofBlock });
    expect(sources?.get("pet")).toEqual({
      kind: "volume",
      column: "pet",
      settings: {
        units: "hounsfield",
        orientation: "RAS",
        assumeOrientation: "LPS",
        assumeSpacing: [5, 0.8, 0.9],
        axes: "xyz",
        crop: "foreground",
        resize: "spacing",
        spacing: [6, 3, 3],
        grid: "monai",
        size: [4, 8, 8],
        window: [0, 10],
        otherWindows: [[0, 5]],
        clip: "after",
        range: [-1, 2],
        pad: -3,
        storage: "i16",
      },
    });
  });

  test("that is squashed has no spacing of its own, nor the block's", () => {
    const squashed = "f32[batch, 1, 8, 16, 16] = volume(resize = squash, window = min_max)";
    const { sources, messages } = compiled(`ct: ${squashed}`);
    expect(messages).toEqual([]);
    const settings = { ...ofBlock, resize: "squash", spacing: [1, 1, 1], window: "min_max" };
    expect(sources?.get("ct")).toEqual({ kind: "volume", column: null, settings });
    const spaced = compiled(`ct: ${squashed.replace("squash", "squash, spacing = [1, 1, 1]")}`);
    expect(spaced.messages).toEqual([
      expect.stringMatching(/^E602: `spacing` must be left out beside `resize = squash`/),
    ]);
  });

  test("is padded with the lower end of its own range, and with the block's padding where it has none", () => {
    const { sources } = compiled(
      "a: f32[batch, 1, 8, 16, 16] = volume(range = [2, 3])",
      "b: f32[batch, 1, 8, 16, 16] = volume(window = [0, 1])",
    );
    expect(sources?.get("a")).toMatchObject({ settings: { range: [2, 3], pad: 2 } });
    expect(sources?.get("b")).toMatchObject({ settings: { range: [0, 1], pad: 0, window: [0, 1], otherWindows: [] } });
  });

  test.each(volumeSettingNames)("has `%s` as an argument, which is no list in a list", (name) => {
    const { messages } = compiled(`ct: f32[batch, 1, 8, 16, 16] = volume(${name} = [[1]])`);
    expect(messages).toEqual([expect.stringMatching(`^E602: \`${name}\` must be`)]);
  });
});

test("a segmentation has its volume's size, and a channel for each label", () => {
  const ct = 'ct: f32[batch, 1, 8, 16, 16] = volume(column = "ct")';
  const { sources, messages } = compiled(
    ct,
    'organs: i32[batch, 1, 8, 16, 16] = segmentation(column = "map", of = ct)',
    'two: f32[batch, 2, 8, 16, 16] = segmentation(column = "map", of = ct, labels = [3, 1])',
  );
  expect(messages).toEqual([]);
  expect(sources?.get("organs")).toEqual({ kind: "segmentation", column: "map", of: "ct", labels: null });
  expect(sources?.get("two")).toMatchObject({ labels: [3, 1] });
});
