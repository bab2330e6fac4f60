import { dirname, normalize } from "node:path";

/** A path as it is below a data set, which may be a folder or a file that lies beside what it names; elsewhere as it is. */
export function placeIn(dataset: string, path: string): string {
  const whole = normalize(dataset).replace(/[/\\]+$/, "");
  for (const folder of [whole, dirname(whole)]) {
    if (folder !== "." && path.startsWith(`${folder}/`)) return path.slice(folder.length + 1);
  }
  return path;
}
