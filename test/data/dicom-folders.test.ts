import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { defaultData, defaultVolume } from "../../compiler/index.ts";
import { checkFolder } from "../../runtime/app/data/check.ts";
import { terminalReporter } from "../../runtime/cli/terminal-reporter.ts";
import { fileState, prepareCache } from "../../runtime/data/cache.ts";
import { checkVolume } from "../../runtime/data/check-volume.ts";
import { loadVolume } from "../../runtime/data/load-volume.ts";
import { openDataset } from "../../runtime/data/open-dataset.ts";
import { listeningTerminal } from "../cli/listening-terminal.ts";
import { dataFolder, metadataHeader, plainMetadata, table } from "./data-folder.ts";
import { dicomFile } from "./dicom-bytes.ts";
import { niftiFile } from "./nifti-file.ts";

const cached = mkdtempSync(join(tmpdir(), "medctc-dicom-cache-"));
afterAll(() => rmSync(cached, { recursive: true }));

const slice = (z: number): Buffer => dicomFile({ position: [0, 0, z], values: Array<number>(12).fill(1024 + z) });

/** Two slices, in a folder of a patient as hospitals export them, and what a table says of it. */
const good = {
  "patient/train_1/IM0001": slice(0),
  "patient/train_1/IM0002": slice(1),
  "m.csv": table(metadataHeader, `train_1,1,0,"[1, 1]",1`),
};

async function volumesIn(folder: string): Promise<readonly (readonly [name: string, file: string])[]> {
  const { examples } = await openDataset(folder, defaultData, {
    files: [null],
    texts: [],
    labels: null,
    split: "train",
  });
  return examples.map(({ name, file }) => [name, file.replace(`${folder}/`, "")]);
}

test("a folder of DICOM files is a volume with the folder's name, which tables use", async () => {
  expect(await volumesIn(dataFolder(good))).toEqual([["train_1", "patient/train_1"]]);
});

test.each([
  ["1.2.840.113619.2.5.1", true],
  ["scan.dcm", true],
  ["SCAN.IMA", true],
  ["slice.raw", true],
])("a DICOM file named %s makes a volume of its folder", async (name) => {
  const folder = dataFolder({ "m.csv": good["m.csv"], [`train_1/${name}`]: slice(0) });
  expect(await volumesIn(folder)).toEqual([["train_1", "train_1"]]);
});

test("folders of other files are no volumes, nor are those in which NIfTI files are", async () => {
  const folder = dataFolder({
    "m.csv": table(metadataHeader, `train_1,1,0,"[1, 1]",1`, `train_2.nii,${plainMetadata}`),
    "train_1/LICENSE": "text",
    "train_3/.IM1": slice(0),
    "train_4/train_2.nii": niftiFile(),
    "train_4/IM1": slice(0),
  });
  expect(await volumesIn(folder)).toEqual([["train_2.nii", "train_4/train_2.nii"]]);
});

test("a check names every damaged file, and says what was passed over", async () => {
  const check = async (files: Record<string, string | Buffer>) => {
    const folder = dataFolder(files);
    const { terminal, said } = listeningTerminal();
    const rules = {
      settings: defaultData,
      files: [null],
      texts: [null],
      inputs: null,
      classes: null,
      checkVolume,
      textLength: null,
      tokens: null,
    };
    const { notes } = await checkFolder(folder, rules, 100, terminalReporter(terminal));
    return { notes: notes.map((note) => note.replaceAll(folder, ".")), err: said.err.replaceAll(folder, ".") };
  };
  const reports = table("VolumeName,Findings_EN,Impressions_EN", "train_1,Clear.,Not given.");
  const damaged = { ...good, "patient/train_1/IM0001": slice(0).subarray(0, 300), "r.csv": reports };
  expect((await check(damaged)).err).toContain(
    "error: ./patient/train_1: `IM0001`: its data elements are damaged or truncated, or their sequences are nested too deeply\n",
  );
  const { notes, err } = await check({ ...good, "patient/train_1/notes.txt": "text", "r.csv": reports });
  expect(err).not.toContain("error");
  expect(notes).toContain("./patient/train_1: passed over 1 file that is not DICOM");
});

test("a cached volume is read again when one of its files was changed in place", async () => {
  const folder = join(dataFolder(good), "patient/train_1");
  const cache = { folder: cached, bytes: 1e6 };
  prepareCache(cache);
  const sizes = { spacing: [1, 1, 1], size: [2, 4, 3], window: [-10, 10] } as const;
  const request = {
    path: folder,
    metadata: { slope: 1, intercept: 0, xySpacing: 1, zSpacing: 1 },
    prepare: { kind: "volume", settings: { ...defaultVolume, ...sizes } },
  } as const;
  const load = async (): Promise<readonly [from: string, last: number | undefined]> => {
    await new Promise((resolve) => setTimeout(resolve, 150));
    const { result } = await loadVolume(request, { cache });
    if (result.kind === "failed") throw new Error(result.problem.message);
    return [result.value.from, result.value.voxels.at(-1)];
  };
  expect(await load()).toEqual(["file", expect.closeTo(0.1, 6)]);
  expect(await load()).toEqual(["cache", expect.closeTo(0.1, 6)]);
  const path = join(folder, "IM0002");
  const changed = readFileSync(path);
  changed.writeInt16LE(1024 + 5, changed.length - 2);
  writeFileSync(path, changed);
  expect(await load()).toEqual(["file", expect.closeTo(0.5, 6)]);
});

test("the state of a folder is that of all its files, also where a link leads nowhere", () => {
  const folder = dataFolder(good);
  const series = join(folder, "patient/train_1");
  const before = fileState(series);
  symlinkSync(join(folder, "missing"), join(series, "IM0003"));
  expect(fileState(series)?.numbers).not.toBe(before?.numbers);
});
