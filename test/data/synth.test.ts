import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { planted, splits, writeDataset } from "../../runtime/data/synth/index.ts";
import { drawPatient } from "../../runtime/data/synth/patient.ts";
import { paintThorax } from "../../runtime/data/synth/thorax.ts";
import { filesBelow, hashOf, readTable, readVolume } from "./synth-set.ts";

const root = mkdtempSync(join(tmpdir(), "medctc-synth-"));
const set = join(root, "set");

function write(name: string, pairs: number, valid: number, seed: number): string {
  expect(writeDataset(join(root, name), { pairs, valid, seed }, () => undefined).kind).toBe("written");
  return join(root, name);
}

/** The classes that the small spec names, in its order. */
function classesOfSpec(): readonly string[] {
  const list = /classes = \[([^\]]*)\]/.exec(readFileSync("specs/medct-small.vlm", "utf8"))?.[1] ?? "";
  return [...list.matchAll(/"([^"]+)"/g)].map((match) => match[1] ?? "");
}

beforeAll(() => void write("set", 3, 2, 7));
afterAll(() => rmSync(root, { recursive: true }));

describe("the files", () => {
  test("stand where CT-RATE has them", () => {
    expect(filesBelow(set)).toEqual([
      "synth.json",
      "train/train_1/train_1_a/train_1_a_1.nii.gz",
      "train/train_2/train_2_a/train_2_a_1.nii.gz",
      "train/train_3/train_3_a/train_3_a_1.nii.gz",
      "train_metadata.csv",
      "train_predicted_labels.csv",
      "train_reports.csv",
      "valid/valid_1/valid_1_a/valid_1_a_1.nii.gz",
      "valid/valid_2/valid_2_a/valid_2_a_1.nii.gz",
      "valid_predicted_labels.csv",
      "validation_metadata.csv",
      "validation_reports.csv",
      "vocab.txt",
    ]);
  });

  test("have the same bytes for a seed on every machine", () => {
    expect(hashOf(set)).toMatchInlineSnapshot(`"3e8cf714cffb775b2db8f994c3c9aed823ecf8c6d15968aff658abd7b74a2705"`);
  });

  test("have other volumes and reports for another seed", () => {
    const other = write("other", 3, 2, 8);
    for (const file of filesBelow(set).filter((name) => name !== "vocab.txt")) {
      expect(readFileSync(join(other, file)).equals(readFileSync(join(set, file))), file).toBe(false);
    }
  });

  test("of one patient are the same in a larger set", () => {
    const larger = write("larger", 4, 2, 7);
    const volumes = filesBelow(set).filter((name) => name.endsWith(".gz"));
    for (const file of volumes)
      expect(readFileSync(join(larger, file)).equals(readFileSync(join(set, file)))).toBe(true);
    expect(readFileSync(join(larger, "train_reports.csv"), "utf8")).toContain(
      readFileSync(join(set, "train_reports.csv"), "utf8"),
    );
  });
});

describe("the tables", () => {
  test("have a row for each volume, under CT-RATE's columns", () => {
    for (const [split, long] of [["train", "train"] as const, ["valid", "validation"] as const]) {
      const volumes = filesBelow(join(set, split)).map((file) => basename(file));
      const reports = readTable(join(set, `${long}_reports.csv`));
      const metadata = readTable(join(set, `${long}_metadata.csv`));
      const labels = readTable(join(set, `${split}_predicted_labels.csv`));
      for (const table of [reports, metadata, labels]) {
        expect(table.map((row) => row.get("VolumeName"))).toEqual(volumes);
      }
      expect([...(reports[0]?.keys() ?? [])]).toEqual([
        "VolumeName",
        "ClinicalInformation_EN",
        "Technique_EN",
        "Findings_EN",
        "Impressions_EN",
      ]);
      expect([...(metadata[0]?.keys() ?? [])]).toEqual(
        expect.arrayContaining(["RescaleSlope", "RescaleIntercept", "XYSpacing", "ZSpacing"]),
      );
      expect([...(labels[0]?.keys() ?? [])]).toEqual(["VolumeName", ...classesOfSpec()]);
      expect(labels.flatMap((row) => [...row.values()].slice(1)).every((cell) => /^[01]$/.test(cell))).toBe(true);
    }
  });
});

