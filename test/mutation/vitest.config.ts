import { defineConfig } from "vitest/config";

/** The tests of one group of mutants, which `run.ts` names. */
export default defineConfig({
  test: { include: (process.env["MUTATION_TESTS"] ?? "").split(" "), testTimeout: 60_000 },
});
