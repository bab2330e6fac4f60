import { defineConfig } from "vitest/config";

/**
 * What trains in processes of its own, holds a backend against another, or tries mutants by the thousand. `npm test` leaves it to `npm run test:slow`, so that it ends within five minutes on two cores; a file of more than
 * ten seconds belongs here.
 */
const slow = [
  "test/adapters/{attention,commands,declared,folders,forms,hospitals,sources,tables}.test.ts",
  "test/cli/{bench,calibrate,machine,eval-*,micro-batches,run,train,train-*}.test.ts",
  "test/data/*-mutants.test.ts",
  "test/data/pack.test.ts",
  "test/backends/{optimizers,step}.test.ts",
  "test/language-server/*.test.ts",
  "test/memory/native.test.ts",
  "test/{onnx/served*,serving/example}.test.ts",
  "test/cli/{hostile-names,privacy,small-limits,special-paths}.test.ts",
  "test/native/{install,wheel}.test.ts",
  "test/onnx/integers.test.ts",
  "test/parity/*.test.ts",
  "test/onnx/{half,training-settings}.test.ts",
  "test/play/same-text.test.ts",
  "test/property/{compile,depth,mutants,peft-files,resilience}.test.ts",
  "test/sweep/sweep.test.ts",
  "test/tensorflow/*.test.ts",
  "test/trackers/memory.test.ts",
  "test/train/{faults,kill}.test.ts",
  "test/{serve/serve,watch/watch}.test.ts",
  "test/weights/{copies,mutants}.test.ts",
];

/** What puts a module of its own in another's place, which no other file may see. */
const apart = ["test/data/dying-thread.test.ts"];

/** What is held against Python's libraries, in environments that `npm run python` makes. */
const python = "test/python/*.test.ts";

/** Under CI the results are also written as JSON, which `.ci/run` counts. */
export default defineConfig({
  test: {
    globalSetup: "test/native-setup.ts",
    pool: "forks",
    // What hangs is ended; nothing is timed, since machines are slow and noisy.
    testTimeout: process.env["MUTANTS"] ? 1_800_000 : 300_000,
    hookTimeout: 300_000,
    reporters: process.env["CI"] ? ["default", ["json", { outputFile: ".cache/tests.json" }]] : ["default"],
    allowOnly: false,
    projects: [
      // Its files share what they import: to load it for each of them anew takes as long as the tests.
      {
        extends: true,
        test: { name: "fast", include: ["test/**/*.test.ts"], exclude: [...slow, ...apart, python], isolate: false },
      },
      { extends: true, test: { name: "slow", include: slow, isolate: false } },
      { extends: true, test: { name: "slow-apart", include: apart } },
      // Making Python's environments takes some minutes the first time.
      {
        extends: true,
        test: { name: "python", include: [python], testTimeout: 1_800_000, hookTimeout: 1_800_000 },
      },
    ],
  },
});
