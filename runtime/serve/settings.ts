import { type RunRecord, settingsOf } from "../train/index.ts";

/** Characters of a value that are shown. */
const longestValue = 200;

/** What a run's spec says, with long values shortened. */
export function shownSettings(record: RunRecord): readonly (readonly [name: string, value: string])[] {
  return [...settingsOf(record)].map(([name, value]) => [
    name,
    value.length <= longestValue ? value : `${value.slice(0, longestValue - 1)}…`,
  ]);
}
