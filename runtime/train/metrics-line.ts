/** What a step logged. */
interface LoggedStep {
  readonly step: number;
  /** What was no finite number is NaN. */
  readonly values: readonly (readonly [name: string, value: number])[];
}

/**
 * A line of a log of steps; null for one that is damaged or something else. A log may have a million lines, for which a schema would
 * take ten times as long.
 */
export function parseStep(line: string): LoggedStep | null {
  let read: unknown;
  try {
    read = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof read !== "object" || read === null || !("step" in read)) return null;
  const { step } = read;
  if (typeof step !== "number" || !Number.isSafeInteger(step) || step < 1) return null;
  const values: (readonly [string, number])[] = [];
  for (const [name, value] of Object.entries(read)) {
    if (name === "step") continue;
    // JSON has null for NaN and infinities.
    if (value === null) values.push([name, Number.NaN]);
    else if (typeof value === "number") values.push([name, value]);
  }
  return { step, values };
}
