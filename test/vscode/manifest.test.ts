import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { expect, test } from "vitest";
import { nameKinds } from "../../compiler/editor/index.ts";

const folder = "grammar/vscode";
const extension = v.object({
  name: v.string(),
  version: v.string(),
  publisher: v.string(),
  license: v.string(),
  contributes: v.object({
    languages: v.tuple([v.object({ id: v.string(), extensions: v.array(v.string()), configuration: v.string() })]),
    grammars: v.array(v.object({ scopeName: v.string(), path: v.string() })),
    semanticTokenScopes: v.tuple([
      v.object({ language: v.string(), scopes: v.record(v.string(), v.array(v.string())) }),
    ]),
    commands: v.tuple([v.object({ command: v.string() })]),
    configuration: v.object({ properties: v.record(v.string(), v.unknown()) }),
  }),
});
const manifest = v.parse(extension, JSON.parse(readFileSync(join(folder, "package.json"), "utf8")));
const configuration = v.parse(
  v.looseObject({
    wordPattern: v.string(),
    indentationRules: v.object({ increaseIndentPattern: v.string(), decreaseIndentPattern: v.string() }),
  }),
  JSON.parse(readFileSync(join(folder, "language-configuration.json"), "utf8")),
);

test("the extension has medctc's version and licence", () => {
  const root = v.object({ version: v.string(), license: v.string() });
  const { version, license } = v.parse(root, JSON.parse(readFileSync("package.json", "utf8")));
  expect(manifest).toMatchObject({ version, license, publisher: "medctc" });
});

test("the files that it names are there, and each grammar has the scope that it says", () => {
  const { languages, grammars } = manifest.contributes;
  expect(existsSync(join(folder, languages[0].configuration))).toBe(true);
  for (const { path, scopeName } of grammars) {
    expect(JSON.parse(readFileSync(join(folder, path), "utf8"))).toHaveProperty("scopeName", scopeName);
  }
});

test("every kind of name that the language server tells has a scope", () => {
  const [{ scopes }] = manifest.contributes.semanticTokenScopes;
  const kinds = Object.keys(scopes).map((selector) => selector.split(".")[0] ?? "");
  expect([...new Set(kinds)].toSorted()).toEqual([...nameKinds].toSorted());
});

test("its client knows the command and the setting", () => {
  const client = readFileSync(join(folder, "extension.ts"), "utf8");
  expect(client).toContain(`"${manifest.contributes.commands[0].command}"`);
  expect(Object.keys(manifest.contributes.configuration.properties)).toContain("medctc.command");
});

test.each([
  ["module linear(outputs: int) {", true],
  ["  lora(", true],
  ["  classes = [", true],
  ["  classes = [ # those of CT-RATE", true],
  ["# a comment with (", false],
  ['  named "in_proj_("', false],
  ["  let x = f(1)", false],
])("the line behind `%s` is indented: %s", (line, isIndented) => {
  const { indentationRules } = configuration;
  expect(new RegExp(indentationRules.increaseIndentPattern).test(line)).toBe(isIndented);
});

test("a closing bracket goes back, and a word is a name", () => {
  expect(new RegExp(configuration.indentationRules.decreaseIndentPattern).test("  ) named")).toBe(true);
  expect("text.attn.q,v".match(new RegExp(configuration.wordPattern, "g"))).toEqual(["text", "attn", "q", "v"]);
});
