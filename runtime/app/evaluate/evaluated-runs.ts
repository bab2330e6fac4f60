import { basename, dirname, join } from "node:path";
import { at } from "../../at.ts";
import { adapterFile } from "../weights/adapter-file.ts";

/** Weights that are evaluated: the base with adapters, or alone. */
export interface WeightsRun {
  /** What tells it from the others: `base`, or what the adapters' folder is called. */
  readonly label: string;
  readonly adapter: string | null;
  /** A folder of exported models that are evaluated instead of weights; null for weights. */
  readonly exported: string | null;
  /** Where its results are written; null for nowhere. */
  readonly output: string | null;
}

/**
 * What is evaluated, one after the other: the base first. One alone is written into the folder itself, several into folders in it that
 * are called by their labels.
 */
export function weightsRuns(
  adapters: readonly string[],
  withBase: boolean,
  output: string | null,
  exported: readonly string[] = [],
): readonly [WeightsRun, ...WeightsRun[]] {
  const isBase = withBase || adapters.length + exported.length === 0;
  const given = [
    ...[...(isBase ? [null] : []), ...adapters].map((adapter) => ({ adapter, exported: null })),
    ...exported.map((folder) => ({ adapter: null, exported: folder })),
  ];
  const labels = different(
    given.map((each) => {
      const path = each.adapter ?? each.exported;
      return path === null ? "base" : labelOf(path);
    }),
  );
  const runs = given.map((each, place) => {
    const label = at(labels, place);
    return { label, ...each, output: output === null || given.length === 1 ? output : join(output, label) };
  });
  const [first, ...others] = runs;
  if (first === undefined) throw new Error("invariant: the base is evaluated where nothing else is");
  return [first, ...others];
}

/** The name of a folder; of a file that a folder of adapters has, that of the folder. Only what all file systems take. */
function labelOf(adapter: string): string {
  const name = basename(adapter);
  const folder = dirname(adapter);
  const isOwn = name.endsWith(".safetensors") && adapterFile(folder) === join(folder, name);
  const label = (isOwn ? basename(folder) : name.replace(/\.safetensors$/, "")).replace(/[^A-Za-z0-9._-]+/g, "-");
  return /^[.-]*$/.test(label) ? "adapter" : label;
}

/** Labels of which none is another, also where a file system does not tell small letters from large ones. */
function different(labels: readonly string[]): readonly string[] {
  const used = new Set<string>();
  return labels.map((label) => {
    let own = label;
    for (let count = 2; used.has(own.toLowerCase()); count++) own = `${label}-${count}`;
    used.add(own.toLowerCase());
    return own;
  });
}
