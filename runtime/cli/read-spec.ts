import { type Compiled, compileSpec, type TrainOverrides } from "../../compiler/index.ts";
import { createSource, hasErrors, renderDiagnostics, report } from "../../grammar/index.ts";
import { readText } from "../files/index.ts";
import { SpecLibrary } from "./library.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Compiles the spec at a path, with other settings than its `train` block says where they are given; what keeps it from
 * being read is among the diagnostics.
 */
export function compilePath(path: string, libraryFolder: string, overrides: TrainOverrides = {}): Compiled {
  const file = readText(path);
  switch (file.kind) {
    case "missing":
      return {
        plan: null,
        spec: null,
        elements: [],
        memory: null,
        diagnostics: [report("file-not-found", path, { path })],
      };
    case "unreadable":
      return { plan: null, spec: null, elements: [], memory: null, diagnostics: [file.problem(path)] };
    case "text":
      return compileSpec(createSource(path, file.text), new SpecLibrary(libraryFolder, path), overrides);
  }
}

/** Shows a spec's diagnostics; true when none of them is an error. */
export function showDiagnostics({ diagnostics }: Compiled, terminal: Terminal): boolean {
  terminal.err(renderDiagnostics(diagnostics, { colour: terminal.colour }));
  return !hasErrors(diagnostics);
}
