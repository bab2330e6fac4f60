import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { prepareProgram } from "../cli/medctc.ts";

test("the licences of what is bundled lie beside the program, development's tools not among them", () => {
  prepareProgram();
  const text = readFileSync("dist/licences.txt", "utf8");
  for (const name of ["commander", "csv-parse", "onnxruntime-node", "vega", "yaml"]) {
    expect(text).toMatch(new RegExp(`^${name} \\d+\\.\\d+\\.\\d+, `, "m"));
  }
  expect(text).toContain("Permission is hereby granted, free of charge");
  expect(text).not.toMatch(/^(typescript|vitest|esbuild) \d/m);
});
