import { expect, test } from "vitest";
import { checkSpec } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

const codes = (text: string) =>
  checkSpec(createSource("specs/own.vlm", text), new SpecLibrary("specs/std", "specs/own.vlm")).map(({ code }) => code);

test("a module that moved from the library to its model's folder is found under its former name", () => {
  expect(codes('import "std/ctvit"\nimport "std/peg"\n')).toEqual([]);
  // By both names it is one file.
  expect(codes('import "std/ctvit"\nimport "specs/ctclip/ctvit"\n')).toEqual([]);
  // A model's file is none of the library's.
  expect(codes('import "std/classfine"\n')).toEqual(["E205"]);
  expect(codes('import "std/nothing_of_this_name"\n')).toEqual(["E205"]);
});
