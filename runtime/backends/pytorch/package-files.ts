import { pytorchTarget, type TargetFile, type TracedSpec, type Unwritable } from "../../../compiler/index.ts";
import { contractOfSpec } from "../../data/index.ts";
import { sha256Of } from "../../files/index.ts";
import { version } from "../../machine/index.ts";
import { workerFiles } from "./python-files.ts";

/** The package of a spec: its model, and what trains it; `text` is that of the spec, where it is not that of its file. */
export function packageFiles(spec: TracedSpec, text?: string): readonly TargetFile[] | Unwritable {
  const about = { version, sha256: sha256Of, contract: contractOfSpec(spec), ...(text === undefined ? {} : { text }) };
  const files = pytorchTarget.files(spec, about);
  return "span" in files ? files : [...files, ...workerFiles(files)];
}
