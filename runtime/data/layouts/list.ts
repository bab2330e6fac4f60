import type { DataSettings } from "../../../compiler/index.ts";
import type { DatasetLayout } from "../dataset.ts";
import { ctRate } from "./ct-rate/index.ts";
import { shards } from "./shards/index.ts";
import { table } from "./table/index.ts";

/** The layouts that there are. A data set is read in the first that recognises it; CT-RATE's, the last, takes what is left. */
export const layouts = { shards, table, "ct-rate": ctRate } satisfies Readonly<Record<string, DatasetLayout>>;

export type LayoutName = keyof typeof layouts;

/** The layout that a data set is in. */
export async function layoutOf(path: string, settings: DataSettings): Promise<DatasetLayout> {
  for (const layout of Object.values<DatasetLayout>(layouts))
    if (await layout.recognises(path, settings)) return layout;
  throw new Error("invariant: the last layout takes every folder");
}