test("labels are of what the impressions name", () => {
  for (const [split, long] of [["train", "train"] as const, ["valid", "validation"] as const]) {
    const reports = readTable(join(set, `${long}_reports.csv`));
    for (const [place, labels] of readTable(join(set, `${split}_predicted_labels.csv`)).entries()) {
      const impressions = reports[place]?.get("Impressions_EN")?.toLowerCase() ?? "";
      for (const name of classesOfSpec()) {
        expect(labels.get(name)).toBe(impressions.includes(name.toLowerCase()) ? "1" : "0");
      }
    }
  }
});

describe("a volume", () => {
  test("has a NIfTI-1 header that says what its metadata say, around the middle of the scanner", () => {
    for (const [split, long] of [["train", "train"] as const, ["valid", "validation"] as const]) {
      const metadata = readTable(join(set, `${long}_metadata.csv`));
      for (const [place, file] of filesBelow(join(set, split)).entries()) {
        const { voxels, rows, ...header } = readVolume(join(set, split, file));
        const row = metadata[place] ?? new Map<string, string>();
        const [x = 0, y = 0, z = 0] = header.spacing;
        expect(header).toMatchObject({
          headerSize: 348,
          magic: "n+1\0",
          size: [96, 96, Number(row.get("NumberofSlices"))],
          datatype: 4,
          bits: 16,
          offset: 352,
          slope: 1,
          intercept: 0,
          sformCode: 1,
        });
        expect(`[${x.toFixed(2)}, ${y.toFixed(2)}]`).toBe(
          row.get("XYSpacing")?.replace(/[\d.]+/g, (mm) => Number(mm).toFixed(2)),
        );
        expect(z).toBeCloseTo(Number(row.get("ZSpacing")), 5);
        expect(voxels).toHaveLength(header.size.reduce((product, size) => product * size));
        for (const [axis, [mm, size]] of [
          [-x, 96] as const,
          [-y, 96] as const,
          [z, header.size[2] ?? 0] as const,
        ].entries()) {
          expect(rows[axis]?.[axis]).toBeCloseTo(mm, 5);
          expect(rows[axis]?.[3]).toBeCloseTo((-mm * (size - 1)) / 2, 3);
        }
      }
    }
  });

  test("holds Hounsfield units of air, lung, soft tissue and bone once its intercept is added", () => {
    const metadata = readTable(join(set, "train_metadata.csv"));
    for (const [place, file] of filesBelow(join(set, "train")).entries()) {
      const intercept = Number(metadata[place]?.get("RescaleIntercept"));
      const { voxels, size } = readVolume(join(set, "train", file));
      const hu = voxels.map((stored) => stored + intercept);
      expect(hu.every((value) => value >= -1024 && value <= 3071)).toBe(true);
      const share = (low: number, high: number) =>
        hu.filter((value) => value >= low && value < high).length / hu.length;
      expect(share(-1024, -700)).toBeGreaterThan(0.4);
      expect(share(-50, 150)).toBeGreaterThan(0.15);
      expect(share(250, 600)).toBeGreaterThan(0.005);
      // The first row of the first slice is outside the body.
      const corner = hu.slice(0, size[0]).reduce((sum, value) => sum + value) / (size[0] ?? 1);
      expect(Math.abs(corner + 1000)).toBeLessThan(20);
    }
  });

  test.each(planted)("shows %s in at least 100 ml of the chest", (name) => {
    const patient = drawPatient(3, "train", 1);
    const paint = (present: readonly (typeof planted)[number][]) =>
      paintThorax({ ...patient, noiseHu: 0, findings: { ...patient.findings, present: new Set(present) } });
    const [with_, without] = [paint([name]), paint([])];
    const changed = with_.voxels.filter((hu, place) => Math.abs(hu - (without.voxels[place] ?? 0)) > 100).length;
    const [x, y, z] = with_.spacing;
    expect((changed * x * y * z) / 1000).toBeGreaterThan(100);
  });
});

test("findings come alone and together, each in about two fifths of the patients of either split", () => {
  for (const split of splits) {
    const patients = Array.from({ length: 2000 }, (_, place) => drawPatient(1, split, place + 1));
    for (const name of planted) {
      const share = patients.filter(({ findings }) => findings.present.has(name)).length / patients.length;
      expect(Math.abs(share - 0.4)).toBeLessThan(0.05);
    }
    expect(new Set(patients.map(({ findings }) => [...findings.present].join())).size).toBe(2 ** planted.length);
  }
});
