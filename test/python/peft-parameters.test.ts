import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { medctc, prepareProgram } from "../cli/medctc.ts";
import { fixture, placements, writeCase } from "../parity/peft-parameters-cases.ts";
import { check, pythonWithPeft } from "./environment.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-peft-parameters-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("PEFT loads adapters of parameters that medctc wrote", () => {
  prepareProgram();
  const folders = Object.keys(placements).map((name) => {
    const into = join(folder, name);
    mkdirSync(into);
    const { spec } = writeCase(into, name);
    const run = medctc(["export", spec, "--peft", join(into, "adapter"), "--adapter", join(fixture, name)]);
    expect(run.code).toBe(0);
    return into;
  });
  check(pythonWithPeft(), "check_peft_parameters.py", resolve(fixture), ...folders);
});
