import { defineConfig } from "vitest/config";

/** Under CI the results are also written as JSON, which `.ci/run` counts. */
export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    globalSetup: "test/native-setup.ts",
    pool: "forks",
    // What hangs is ended; nothing is timed, since machines are slow and noisy.
    testTimeout: process.env["MUTANTS"] ? 1_800_000 : 300_000,
    hookTimeout: 300_000,
    reporters: process.env["CI"] ? ["default", ["json", { outputFile: ".cache/tests.json" }]] : ["default"],
    allowOnly: false,
  },
});
