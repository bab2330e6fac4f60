import { createHash } from "node:crypto";
import { countAt } from "../at.ts";

/** What an entry changes of the spec. Its name is made of that, so the same changes have the same name. */
export interface EntryEdits {
  /** Different from all others, and a name for files. */
  readonly name: string;
  /** Lines that stand for the spec's placements; null leaves those. */
  readonly placement: { readonly name: string; readonly lines: string } | null;
  /** Values in the language by settings such as `train.batch`. */
  readonly settings: ReadonlyMap<string, string>;
}

export interface NamedLines {
  /** Null where the file gives no name. */
  readonly name: string | null;
  readonly lines: string;
}

/** An entry whose name may have to be made. */
export interface Unnamed {
  readonly name: string | null;
  readonly placement: NamedLines | null;
  readonly settings: ReadonlyMap<string, string>;
}

/** Every placement with every combination of the values of settings; the last setting changes fastest. */
export function crossed(
  placements: readonly NamedLines[],
  axes: ReadonlyMap<string, readonly string[]>,
): readonly Unnamed[] {
  let combinations: readonly ReadonlyMap<string, string>[] = [new Map()];
  for (const [setting, values] of axes) {
    combinations = combinations.flatMap((before) => values.map((value) => new Map([...before, [setting, value]])));
  }
  return (placements.length === 0 ? [null] : placements).flatMap((placement) =>
    combinations.map((settings) => ({ name: null, placement, settings })),
  );
}

/** Letters of a name before its hash: with a seed's folder behind it, far from what file systems allow. */
const longestName = 80;

/** Gives each entry a name. Those that would share one get a hash of what they change. */
export function named(entries: readonly Unnamed[]): readonly EntryEdits[] {
  const plain = entries.map((entry) => {
    const full = entry.name ?? nameOf(entry);
    return full.length <= longestName ? { full, isWhole: true } : { full: full.slice(0, longestName), isWhole: false };
  });
  const count = (name: string): number => plain.filter(({ full }) => full.toLowerCase() === name.toLowerCase()).length;
  const seen = new Map<string, number>();
  return entries.map((entry, index) => {
    const { full = "", isWhole = true } = plain[index] ?? {};
    const hashed = isWhole && count(full) === 1 ? full : `${full}-${hashOf(entry)}`;
    // Two entries that change the same are still two.
    const times = countAt(seen, hashed.toLowerCase()) + 1;
    seen.set(hashed.toLowerCase(), times);
    const { placement, settings } = entry;
    return {
      name: times === 1 ? hashed : `${hashed}-${times}`,
      placement: placement === null ? null : { name: placement.name ?? slug(placement.lines), lines: placement.lines },
      settings,
    };
  });
}

/** `qkv-batch-16`; the block of a setting is left out. */
function nameOf({ placement, settings }: Unnamed): string {
  const parts = [
    ...(placement === null ? [] : [placement.name ?? slug(placement.lines)]),
    ...[...settings].map(([setting, value]) => `${setting.slice(setting.indexOf(".") + 1)}-${slug(value)}`),
  ];
  return parts.length === 0 ? "base" : parts.join("-");
}

/** A text with a hyphen for whatever does not belong into the name of a file. */
function slug(text: string): string {
  return text.replace(/[^A-Za-z0-9_.]+/g, "-").replace(/^[-.]+|[-.]+$/g, "") || "value";
}

function hashOf({ placement, settings }: Unnamed): string {
  const changes = JSON.stringify([placement?.lines ?? null, [...settings]]);
  return createHash("sha256").update(changes).digest("hex").slice(0, 8);
}
