import { Stryker } from "@stryker-mutator/core";
import { groups } from "./groups.ts";

/**
 * Changes a part of the program in small ways, one at a time, and sees whether its tests find each: `npm run mutation --
 * GROUP [--static]`, where GROUP is one of groups.ts. Prints what no test finds, and ends with 1 below 80 %. What runs once, when
 * a module is loaded, is mutated with --static alone: it takes all tests of the group for each mutant.
 */
const [, , name = "", ...options] = process.argv;
const group = groups.get(name);
if (group === undefined) {
  process.stderr.write(
    `usage: npm run mutation -- GROUP [--static]\n  GROUP is one of ${[...groups.keys()].join(", ")}\n`,
  );
  process.exit(2);
}
// Read by vitest.config.ts beside this file, in the processes that run the tests.
process.env["MUTATION_TESTS"] = group.tests.join(" ");
const stryker = new Stryker({
  mutate: [...group.mutate, "!**/index.ts"],
  testRunner: "vitest",
  vitest: { configFile: "test/mutation/vitest.config.ts", related: false },
  coverageAnalysis: "perTest",
  ignoreStatic: !options.includes("--static"),
  concurrency: 2,
  // Machines are slow and noisy; what hangs is found all the same.
  timeoutMS: 10_000,
  ignorePatterns: ["dist", "runs", ".cache"],
  tempDirName: ".cache/mutation",
  reporters: ["progress-append-only", "clear-text", "json"],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  jsonReporter: { fileName: `.cache/mutation-${name}.json` },
  thresholds: { high: 90, low: 80, break: 80 },
  allowConsoleColors: false,
});
await stryker.runMutationTest();
