import { type DataSettings, defaultData } from "../../../../compiler/index.ts";
import type { SplitName } from "../../dataset.ts";

/** What a column of splits says, in lower case, where the spec does not say what stands in it. */
const usualNames: Readonly<Record<SplitName, ReadonlySet<string>>> = {
  train: new Set(["train", "training"]),
  valid: new Set(["valid", "val", "validation", "dev"]),
};

/** The splits that a cell puts a row into: what `train` and `valid` of the `data` block are, or else the usual names. */
export function splitsIn(cell: string, settings: Pick<DataSettings, SplitName>): readonly SplitName[] {
  const text = cell.trim();
  return (["train", "valid"] as const).filter((split) =>
    settings[split] === defaultData[split] ? usualNames[split].has(text.toLowerCase()) : text === settings[split],
  );
}
