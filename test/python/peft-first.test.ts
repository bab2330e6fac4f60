import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { medctc, prepareProgram } from "../cli/medctc.ts";
import { converted, fixture, writeConverted } from "../parity/peft-first-cases.ts";
import { fixture as kinds } from "../parity/peft-kinds-cases.ts";
import { check, pythonWithPeft } from "./environment.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-peft-first-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("PEFT gives what it gave with its changed weights, on the plain ones with what medctc wrote", () => {
  prepareProgram();
  const python = pythonWithPeft();
  const folders = converted.map((kind) => {
    const into = join(folder, kind);
    mkdirSync(into);
    const { spec, weights, adapter } = writeConverted(into, kind);
    const given = ["--weights", weights, "--adapter", adapter];
    expect(medctc(["export", spec, "--peft", join(into, "adapter"), ...given]).code).toBe(0);
    return into;
  });
  check(python, "check_peft_first.py", resolve(kinds), resolve(fixture), ...folders);
});
