import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, test } from "vitest";
import { readWhole } from "../data/whole-volume.ts";
import { check, pythonWith } from "./environment.ts";

const packages = [
  "pydicom==3.0.2",
  "SimpleITK==2.5.7",
  "dcm2niix==1.0.20260724",
  "imagecodecs==2026.3.6",
  "nibabel==5.4.2",
  "numpy",
];
const count = 64;
const folder = mkdtempSync(join(tmpdir(), "medctc-dicom-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("series of every transfer syntax, type and orientation have the values, order and affine of pydicom, ITK and dcm2niix", async () => {
  const python = pythonWith("pydicom==3.0.2-SimpleITK==2.5.7-imagecodecs==2026.3.6", packages);
  check(python, "dicom_files.py", "write", folder, String(count));
  for (const name of readFileSync(join(folder, "names.txt"), "utf8").trim().split("\n")) {
    const read = await readWhole(join(folder, name));
    if (read.kind === "failed") {
      writeFileSync(join(folder, `${name}.refused`), read.problem.map(({ message }) => message).join("; "));
      continue;
    }
    const { header, values } = read.value;
    if (header.affine === null) throw new Error(`${name} has no affine`);
    writeFileSync(join(folder, `${name}.values`), new Uint8Array(values.buffer));
    writeFileSync(join(folder, `${name}.affine`), new Uint8Array(Float64Array.from(header.affine.flat()).buffer));
  }
  check(python, "dicom_files.py", "compare", folder);
});
