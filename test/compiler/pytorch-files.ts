import { expect } from "vitest";
import { compileSpec, targets } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

/** What the PyTorch target makes of a spec, which has to compile: the files of a package, or why there is none. */
export function pytorchFiles(path: string, text: string) {
  const { spec, diagnostics } = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path));
  expect(diagnostics.filter(({ severity }) => severity === "error").map(({ message }) => message)).toEqual([]);
  if (spec === null) throw new Error("the spec compiles");
  const target = targets.find(({ name }) => name === "pytorch");
  return target?.files?.(spec, { version: "test", sha256: (each) => String(each.length) });
}
