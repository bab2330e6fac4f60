import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";

/** Makes a folder with these files for the test that runs, and gives its path. */
export function dataFolder(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), "medctc-data-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
  }
  return folder;
}

/** Volumes where CT-RATE has them; nothing in these tests reads what is in them. */
export function volumes(...names: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    names.map((name) => {
      const [split, patient, accession] = name.split("_");
      return [`${split}/${split}_${patient}/${split}_${patient}_${accession}/${name}`, ""];
    }),
  );
}

export const metadataHeader = "VolumeName,RescaleSlope,RescaleIntercept,XYSpacing,ZSpacing";
export const reportsHeader = "VolumeName,Findings_EN,Impressions_EN";
export const plainMetadata = '1,-1024,"[0.75, 0.75]",1.5';

/** A table of a header and rows. */
export function table(header: string, ...rows: readonly string[]): string {
  return [header, ...rows, ""].join("\n");
}
