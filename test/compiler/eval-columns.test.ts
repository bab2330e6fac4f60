import { expect, test } from "vitest";
import { compileSpec } from "../../compiler/index.ts";
import { printColumns, readEvalSettings } from "../../compiler/settings/index.ts";
import { createSource, parse } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/index.ts";

const classes = `classes = ["Arterial wall calcification", "Coronary artery wall calcification", "Emphysema"]`;

function columnsIn(written: string) {
  const { file } = parse(createSource("spec", `eval {\n  ${classes}\n  columns = ${written}\n}\n`));
  const { settings, diagnostics } = readEvalSettings(file, []);
  expect(diagnostics).toEqual([]);
  return settings.columns;
}

test("a class by itself is the column of its name, and a column has its classes in their order", () => {
  const written = `["Emphysema", column("c", of = ["Coronary artery wall calcification", "Arterial wall calcification"])]`;
  const columns = columnsIn(written);
  expect(columns).toEqual([
    { name: "Emphysema", of: ["Emphysema"] },
    { name: "c", of: ["Coronary artery wall calcification", "Arterial wall calcification"] },
  ]);
  expect(printColumns(columns ?? [])).toBe(written);
  expect(columnsIn(`[column(of = ["Emphysema"], name = "x"), column("y", of = ["Emphysema"])]`)).toEqual([
    { name: "x", of: ["Emphysema"] },
    { name: "y", of: ["Emphysema"] },
  ]);
});

test("columns are computed from the `let`s of a file", () => {
  const text = `let hardening = ["Arterial wall calcification", "Coronary artery wall calcification"]
let other = "Emphysema"
model m {}
eval {
  ${classes}
  columns = [column("c", of = hardening), other]
}
`;
  const { spec, diagnostics } = compileSpec(createSource("m.vlm", text), new SpecLibrary("specs/std", "m.vlm"));
  expect(diagnostics.filter(({ code }) => code.startsWith("E6") || code.startsWith("E8"))).toEqual([]);
  expect(spec?.evaluation.columns).toEqual([
    { name: "c", of: ["Arterial wall calcification", "Coronary artery wall calcification"] },
    { name: "Emphysema", of: ["Emphysema"] },
  ]);
});
