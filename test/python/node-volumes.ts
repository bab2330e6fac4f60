import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readVolume, valuesOf } from "../../runtime/data/readers/nifti.ts";

/** Reads the volumes that a list names, and writes the values of each beside it as 64-bit floats, or why there are none. */
const [folder = ""] = process.argv.slice(2);
for (const name of readFileSync(join(folder, "names.txt"), "utf8").trim().split("\n")) {
  const volume = await readVolume(join(folder, name));
  if (volume.kind === "failed") writeFileSync(join(folder, `${name}.refused`), volume.problem.message);
  else writeFileSync(join(folder, `${name}.values`), new Uint8Array(valuesOf(volume.value).buffer));
}
