import { readFileSync } from "node:fs";
import { buildProgram, compileSpec, type Program, type ProgramName, type TracedSpec } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";

/** A spec's file, with another text where `edit` says so. */
export function specOf(path: string, edit = (text: string): string => text): TracedSpec {
  const text = edit(readFileSync(path, "utf8"));
  const { spec } = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path));
  if (spec === null) throw new Error(`${path} compiles`);
  return spec;
}

export function programOf(spec: TracedSpec, name: ProgramName): Program {
  const program = buildProgram(spec, name);
  if (program === null) throw new Error(`the spec has the program ${name}`);
  return program;
}
