import { expect, test } from "vitest";
import { defaultData } from "../../compiler/index.ts";
import type { DatasetNeeds } from "../../runtime/data/dataset.ts";
import { isEmptyReport, reportText } from "../../runtime/data/layouts/ct-rate/report-text.ts";
import { type Dataset, openDataset } from "../../runtime/data/open-dataset.ts";
import { dataFolder, metadataHeader, plainMetadata, reportsHeader, table, volumes } from "./data-folder.ts";

test.each([
  ["Clear lungs.", "No nodule.", "Clear lungs.No nodule."],
  ["Not given.", "No nodule.", "No nodule."],
  ["Clear lungs.", "Not given.", "Clear lungs."],
  ["Not given.", "Not given.", ""],
  ["Not given", " Not given.", "Not given Not given."],
  ["", "", ""],
  [`a "b" 'c' (d)`, `"(')`, "a b c d"],
  ["Findings.\n", "\tImpression.", "Findings.\n\tImpression."],
])("findings %j and impressions %j are the text %j", (findings, impressions, text) => {
  expect(reportText([findings, impressions])).toBe(text);
});

test("any sections are joined in their order, with a separator between those that say something", () => {
  expect(reportText(["A.", "Not given.", "", "B (b).", "C."], " ")).toBe("A. B b. C.");
  expect(reportText(["A.", "B.", "C."])).toBe("A.B.C.");
  expect(reportText(["Not given.", "B."], "\n")).toBe("B.");
});

test("a report is empty when neither part says anything, also with blanks around", () => {
  expect(isEmptyReport(["Not given.", " Not given.\n"])).toBe(true);
  expect(isEmptyReport([" ", ""])).toBe(true);
  expect(isEmptyReport(["(\"')", ""])).toBe(true);
  expect(isEmptyReport(["Not given.", "."])).toBe(false);
});

test("a report is made of the columns that the spec names, in their order, and their table is known by them", async () => {
  const [one, two] = ["train_1_a_1.nii.gz", "train_2_a_1.nii.gz"];
  const folder = dataFolder({
    ...volumes(one, two),
    "m.csv": table(metadataHeader, `${one},${plainMetadata}`, `${two},${plainMetadata}`),
    "a.csv": table(reportsHeader, `${one},Other.,`, `${two},Other.,`),
    "r.csv": table("Findings,VolumeName,Impression,History", `F.,${one},I.,`, `Not given.,${two},,H.`),
  });
  const open = async (report: readonly string[]): Promise<Dataset> => {
    const needs: DatasetNeeds = { files: [null], texts: [null], labels: null, split: "train" };
    return await openDataset(folder, { ...defaultData, text: report, textSeparator: " / " }, needs);
  };
  const found = await open(["Impression", "History", "Findings"]);
  expect(found.problems).toEqual([]);
  expect(found.examples.map(({ texts: [report] }) => report)).toEqual(["I. / F.", "H."]);
  const lacking = await open(["Impression", "Summary"]);
  expect(lacking.problems.map(({ message }) => message)).toContain(
    "line 1: a reports table needs the column `Summary` too",
  );
  const empty = await open(["Impression"]);
  expect(empty.problems.map(({ message, help }) => [message, help])).toEqual([
    [`line 3: its report is empty (\`${two}\`)`, "Impression is blank or `Not given.`"],
  ]);
});
