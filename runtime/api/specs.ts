import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type Compiled, checkSpec, type Plan, type TrainOverrides } from "../../compiler/index.ts";
import { createSource, type Diagnostic, hasErrors, renderDiagnostics, report } from "../../grammar/index.ts";
import { readText } from "../files/index.ts";
import { compilePath, SpecLibrary } from "../specs/index.ts";

/** A spec that has mistakes, where only one without them will do. */
export class SpecError extends Error {
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    super(renderDiagnostics(diagnostics, { colour: false }));
    this.name = "SpecError";
    this.diagnostics = diagnostics;
  }
}

/** What is wrong with a spec file and with what it imports; empty when nothing is. A file that cannot be read is a diagnostic too. */
export function check(path: string): readonly Diagnostic[] {
  const file = readText(path);
  switch (file.kind) {
    case "missing":
      return [report("file-not-found", path, { path })];
    case "unreadable":
      return [file.problem(path)];
    case "text":
      return checkSpec(createSource(path, file.text), new SpecLibrary(libraryFolder(), path));
  }
}

/** Compiles a spec file, with other training settings than its own where they are given. Mistakes are among the diagnostics. */
export function compile(path: string, train: TrainOverrides = {}): Compiled {
  return compilePath(path, libraryFolder(), train);
}

/** The plan of a spec file: parameters, adapters, what is trained and what a step costs. Throws a SpecError for a spec with mistakes. */
export function plan(path: string, train: TrainOverrides = {}): Plan {
  const compiled = compile(path, train);
  if (compiled.plan === null || hasErrors(compiled.diagnostics)) throw new SpecError(compiled.diagnostics);
  return compiled.plan;
}

/** The library of the language: beside dist/, or where the sources themselves are run. */
function libraryFolder(): string {
  const folders = ["../specs/std/", "../../specs/std/"].map((place) => fileURLToPath(new URL(place, import.meta.url)));
  const found = folders.find((folder) => existsSync(folder));
  if (found === undefined) throw new Error("specs/std is missing; install medctc again");
  return found;
}
