import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { run } from "../../runtime/cli/program.ts";
import { listeningTerminal } from "../cli/listening-terminal.ts";
import { abstractFiles, abstractNumbers } from "./abstract-scores.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-abstract-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("the made-up runs have the numbers of MedCT-VLM's abstract, to the printed digit, and a page draws them", async () => {
  const page = join(folder, "comparison.html");
  const { terminal, said } = listeningTerminal();
  const runs = ["examples/comparison/base", "examples/comparison/adapted"];
  expect(await run(["compare", ...runs, "--page", page, "--format", "markdown"], terminal)).toBe(0);
  const { base, adapted } = abstractNumbers;
  expect([base.meanAuroc, adapted.meanAuroc]).toEqual(["61.3", "68.9"]);
  expect([base.accuracy, adapted.accuracy]).toEqual(["67.2", "73.6"]);
  expect([base.macroF1, adapted.macroF1]).toEqual(["32.1", "36.9"]);
  for (const [label, { meanAuroc, accuracy, macroF1 }] of Object.entries(abstractNumbers)) {
    const [, row = ""] = new RegExp(`^\\| ${label} \\| (.*) \\|$`, "m").exec(said.out) ?? [];
    const numbers = row.split(" | ").map((cell) => /\d+\.\d/.exec(cell)?.[0]);
    expect([numbers[0], numbers[1], numbers.at(-1)]).toEqual([accuracy, macroF1, meanAuroc]);
  }
  const html = readFileSync(page, "utf8");
  for (const metric of ["meanAuroc", "accuracy", "macroF1"] as const)
    expect(html).toContain(`>${base[metric]} → ${adapted[metric]}</text>`);
});

test("they are what the script draws", () => {
  const files = abstractFiles();
  expect(files.size).toBe(4);
  for (const [name, text] of files) expect(readFileSync(join("examples/comparison", name), "utf8")).toBe(text);
});
