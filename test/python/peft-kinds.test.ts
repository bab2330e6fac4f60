import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { medctc, prepareProgram } from "../cli/medctc.ts";
import * as adalora from "../parity/peft-adalora-cases.ts";
import * as kinds from "../parity/peft-kinds-cases.ts";
import { check, pythonWithPeft } from "./environment.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-peft-kinds-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ["every declared kind", kinds],
  ["AdaLoRA", adalora],
])("PEFT loads adapters of %s that medctc wrote, and gives what it gave with its own", (_, { fixture, ...cases }) => {
  prepareProgram();
  const folders = Object.keys(cases.placements).map((name) => {
    const into = join(folder, name);
    mkdirSync(into);
    const { spec, weights } = cases.writeCase(into, name);
    const given = ["--weights", weights, "--adapter", join(fixture, name)];
    expect(medctc(["export", spec, "--peft", join(into, "adapter"), ...given]).code).toBe(0);
    return into;
  });
  check(pythonWithPeft(), "check_peft_kinds.py", resolve(fixture), ...folders);
});
