import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, test } from "vitest";
import { succeeds } from "../adapters/peft-files.ts";
import { adapterOf, cases, fixture, writeCase } from "../parity/peft-prompts-cases.ts";
import { check, pythonWithPeft } from "./environment.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-peft-prompts-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("PEFT loads prompts and prefixes that medctc wrote, and gives what it gave with its own", async () => {
  const folders: string[] = [];
  for (const name of Object.keys(cases)) {
    const into = join(folder, name);
    mkdirSync(into);
    const { spec, weights } = writeCase(into, name);
    const given = ["--weights", weights, "--adapter", adapterOf(name).folder];
    await succeeds(["export", spec, "--peft", join(into, "adapter"), ...given]);
    folders.push(into);
  }
  check(pythonWithPeft(), "check_peft_prompts.py", resolve(fixture), ...folders);
});
