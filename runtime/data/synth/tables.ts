import { volumeName } from "./layout.ts";
import { type Pathology, pathologies } from "./pathologies.ts";
import { type Patient, planeVoxels } from "./patient.ts";
import { writeReport } from "./reports.ts";

type Row = readonly (string | number)[];

export function reportTable(patients: readonly Patient[]): string {
  return csv([
    ["VolumeName", "ClinicalInformation_EN", "Technique_EN", "Findings_EN", "Impressions_EN"],
    ...patients.map((patient) => {
      const { clinicalInformation, technique, findings, impressions } = writeReport(patient);
      return [volumeName(patient.name), clinicalInformation, technique, findings, impressions];
    }),
  ]);
}

/** What a scanner says of its pictures: some of CT-RATE's columns. */
export function metadataTable(patients: readonly Patient[]): string {
  const columns = new Map<string, (patient: Patient) => string | number>([
    ["VolumeName", ({ name }) => volumeName(name)],
    ["Manufacturer", () => "medctc"],
    ["PatientSex", ({ sex }) => sex],
    ["PatientAge", ({ ageYears }) => `${String(ageYears).padStart(3, "0")}Y`],
    ["PatientPosition", () => "HFS"],
    ["Rows", () => planeVoxels],
    ["Columns", () => planeVoxels],
    ["XYSpacing", ({ spacing }) => `[${spacing[0] / 100}, ${spacing[0] / 100}]`],
    ["RescaleIntercept", ({ intercept }) => intercept],
    ["RescaleSlope", () => 1],
    ["RescaleType", () => "HU"],
    ["NumberofSlices", ({ slices }) => slices],
    ["ZSpacing", ({ spacing }) => spacing[1] / 100],
  ]);
  return csv([[...columns.keys()], ...patients.map((patient) => [...columns.values()].map((of) => of(patient)))]);
}

/** The classes of each volume, 0 or 1. */
export function labelTable(patients: readonly Patient[]): string {
  return csv([
    ["VolumeName", ...pathologies],
    ...patients.map(({ name, findings }) => {
      const present: ReadonlySet<Pathology> = findings.present;
      return [volumeName(name), ...pathologies.map((pathology) => (present.has(pathology) ? 1 : 0))];
    }),
  ]);
}

/** Rows as RFC 4180 has them, but with the line ends of CT-RATE's files. */
function csv(rows: readonly Row[]): string {
  const cell = (value: string | number) => {
    const text = String(value);
    return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
  };
  return rows.map((row) => `${row.map(cell).join(",")}\n`).join("");
}
