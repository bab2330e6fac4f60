import { expect, test } from "vitest";
import { isEmptyReport, reportText } from "../../runtime/data/layouts/ct-rate/report-text.ts";

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
  expect(reportText(findings, impressions)).toBe(text);
});

test("a report is empty when neither part says anything, also with blanks around", () => {
  expect(isEmptyReport("Not given.", " Not given.\n")).toBe(true);
  expect(isEmptyReport(" ", "")).toBe(true);
  expect(isEmptyReport("(\"')", "")).toBe(true);
  expect(isEmptyReport("Not given.", ".")).toBe(false);
});
