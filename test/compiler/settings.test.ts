import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  dataSettingNames,
  evalSettingNames,
  readDataSettings,
  readEvalSettings,
  readTrainSettings,
  trainSettingNames,
} from "../../compiler/settings/index.ts";
import { createSource, type Diagnostic, type File, parse } from "../../grammar/index.ts";

const blocks: readonly (readonly [string, readonly string[], (file: File) => readonly Diagnostic[]])[] = [
  ["train", trainSettingNames, (file) => readTrainSettings(file, {}).diagnostics],
  ["data", dataSettingNames, (file) => readDataSettings(file).diagnostics],
  ["eval", evalSettingNames, (file) => readEvalSettings(file, []).diagnostics],
];

const language = readFileSync("grammar/LANGUAGE.md", "utf8");

describe.each(blocks)("every setting of `%s`", (block, names, read) => {
  test.each(names)("`%s` is read: no setting is a list in a list", (name) => {
    const { file } = parse(createSource("spec", `${block} {\n  ${name} = [[1]]\n}\n`));
    expect(read(file).map(({ code }) => code)).toEqual(["E602"]);
  });

  test.each(names)("`%s` is in the reference of the language", (name) => {
    const [, section = ""] = language.split(`\n### ${block}\n`);
    expect(section.split("\n### ")[0]).toMatch(new RegExp(`^\\| +\`${name}\` +\\|`, "m"));
  });
});
