import { dirname, isAbsolute, relative, sep } from "node:path";
import { compileSpec } from "../../../compiler/index.ts";
import { createSource, hasErrors, parse } from "../../../grammar/index.ts";
import { attempt, kindOfPath, writeAtomically } from "../../files/index.ts";
import { libraryFolder, SpecLibrary } from "../../specs/index.ts";
import { done, type Ended, misused, problem, type Reporter, refuse, refused } from "../reporter.ts";
import type { StartingPoint } from "./start.ts";
import { variantText } from "./variant-text.ts";

export interface InitRequest {
  readonly start: StartingPoint;
  /** The name of the new model; null for one that follows from the base's. */
  readonly name: string | null;
  /** The folder of the data set, from the working folder; null where it is named later. */
  readonly data: string | null;
  /** Null for the base's. */
  readonly rank: number | null;
  /** Null for a file in the working folder that is named for the model. */
  readonly output: string | null;
  /** Whether a file that is there is replaced. */
  readonly force: boolean;
}

/** The spec that was written. */
export interface NewFile {
  readonly path: string;
  readonly trainable: number;
  readonly total: number;
}

/** Writes a variant of a model as a spec to start from. It is compiled first, so what is written has no mistakes. */
export function init(request: InitRequest, reporter: Reporter): Ended<NewFile> {
  const { start, data, rank, force } = request;
  const name = request.name ?? `my_${start.model.name}`;
  const path = request.output ?? `${name}.vlm`;
  if (!isModelName(name)) {
    const help = "a name has letters, digits and `_`, begins with a letter, and is not a word of the language";
    reporter.problem(problem(`\`${name}\` is not a valid name for a model`, help));
    return misused;
  }
  if (rank !== null && start.rank === null) {
    reporter.problem(problem(`the adapters of \`${start.model.name}\` have no rank`, "leave out --rank"));
    return misused;
  }
  if (kindOfPath(path) === "file" && !force) {
    return refuse(
      { subject: path, message: "already exists", help: "--force replaces it; -o names another file" },
      reporter,
    );
  }
  const folder = data === null ? null : folderFrom(path, data);
  const library = new SpecLibrary(libraryFolder(), path);
  const spec = { name, rank, folder };
  const { plan, diagnostics } = compileSpec(createSource(path, variantText(start, spec, null)), library);
  reporter.diagnostics(diagnostics);
  if (plan === null || hasErrors(diagnostics)) return refused;
  const { totals } = plan;
  const text = variantText(start, spec, totals);
  const written = attempt(path, () => writeAtomically(path, text));
  if (written.kind === "failed") return refuse(written.problem, reporter);
  if (data !== null && kindOfPath(data) !== "folder") reporter.note(`there is no folder ${data} yet`);
  return done({ path, trainable: totals.trainable, total: totals.total });
}

/** Whether a name can be a model's: what the language reads as one, to its end. */
function isModelName(name: string): boolean {
  const { file, diagnostics } = parse(createSource("name", `model ${name} {}`));
  const [item] = file.items;
  return diagnostics.length === 0 && item?.kind === "model" && item.name.text === name;
}

/** The way to a folder from that of a spec, as specs write it. */
function folderFrom(spec: string, folder: string): string {
  if (isAbsolute(folder)) return folder;
  return relative(dirname(spec), folder).split(sep).join("/") || ".";
}
