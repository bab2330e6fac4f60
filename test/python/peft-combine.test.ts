import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { combineCases, fixture } from "../adapters/combine-cases.ts";
import { medctc, prepareProgram } from "../cli/medctc.ts";
import { check, pythonWithPeft } from "./environment.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-peft-combine-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("PEFT loads combined, truncated and pruned adapters, which are what it makes of the same ones", () => {
  prepareProgram();
  const run = (...words: readonly string[]): void => {
    const { code, err } = medctc(words);
    expect([words, code, err.replace(/^(?:combining|decomposing) .*\n/gm, "")]).toEqual([words, 0, ""]);
  };
  for (const [name, { adapters, weights, method, density, sign, seed, rank, clamp }] of combineCases) {
    const options = Object.entries({ density, sign, seed, rank, clamp });
    const given = options.flatMap(([option, value]) => (value === null ? [] : [`--${option}`, String(value)]));
    const words = [...adapters, `--weights-of=${weights?.join() ?? ""}`, "--method", method, ...given];
    run("adapter", "combine", ...words, "-o", join(folder, name));
  }
  const north = join(fixture, "north");
  run("adapter", "svd", north, "--rank", "2", "-o", join(folder, "svd-of-north"));
  run("adapter", "prune", north, "--density", "0.6", "-o", join(folder, "prune-of-north"));
  check(pythonWithPeft(), "check_combine.py", resolve(fixture), folder);
});
