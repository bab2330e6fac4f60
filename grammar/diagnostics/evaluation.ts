import { error } from "./row.ts";

/** E83x: how scores are measured. */
export const evaluation = {
  "threshold-volumes": error<{ readonly rule: string }>(
    "E830",
    ({ rule }) => `\`${rule}\` needs volumes to choose thresholds on`,
    () => 'add `on = training`, `on = "val_"` for volumes of that name, or `on = evaluated`, which tables mark',
  ),
} as const;
