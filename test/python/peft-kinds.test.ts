import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { medctc, prepareProgram } from "../cli/medctc.ts";
import { fixture, placements, writeCase } from "../parity/peft-kinds-cases.ts";
import { check, pythonWithPeft } from "./environment.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-peft-kinds-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("PEFT loads adapters of every declared kind that medctc wrote, and gives what it gave with its own", () => {
  prepareProgram();
  const python = pythonWithPeft();
  const folders = Object.keys(placements).map((name) => {
    const into = join(folder, name);
    mkdirSync(into);
    const { spec, weights } = writeCase(into, name);
    const given = ["--weights", weights, "--adapter", join(fixture, name)];
    expect(medctc(["export", spec, "--peft", join(into, "adapter"), ...given]).code).toBe(0);
    return into;
  });
  check(python, "check_peft_kinds.py", resolve(fixture), ...folders);
});
