import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TargetFile } from "../../../compiler/index.ts";
import { bundledFile, readFileText } from "../../files/index.ts";

/** The files that train a package, in Python and the same for every spec, for the package of a model. */
export function workerFiles(files: readonly TargetFile[]): readonly TargetFile[] {
  const folder = dirname(bundledFile("python/worker.py"));
  const model = packageName(files);
  return readdirSync(folder)
    .filter((name) => name.endsWith(".py"))
    .map((name) => ({ name: `${model}/${name}`, content: readFileText(join(folder, name)) }));
}

/** The name of a package, in whose folder its files are. */
export function packageName(files: readonly TargetFile[]): string {
  const [name = ""] = files[0]?.name.split("/") ?? [];
  return name;
}
