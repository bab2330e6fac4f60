import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { builtinNames } from "../../compiler/elaborate/builtins/index.ts";

const [, after = ""] = readFileSync("grammar/LANGUAGE.md", "utf8").split("\n## Built-in operations\n");
const words = new Set((after.split("\n## ")[0] ?? "").match(/\w+/g));

test.each(builtinNames)("`%s` is among the built-in operations of LANGUAGE.md", (name) => {
  expect(words).toContain(name);
});
