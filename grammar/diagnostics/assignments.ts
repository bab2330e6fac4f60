import { error, warning } from "./row.ts";

/** E8xx: values that are given besides a spec. */
export const assignments = {
  "unknown-path": error<{ readonly path: string }>(
    "E801",
    ({ path }) => `\`${path}\` leads to nothing in the spec`,
    () => "paths are `train.batch`, `train.optimizer.lr`, `model.NAME`, `model.ADAPTER.rank` and the like",
  ),
  "expectations-left": warning<{ readonly path: string }>(
    "E802",
    ({ path }) => `the spec's expectations are not checked: \`${path}\` changes its model`,
  ),
} as const;
