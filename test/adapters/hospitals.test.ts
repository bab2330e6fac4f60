import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { prepareProgram } from "../cli/medctc.ts";
import { run } from "../command.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-hospitals-"));
afterAll(() => rmSync(folder, { recursive: true }));
beforeAll(() => prepareProgram());

test("the hospitals of the example train, share and combine their adapters, and evaluate what comes of it", () => {
  const { status, stdout, stderr } = run(process.execPath, ["examples/hospitals/share.mjs", folder, "20"]);
  expect([status, stderr.match(/^(error|warning).*/gm)]).toEqual([0, null]);
  const [, table = ""] = stdout.split("AUROC on held-out patients, and 95 % intervals\n");
  const lines = table.trim().split("\n");
  expect(lines.map((line) => line.split(/ {2,}/)[0])).toEqual([
    "Emphysema",
    "base",
    "north-run",
    "south-run",
    "combined",
    "linear",
  ]);
  const cell = String.raw`[01]\.\d{3} \([01]\.\d{3} to [01]\.\d{3}\)`;
  for (const line of lines.slice(1)) expect(line.trim()).toMatch(new RegExp(`^[a-z-]+(?: +${cell}){3}$`));
});
