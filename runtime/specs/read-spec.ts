import { type Compiled, compileSpec, type TrainOverrides } from "../../compiler/index.ts";
import { createSource, type Diagnostic, report } from "../../grammar/index.ts";
import { readText } from "../files/index.ts";
import { SpecLibrary } from "./library.ts";

/** A compiled spec, with its text and those of the files beside it that it imports. */
export interface ReadSpec extends Compiled {
  readonly text: string;
}

/**
 * Compiles the spec at a path, with other settings than its `train` block says where they are given; what keeps it from
 * being read is among the diagnostics.
 */
export function compilePath(path: string, libraryFolder: string, overrides: TrainOverrides = {}): ReadSpec {
  const file = readText(path);
  switch (file.kind) {
    case "missing":
      return unread(report("file-not-found", path, { path }));
    case "unreadable":
      return unread(file.problem(path));
    case "text": {
      const library = new SpecLibrary(libraryFolder, path);
      const compiled = compileSpec(createSource(path, file.text), library, overrides);
      return { ...compiled, text: [file.text, ...library.imported.values()].join("\n") };
    }
  }
}

function unread(diagnostic: Diagnostic): ReadSpec {
  return { plan: null, spec: null, elements: [], memory: null, diagnostics: [diagnostic], text: "" };
}
