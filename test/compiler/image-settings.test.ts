import { describe, expect, test } from "vitest";
import { defaultImage, imageSettingNames, readImageSettings } from "../../compiler/settings/index.ts";
import { SettingReader } from "../../compiler/settings/reader.ts";
import { createSource, parse } from "../../grammar/index.ts";

function read(entries: string) {
  const { file, diagnostics } = parse(createSource("spec", `data {\n${entries}\n}\n`));
  expect(diagnostics).toEqual([]);
  const reader = new SettingReader(file, "data", imageSettingNames);
  const settings = readImageSettings(reader);
  return { settings, problems: reader.diagnostics.map(({ message }) => message) };
}

test("open_clip's own are the defaults", () => {
  expect(read("")).toEqual({ settings: defaultImage, problems: [] });
});

test("every setting is read", () => {
  const entries = [
    "mean = [0.5, -0.5, 0]",
    "std = [0.5, 1, 2]",
    "interpolation = bilinear",
    "resize = squash",
    "bits = 12",
  ];
  const settings = {
    size: defaultImage.size,
    mean: [0.5, -0.5, 0],
    std: [0.5, 1, 2],
    interpolation: "bilinear",
    resize: "squash",
    bits: 12,
  };
  expect(read(entries.join("\n"))).toEqual({ settings, problems: [] });
});

describe("what a setting cannot be is reported", () => {
  test.each(imageSettingNames)("`%s` is not a list in a list", (name) => {
    expect(read(`${name} = [[1]]`).problems).toHaveLength(1);
  });

  test.each([
    ["std = [1, 1, 0]", "a list of three numbers above 0, for red, green and blue"],
    ["mean = [1, 1]", "a list of three numbers, for red, green and blue"],
    ["interpolation = lanczos", "`bicubic` or `bilinear`"],
    ['resize = "longest"', "`shortest` or `longest` or `squash`"],
    ["bits = 7", "a whole number from 8 to 16"],
    ["bits = 17", "a whole number from 8 to 16"],
  ])("%s", (entry, expected) => {
    expect(read(entry).problems).toEqual([expect.stringContaining(expected)]);
  });
});
