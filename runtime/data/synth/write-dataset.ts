import { existsSync, mkdirSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { writeAtomically } from "../../files/index.ts";
import {
  type DatasetParameters,
  filesOf,
  patientsOf,
  type Split,
  splits,
  tableFiles,
  vocabularyFile,
  volumePath,
} from "./layout.ts";
import { markerFile, readMarker, writeMarker } from "./marker.ts";
import { encodeNifti } from "./nifti-writer.ts";
import { drawPatient, type Patient } from "./patient.ts";
import { labelTable, metadataTable, reportTable } from "./tables.ts";
import { paintThorax } from "./thorax.ts";
import { vocabulary } from "./vocabulary.ts";

export type Written =
  | { readonly kind: "written"; readonly bytes: number; readonly patients: Readonly<Record<Split, readonly Patient[]>> }
  /** The same set is there already, whole. */
  | { readonly kind: "there" }
  /** Something else is in the folder. */
  | { readonly kind: "foreign" };

/**
 * Writes a data set in CT-RATE's layout, of which every byte follows from the parameters; `progress` hears of each
 * volume before it is made. A set that was written to the folder before is replaced, unless it is the same and whole;
 * files that are not of it stay. Throws what the file system says; the folder is then marked as unfinished.
 */
export function writeDataset(
  folder: string,
  parameters: DatasetParameters,
  progress: (volume: number, of: number) => void,
): Written {
  mkdirSync(folder, { recursive: true });
  const before = readMarker(folder);
  if (before === null) {
    removeLeftOvers(folder, markerFile);
    if (readdirSync(folder).length > 0) return { kind: "foreign" };
  }
  if (before !== null) {
    const { pairs, valid, seed } = before.parameters;
    const same = pairs === parameters.pairs && valid === parameters.valid && seed === parameters.seed;
    if (same && before.complete && [...filesOf(parameters)].every((file) => existsSync(join(folder, file)))) {
      return { kind: "there" };
    }
    // The old parameters say which files there are until the last of them is gone.
    writeMarker(folder, before.parameters, false);
    for (const file of filesOf(before.parameters)) removeFile(folder, file);
  }
  writeMarker(folder, parameters, false);
  let bytes = 0;
  const write = (file: string, content: string | Uint8Array) => {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeAtomically(join(folder, file), content);
    bytes += content.length;
  };
  write(vocabularyFile, `${vocabulary().join("\n")}\n`);
  const patients = { train: patientsFor("train", parameters), valid: patientsFor("valid", parameters) };
  const all = patients.train.length + patients.valid.length;
  let made = 0;
  for (const split of splits) {
    const files = tableFiles[split];
    write(files.reports, reportTable(patients[split]));
    write(files.metadata, metadataTable(patients[split]));
    write(files.labels, labelTable(patients[split]));
    for (const patient of patients[split]) {
      progress(++made, all);
      write(volumePath(split, patient.name), encodeNifti(paintThorax(patient), patient.intercept));
    }
  }
  writeMarker(folder, parameters, true);
  return { kind: "written", bytes, patients };
}

function patientsFor(split: Split, parameters: DatasetParameters): readonly Patient[] {
  return Array.from({ length: patientsOf(parameters, split) }, (_, place) =>
    drawPatient(parameters.seed, split, place + 1),
  );
}

/** Removes a file of a data set, and the folders that are empty then. */
function removeFile(folder: string, file: string): void {
  let inside = dirname(file);
  if (!existsSync(join(folder, inside))) return;
  removeLeftOvers(folder, file);
  rmSync(join(folder, file), { force: true });
  while (inside !== "." && readdirSync(join(folder, inside)).length === 0) {
    rmdirSync(join(folder, inside));
    inside = dirname(inside);
  }
}

/** Removes what a write that was interrupted left beside its file. */
function removeLeftOvers(folder: string, file: string): void {
  const inside = join(folder, dirname(file));
  for (const entry of readdirSync(inside)) {
    if (entry.startsWith(`.${basename(file)}.`) && entry.endsWith(".tmp")) rmSync(join(inside, entry));
  }
}
