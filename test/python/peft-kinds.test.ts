import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, test } from "vitest";
import { succeeds } from "../adapters/peft-files.ts";
import * as adalora from "../parity/peft-adalora-cases.ts";
import * as kinds from "../parity/peft-kinds-cases.ts";
import * as parameters from "../parity/peft-parameters-cases.ts";
import * as tables from "../parity/peft-tables-cases.ts";
import { check, pythonWithPeft } from "./environment.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-peft-kinds-"));
afterAll(() => rmSync(folder, { recursive: true }));

test.each([
  ["every declared kind", kinds],
  ["AdaLoRA", adalora],
  ["parameters", parameters],
  ["embeddings and of projections stored as [inputs, outputs]", tables],
])(
  "PEFT loads adapters of %s that medctc wrote, and gives and merges what it did with its own",
  async (_, { fixture, ...cases }) => {
    const own = mkdtempSync(join(folder, "of-"));
    const folders: string[] = [];
    for (const name of Object.keys(cases.placements)) {
      const into = join(own, name);
      mkdirSync(into);
      const { spec, weights } = cases.writeCase(into, name);
      const given = ["--weights", weights, "--adapter", join(fixture, name)];
      await succeeds(["export", spec, "--peft", join(into, "adapter"), ...given]);
      folders.push(into);
    }
    check(pythonWithPeft(), "check_peft_kinds.py", resolve(fixture), ...folders);
  },
);
