import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { Stryker } from "@stryker-mutator/core";
import { build } from "esbuild";
import { groups } from "./groups.ts";

/**
 * Changes a part of the program in small ways, one at a time, and sees whether its tests find each: `npm run mutation --
 * GROUP`, where GROUP is one of groups.ts. Prints what no test finds, and ends with 1 below 80 %. What runs once, when a module
 * is loaded, is mutated with --static alone: it takes all tests of the group for each mutant. With --sample 300 --seed 7 so many
 * mutants are drawn, and stand for all of them.
 */
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { static: { type: "boolean" }, sample: { type: "string" }, seed: { type: "string", default: "7" } },
});
const [name = ""] = positionals;
const group = groups.get(name);
if (group === undefined) {
  process.stderr.write(
    `usage: npm run mutation -- GROUP [--static] [--sample COUNT [--seed SEED]]\n  GROUP is one of ${[...groups.keys()].join(", ")}\n`,
  );
  process.exit(2);
}
// Loaded by Stryker, in the processes that run the tests.
const plugins = ["runner", "sample"];
const folder = resolve(".cache/scripts/test/mutation");
await build({
  entryPoints: plugins.map((plugin) => `test/mutation/${plugin}.ts`),
  outdir: folder,
  outExtension: { ".js": ".mjs" },
  bundle: true,
  packages: "external",
  platform: "node",
  format: "esm",
  target: "node20",
});
process.env["MUTATION_GROUP"] = name;
process.env["MUTATION_SAMPLE"] = values.sample ?? "";
process.env["MUTATION_SEED"] = values.seed;
const least = 80;
const stryker = new Stryker({
  mutate: [...group.mutate, "!**/index.ts"],
  plugins: plugins.map((plugin) => `${folder}/${plugin}.mjs`),
  testRunner: "units",
  checkers: values.sample === undefined ? [] : ["sample"],
  coverageAnalysis: "perTest",
  ignoreStatic: values.static !== true,
  concurrency: 2,
  // Machines are slow and noisy. A loop without an end is found by how often it goes round, long before.
  timeoutMS: 20_000,
  ignorePatterns: ["dist", "runs", ".cache"],
  tempDirName: ".cache/mutation",
  reporters: ["progress-append-only", "clear-text", "json"],
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false, reportScoreTable: false },
  jsonReporter: { fileName: `.cache/mutation-${name}.json` },
  allowConsoleColors: false,
});
const results = await stryker.runMutationTest();
const count = (...statuses: readonly string[]): number =>
  results.filter(({ status }) => statuses.includes(status)).length;
const [found, survived, unreached, notDrawn] = [
  count("Killed", "Timeout"),
  count("Survived"),
  count("NoCoverage"),
  count("CompileError"),
];
const drawn = found + survived + unreached;
const score = (100 * found) / drawn;
process.stdout.write(
  `${name}: ${drawn + notDrawn} mutants, ${drawn} of them drawn, ${found} found (${count("Timeout")} by loops), ${survived} survived, ${unreached} that no test reaches, ${score.toFixed(1)} %\n`,
);
process.exitCode = score < least ? 1 : 0;
