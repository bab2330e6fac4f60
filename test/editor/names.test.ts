import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { definitionAt, type OpenSpec, referencesAt, rename, useAt } from "../../compiler/editor/index.ts";
import { keywords, lex } from "../../grammar/index.ts";
import { opened, openedAt } from "./open.ts";

const specs = readdirSync("specs", { recursive: true, encoding: "utf8" })
  .filter((name) => name.endsWith(".vlm"))
  .map((name) => `specs/${name.replaceAll("\\", "/")}`);

/** The text of a span. */
const textOf = ({ source, start, end }: { source: { text: string }; start: number; end: number }): string =>
  source.text.slice(start, end);

test.each(specs)("%s: each name that stands for something is that of its declaration", (path) => {
  const spec = opened(path);
  for (const file of spec.programNames.files) {
    for (const { span, declaration } of spec.namesOf(file).uses) {
      expect(textOf(span)).toBe(declaration.name.text);
      expect(textOf(declaration.name.span)).toBe(declaration.name.text);
    }
  }
});

/** Words that no file declares: those of the language, and names of arguments of operations. */
const words =
  /^(?:input|metric|group|add|remove|shared|optional|peft|count|trainable|frozen|total|base|axis|batch|f32|bf16|i32|int|float|bool|string|list|any|heads|zeros|ones)$/;

/** Words of members: what a loss or a function is given may be anything, and so is what each of it has. */
function isMemberOfGiven(spec: OpenSpec, start: number, object: number | undefined): boolean {
  const isInside = spec.file.items.some(
    ({ kind, span }) => (kind === "loss" || kind === "function") && span.start < start && start < span.end,
  );
  const of = spec.namesOf().uses.find((use) => use.span.start === object)?.declaration.kind;
  return isInside && (of === "variable" || of === "parameter");
}

test("in the library every name in a body is found, but for operations and their arguments", () => {
  const unknown = specs
    .filter((path) => path.startsWith("specs/std/"))
    .flatMap((path) => {
      const spec = opened(path);
      const found = new Set(spec.namesOf().uses.map(({ span }) => span.start));
      const { tokens } = lex(spec.source.text);
      return tokens.flatMap(({ image, startOffset }, index) => {
        const isName = /^[A-Za-z_]\w*$/.test(image) && !(image in keywords) && !words.test(image);
        const [before, after] = [tokens[index - 1]?.image, tokens[index + 1]?.image];
        // An operation is called; the name of an argument of an operation stands before `=`.
        const isCalled = after === "(" || before === "|>";
        const isArgument = after === "=" && (before === "(" || before === ",");
        if (!isName || found.has(startOffset) || isCalled || isArgument) return [];
        const isOfGiven = before === "." && isMemberOfGiven(spec, startOffset, tokens[index - 2]?.startOffset);
        return isOfGiven ? [] : [`${path}: ${image}`];
      });
    });
  expect(unknown).toEqual([]);
});

test.each([
  ["model m {\n  encoder vision = v¦it(size = 8)\n}", null],
  ['import "std/vit"\nmodel m {\n  encoder vision = v¦it(size = 8)\n}', "std/vit.vlm"],
  ['import "std/v¦it"\n', "std/vit.vlm"],
  ['import "std/vit" as v\nmodel m {\n  encoder vision = v.v¦it(size = 8)\n}', "std/vit.vlm"],
  ['import "std/vit"\nmodel m {\n  encoder vision = vit(si¦ze = 8)\n}', "std/vit.vlm"],
  ['import "std/vit"\nmodel m {\n  encoder vision = vit(size = 8)\n  let a = vision.la¦tent\n}', "std/vit.vlm"],
  ['import "std/vit"\nmodel m {\n  encoder vision = vit(size = 8)\n  freeze vision.attn.q¦kv\n}', "std/roles.vlm"],
  ['import "specs/medct"\nmodel card amends med¦ct {}', "medctc/specs/medct.vlm"],
  ['import "specs/medct"\nmodel card amends medct {\n  freeze tex¦t\n}', "medctc/specs/medct.vlm"],
])("the definition of what %j is at is in %s", (marked, file) => {
  const { spec, offset } = openedAt(marked);
  expect(definitionAt(spec, offset)?.source.name ?? null).toBe(file);
});

test("references are found in all files, and each by itself where names are the same", () => {
  const { spec, offset } = openedAt(
    "function f(x) {\n  let y = x + x\n  return y\n}\nfunction g(x¦) {\n  return f(x)\n}\n",
  );
  expect(referencesAt(spec, offset)).toHaveLength(2);
  const medct = opened("specs/medct.vlm");
  const used = referencesAt(medct, medct.source.text.indexOf("encoder text") + 8);
  expect(used.map(({ start }) => medct.source.text.slice(start, start + 8))).toEqual(
    expect.arrayContaining(["text = be", "text.hid", "text, te", "text.att"].map((each) => each.slice(0, 8))),
  );
});

/** The name at an offset of the first of some specs with another name in all of them. */
function renamed(specs: readonly OpenSpec[], offset: number, name: string) {
  const [spec] = specs;
  const use = spec === undefined ? null : useAt(spec, offset);
  if (use === null) throw new Error("there is a name");
  const { source, start } = use.declaration.name.span;
  return rename(specs, use.declaration, (span) => span.source.name === source.name && span.start === start, name);
}

test("a name is changed everywhere where it stands for the same, and not to one that is taken or none", () => {
  const { spec, offset } = openedAt(
    "function f(x¦) {\n  let y = x + x\n  return y\n}\nfunction g(x) {\n  return f(x)\n}\n",
  );
  const found = renamed([spec], offset, "value");
  expect(found.kind === "changes" && found.spans.map(({ start }) => start)).toEqual([11, 26, 30]);
  const reason = "`y` is already declared (let, line 2)";
  expect(renamed([spec], offset, "y")).toEqual({ kind: "refused", reason });
  expect(renamed([spec], offset, "f")).toMatchObject({ reason: "`f` is already declared (function, line 1)" });
  expect(renamed([spec], offset, "let")).toMatchObject({ kind: "refused" });
  expect(renamed([spec], offset, "1x")).toMatchObject({ kind: "refused" });
  const library = openedAt('import "std/heads"\nmodel m {\n  let a = l2_¦normalize(1)\n}');
  expect(renamed([library.spec], library.offset, "unit")).toMatchObject({
    reason: "`l2_normalize` is declared in std/heads.vlm, which comes with medctc and stays as it is",
  });
});

test("a name is changed in the specs that import it, and not to one that any of them has", () => {
  const folder = "test/language-server/renaming";
  const [home, user, other] = ["blocks", "user", "other"].map((name) => opened(`${folder}/${name}.vlm`));
  if (home === undefined || user === undefined || other === undefined) throw new Error("there are three");
  const at = home.source.text.indexOf("block");
  const found = renamed([home, user, other], at, "layer");
  const texts = found.kind === "changes" ? found.spans.map(({ source, start }) => [source.name, start]) : [];
  expect(texts.map(([name]) => name)).toEqual([home, user, user].map(({ source }) => source.name));
  // `other` does not use it, but imports it beside a module of that name.
  expect(renamed([home, user, other], at, "own")).toMatchObject({
    reason: `\`own\` is already declared in ${folder}/other.vlm (module, line 3)`,
  });
  // An argument meets no names of those who give it.
  const width = home.source.text.indexOf("width");
  expect(renamed([home, user, other], width, "size")).toMatchObject({ kind: "changes" });
});
