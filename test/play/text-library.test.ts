import { expect, test } from "vitest";
import { compileSpec } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { joined, TextLibrary } from "../../runtime/play/page/compiler/text-library.ts";

const texts = {
  bundled: {
    "specs/std/linear.vlm": "function one() {\n  return 1\n}\n",
    "specs/base.vlm": "let known = 1\n",
    "specs/parts/moved.vlm": "let moved = 2\n",
  },
  own: { "project/lib/a.vlm": 'import "../b"\n', "project/b.vlm": "let b = 1\n" },
  manual: "",
};

test("a spec of the reader's finds the library and its own files, and no file of the same path that comes with the page", () => {
  const library = new TextLibrary(texts, { path: "project/lib/a.vlm", isBundled: false });
  expect(library.read({ kind: "library", name: "linear" })).toMatchObject({ kind: "text", name: "std/linear.vlm" });
  expect(library.read({ kind: "reference", name: "base" })).toMatchObject({
    kind: "text",
    name: "medctc/specs/base.vlm",
  });
  expect(library.read({ kind: "local", path: "../b.vlm" })).toMatchObject({ kind: "text", name: "project/b.vlm" });
  expect(library.read({ kind: "local", path: "../../specs/base.vlm" })).toEqual({ kind: "missing" });
  expect(library.names()).toEqual(["linear"]);
});

test("a module that moved beside its model is found under its former name", () => {
  const library = new TextLibrary(texts, { path: "a.vlm", isBundled: false });
  expect(library.read({ kind: "library", name: "moved" })).toMatchObject({
    movedTo: { kind: "reference", name: "parts/moved" },
  });
});

test("names of every object are no files", () => {
  const library = new TextLibrary(texts, { path: "a.vlm", isBundled: false });
  for (const path of ["constructor", "__proto__", "toString"]) {
    expect(library.read({ kind: "local", path })).toEqual({ kind: "missing" });
  }
});

test("a missing import is a mistake of the text, as on a disk", () => {
  const library = new TextLibrary(texts, { path: "a.vlm", isBundled: false });
  const { diagnostics } = compileSpec(createSource("a.vlm", 'import "./missing"\n'), library);
  expect(diagnostics.map(({ code }) => code)).toContain("E205");
});

test.each([
  ["", "a.vlm", "a.vlm"],
  ["specs", "../examples/a.vlm", "examples/a.vlm"],
  ["", "../a.vlm", "../a.vlm"],
  ["..", "../a.vlm", "../../a.vlm"],
  ["/home/x", "../a.vlm", "/home/a.vlm"],
])("from %o %o is %o", (folder, path, expected) => {
  expect(joined(folder, path)).toBe(expected);
});
