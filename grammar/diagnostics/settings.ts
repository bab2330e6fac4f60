import { error, warning } from "./row.ts";

/** E6xx: the settings of training, data and evaluation. */
export const settings = {
  "unknown-setting": error<{ readonly name: string; readonly block: string }>(
    "E601",
    ({ name, block }) => `\`${block}\` has no setting \`${name}\``,
  ),
  "bad-setting": error<{ readonly name: string; readonly expected: string }>(
    "E602",
    ({ name, expected }) => `\`${name}\` must be ${expected}`,
  ),
  "renamed-setting": error<{ readonly name: string; readonly present: string }>(
    "E604",
    ({ name, present }) => `\`${name}\` is now called \`${present}\``,
  ),
  "unknown-source": error<{ readonly name: string }>("E605", ({ name }) => `a data set has no \`${name}\``),
  "unfit-source": error<{ readonly name: string; readonly source: string; readonly expected: string }>(
    "E606",
    ({ name, source, expected }) => `\`${name}\` must be ${expected} to take \`${source}\``,
  ),
  "memory-exceeded": error<{ readonly needed: string; readonly allowed: string }>(
    "E603",
    ({ needed, allowed }) => `a training step is expected to take ${needed}, but \`memory\` allows ${allowed}`,
  ),
  "metric-name": error<{ readonly name: string }>(
    "E608",
    ({ name }) => `\`${name}\` cannot be the name of a metric: it is logged in every step`,
  ),
  "nothing-evaluated": error<{ readonly name: string; readonly why: string }>(
    "E609",
    ({ name, why }) => `\`${name}\` needs evaluations, and ${why}`,
  ),
  "measured-after": error<{ readonly name: string }>(
    "E610",
    ({ name }) => `\`${name}\` cannot be a number of retrieval: evaluations during training score classes alone`,
  ),
  "worst-kept": warning<{ readonly name: string; readonly better: "lower" | "higher" }>(
    "E611",
    ({ name, better }) => `\`keep_best\` keeps the worst checkpoint: the ${better} \`${name}\` is, the better`,
  ),
  "long-warmup": warning<{ readonly warmup: number; readonly steps: number }>(
    "E607",
    ({ warmup, steps }) => `\`warmup = ${warmup}\` is not less than the steps of the training, which has ${steps}`,
    () => "the learning rate rises until the last step; set a shorter `warmup`",
  ),
} as const;
