import { readdirSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { compareSpecs, expandSpec } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { openSpec } from "../../runtime/specs/index.ts";

const folder = "examples/placements";
const examples = readdirSync(folder).filter((name) => name.endsWith(".vlm"));

test.each(examples)("nothing differs between the variant %s and its expansion", (name) => {
  const opened = openSpec(join(folder, name));
  if (opened.kind === "unread") throw new Error("the examples can be read");
  const { source, library } = opened;
  const { text } = expandSpec(source, library);
  expect(text).not.toBe(source.text);
  const whole = { source: createSource(source.name, text ?? ""), library };
  expect(compareSpecs(opened, whole).comparison?.isEqual).toBe(true);
});
