import { CheckStatus } from "@stryker-mutator/api/check";
import type { Mutant } from "@stryker-mutator/api/core";
import { declareClassPlugin, PluginKind } from "@stryker-mutator/api/plugin";
import { Random } from "../random.ts";

/** Lets only some of the mutants be tried, drawn by a seed; Stryker counts the others as errors. */
class Sample {
  private drawn: ReadonlySet<string> = new Set();

  init(): Promise<void> {
    return Promise.resolve();
  }

  /** Is given all of them, before any is checked. */
  group(mutants: readonly Mutant[]): Promise<string[][]> {
    const random = new Random(Number(process.env["MUTATION_SEED"]));
    const rest = mutants.map(({ id }) => id);
    const count = Math.min(Number(process.env["MUTATION_SAMPLE"]), rest.length);
    this.drawn = new Set(Array.from({ length: count }, () => rest.splice(random.below(rest.length), 1)).flat());
    return Promise.resolve([mutants.map(({ id }) => id)]);
  }

  check(mutants: readonly Mutant[]) {
    const notDrawn = { status: CheckStatus.CompileError, reason: "not drawn" } as const;
    const results = mutants.map(
      ({ id }) => [id, this.drawn.has(id) ? { status: CheckStatus.Passed as const } : notDrawn] as const,
    );
    return Promise.resolve(Object.fromEntries(results));
  }
}

export const strykerPlugins = [declareClassPlugin(PluginKind.Checker, "sample", Sample)];
