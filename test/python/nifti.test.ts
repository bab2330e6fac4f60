import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, test } from "vitest";
import { readVolume, valuesOf } from "../../runtime/data/readers/nifti.ts";
import { check, pythonWith } from "./environment.ts";

const packages = ["nibabel==5.4.2", "numpy"];
const count = 500;
const folder = mkdtempSync(join(tmpdir(), "medctc-nifti-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("files of every type, byte order, version and scaling have the values that nibabel gives them", async () => {
  const python = pythonWith("nibabel==5.4.2", packages);
  check(python, "nifti_files.py", "write", folder, String(count));
  for (const name of readFileSync(join(folder, "names.txt"), "utf8").trim().split("\n")) {
    const volume = await readVolume(join(folder, name));
    if (volume.kind === "failed") writeFileSync(join(folder, `${name}.refused`), volume.problem.message);
    else writeFileSync(join(folder, `${name}.values`), new Uint8Array(valuesOf(volume.value).buffer));
  }
  check(python, "nifti_files.py", "compare", folder);
});
