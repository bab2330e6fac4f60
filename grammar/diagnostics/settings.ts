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
  "long-warmup": warning<{ readonly warmup: number; readonly epochs: number; readonly steps: number }>(
    "E607",
    ({ warmup, epochs, steps }) =>
      epochs === 0
        ? `\`warmup = ${warmup}\` is not less than the steps of the training, which has ${steps}`
        : `the warm-up has ${warmup} steps (\`warmup_epochs = ${epochs}\`), not less than the training, which has ${steps}`,
    () => "the learning rate rises until the last step; set a shorter `warmup`",
  ),
  "long-freeze": warning<{ readonly frozen: number; readonly epochs: number; readonly steps: number }>(
    "E435",
    ({ frozen, epochs, steps }) =>
      epochs === 0
        ? `\`frozen_steps = ${frozen}\` is not less than the steps of the training, which has ${steps}`
        : `a group is frozen for ${frozen} steps (\`frozen_epochs = ${epochs}\`), not less than the training, which has ${steps}`,
    () => "the parameters of the group never change; set fewer steps, or `freeze` them",
  ),
  "slow-average": warning<{
    readonly ema: number;
    readonly share: number;
    readonly steps: number;
    readonly less: number;
  }>(
    "E436",
    ({ ema, share, steps }) =>
      `\`ema = ${ema}\` is too slow for ${steps} ${steps === 1 ? "step" : "steps"}: in the end ${(100 * share).toPrecision(3)} % of the average is first values`,
    ({ less }) => `evaluations and exports take the average; set \`ema = ${less}\` or less`,
  ),
} as const;
