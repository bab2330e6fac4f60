import { declareClassPlugin, PluginKind } from "@stryker-mutator/api/plugin";
import {
  type DryRunResult,
  DryRunStatus,
  determineHitLimitReached,
  type MutantRunOptions,
  type MutantRunResult,
  type TestResult,
  type TestRunner,
  TestStatus,
  toMutantRunResult,
} from "@stryker-mutator/api/test-runner";
import { groups } from "./groups.ts";
import type { Ran } from "./suites.ts";
import { loadTestFile, type TestFile } from "./test-file.ts";

/** What the code with its mutants reads and writes: which of them is active, and what is reached by which test. */
interface Instruments {
  activeMutant?: string | null;
  currentTestId?: string | undefined;
  hitCount?: number | undefined;
  hitLimit?: number | undefined;
  mutantCoverage: { static: Record<string, number>; perTest: Record<string, Record<string, number>> };
}

/** Runs the tests of a group for Stryker, in its process: Vitest's own runner starts a thread and loads all modules for each mutant. */
class UnitTestRunner implements TestRunner {
  private readonly instruments: Instruments = { mutantCoverage: { static: {}, perTest: {} } };
  private files: readonly { readonly path: string; readonly load: TestFile }[] = [];

  capabilities() {
    return { reloadEnvironment: true };
  }

  async init(): Promise<void> {
    Object.assign(globalThis, { __stryker__: this.instruments });
    const group = groups.get(process.env["MUTATION_GROUP"] ?? "");
    if (group === undefined) throw new Error("run.ts names the group");
    const { tests, leftOut = [] } = group;
    this.files = await Promise.all(tests.map(async (path) => ({ path, load: await loadTestFile(path, leftOut) })));
  }

  async dryRun(): Promise<DryRunResult> {
    const tests = await this.run(null, null, false);
    return { status: DryRunStatus.Complete, tests: [...tests], mutantCoverage: this.instruments.mutantCoverage };
  }

  async mutantRun({
    activeMutant,
    testFilter,
    hitLimit,
    mutantActivation,
  }: MutantRunOptions): Promise<MutantRunResult> {
    const wanted = testFilter === undefined ? null : new Set(testFilter);
    Object.assign(this.instruments, { hitCount: 0, hitLimit });
    const tests = await this.run(wanted, activeMutant.id, mutantActivation === "static");
    const timeout = determineHitLimitReached(this.instruments.hitCount, hitLimit);
    return toMutantRunResult(timeout ?? { status: DryRunStatus.Complete, tests: [...tests] });
  }

  /** Runs the wanted tests of each file up to the first that fails; a mutant is active from when all is loaded, or from before. */
  private async run(
    wanted: ReadonlySet<string> | null,
    mutant: string | null,
    whileLoading: boolean,
  ): Promise<readonly TestResult[]> {
    const { instruments } = this;
    const results: TestResult[] = [];
    for (const { path, load } of this.files) {
      if (wanted !== null && ![...wanted].some((id) => id.startsWith(`${path}#`))) continue;
      instruments.activeMutant = whileLoading ? mutant : null;
      try {
        const tests = load(mutant);
        instruments.activeMutant = mutant;
        const ran = await tests.run(
          (id) => wanted === null || wanted.has(id),
          (id) => {
            instruments.currentTestId = id;
          },
        );
        results.push(...ran.map(resultOf));
      } catch (thrown) {
        results.push(resultOf({ id: "load", name: "load", failure: String(thrown), elapsedMs: 0 }));
      }
      if (results.at(-1)?.status === TestStatus.Failed) break;
    }
    return results;
  }
}

function resultOf({ id, name, failure, elapsedMs }: Ran): TestResult {
  const test = { id, name, timeSpentMs: elapsedMs };
  return failure === null
    ? { ...test, status: TestStatus.Success }
    : { ...test, status: TestStatus.Failed, failureMessage: failure };
}

export const strykerPlugins = [declareClassPlugin(PluginKind.TestRunner, "units", UnitTestRunner)];
