import { expectStepTime, type TracedSpec } from "../../compiler/index.ts";
import { backendNamed } from "../backends/index.ts";
import { readRates } from "../machine/index.ts";
import type { Reporter } from "./reporter.ts";

/** How long a training step of a spec is expected to take on this machine. */
export interface ExpectedTime {
  /** The backend's title. */
  readonly title: string;
  readonly seconds: number;
  /** The day on which its rates were measured. */
  readonly measured: string;
}

/** A time for each backend whose rates are known; none where nothing trains, and none, with a note, where there are no rates. */
export function expectedTimes(spec: TracedSpec, reporter: Pick<Reporter, "note">): readonly ExpectedTime[] {
  const stored = readRates();
  if (stored.kind !== "rates") {
    const why = stored.kind === "refused" ? stored.why : "nothing was measured on this machine";
    reporter.note(`the time of a step is unknown: ${why}; to measure, run: medctc bench --calibrate`);
    return [];
  }
  return stored.rates.backends.flatMap(({ backend: name, measured, rates }) => {
    const backend = backendNamed(name);
    if (backend?.runs !== "programs") return [];
    const seconds = expectStepTime(spec, rates, backend);
    return seconds === null ? [] : [{ title: backend.title, seconds, measured }];
  });
}
