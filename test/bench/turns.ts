import { loadavg } from "node:os";
import { at } from "../../runtime/at.ts";
import { spreadOf } from "../../runtime/bench/index.ts";

/** How often a benchmark takes its turn: once under CI, where only that it runs is of use, since others work on that machine, too. */
export function turnsOf(usual: number): number {
  return process.env.CI === "true" ? 1 : usual;
}

/** What a contender found in a process of its own. */
export interface Turn {
  /** Of each run that counts. */
  readonly seconds: readonly number[];
  readonly peakBytes: number;
}

/** All turns of a contender. */
export interface Contest<Name, Found extends Turn> {
  readonly name: Name;
  readonly seconds: number;
  readonly fastestSeconds: number;
  readonly peakBytes: number;
  readonly turns: readonly Found[];
}

/**
 * Contenders on the same machine, one after the other, over and over, so that a machine that slows down slows all of them. Gives the
 * medians and the largest memory of each, and tells each turn on standard error as it ends.
 */
export async function takeTurns<Name extends string, Found extends Turn>(
  names: readonly Name[],
  rounds: number,
  run: (name: Name) => Found | Promise<Found>,
  titleOf: (name: Name) => string = (name) => name,
): Promise<readonly Contest<Name, Found>[]> {
  const turns = new Map<Name, Found[]>(names.map((name) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    for (const name of names) {
      const load = at(loadavg(), 0);
      const turn = await run(name);
      turns.get(name)?.push(turn);
      const seconds = turn.seconds.map((each) => each.toPrecision(3)).join(" and ");
      process.stderr.write(`round ${round}, ${titleOf(name)}: ${seconds} s; load before ${load.toFixed(1)}\n`);
    }
  }
  return names.map((name) => {
    const all = turns.get(name) ?? [];
    const { medianMs, minMs } = spreadOf(all.flatMap(({ seconds }) => seconds.map((each) => 1000 * each)));
    return {
      name,
      seconds: medianMs / 1000,
      fastestSeconds: minMs / 1000,
      peakBytes: Math.max(...all.map(({ peakBytes }) => peakBytes)),
      turns: all,
    };
  });
}

/** A contest as cells of a table: the median, the fastest and the memory, and what share of another's time and memory they are. */
export function cellsOf(found: Contest<string, Turn>, others: readonly Contest<string, Turn>[]): readonly string[] {
  const { seconds, fastestSeconds, peakBytes } = found;
  const ratios = others.flatMap((other) => [seconds / other.seconds, peakBytes / other.peakBytes]);
  const times = [seconds.toPrecision(3), fastestSeconds.toPrecision(3)];
  return [...times, (peakBytes / 1e9).toFixed(1), ...ratios.map((each) => each.toFixed(2))];
}
