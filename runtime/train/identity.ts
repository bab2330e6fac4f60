import { createSource, parse } from "../../grammar/index.ts";

/** What a run is of. A checkpoint goes on only where all of it is the same: other numbers would come out, and no error. */
export interface RunIdentity {
  /** The text of the spec, with those of the files that it imports where they are not the library's. */
  readonly spec: string;
  /** What tells one data set from another, and one set of frozen weights: a hash, or a name with its version. */
  readonly data: string;
  readonly weights: string;
  readonly seed: number;
  readonly batch: number;
  readonly precision: string;
  /** Steps that the learning rate is planned for; 0 for a rate that does not look at them. */
  readonly steps: number;
}

/** A part of a run's identity that is not what it was. */
export interface Difference {
  readonly field: keyof RunIdentity;
  readonly saved: string;
  readonly now: string;
}

/**
 * What differs between the run that was saved and the one that would resume it; nothing when it may be resumed. It may be longer
 * than it was, by more epochs or steps in the spec or on the command line, and then its learning rate is planned anew.
 */
export function compareIdentity(saved: RunIdentity, now: RunIdentity): readonly Difference[] {
  const others = ["data", "weights", "seed", "batch", "precision"] as const;
  const isShorter = now.steps < saved.steps;
  const isSameSpec = saved.spec === now.spec || withoutLength(saved.spec) === withoutLength(now.spec);
  return [
    ...(isSameSpec ? [] : [firstChange(saved.spec, now.spec)]),
    ...others
      .filter((field) => saved[field] !== now[field])
      .map((field) => ({ field, saved: String(saved[field]), now: String(now[field]) })),
    ...(isShorter ? [{ field: "steps" as const, saved: String(saved.steps), now: String(now.steps) }] : []),
  ];
}

/** Settings of the `train` block that say how long a training is. */
const lengths: ReadonlySet<string> = new Set(["epochs", "steps"]);

/**
 * A spec's text without what says how long its training is, without the lines that have nothing else, and without blank lines. A
 * block of a variant that changes nothing else is left out whole.
 */
function withoutLength(text: string): string {
  const spans = parse(createSource("spec", text)).file.items.flatMap((item) => {
    if (item.kind !== "settings" || item.block !== "train") return [];
    const ofLength = item.entries.filter(({ name }) => lengths.has(name.text));
    const isOnlyLength = item.amends && item.removals.length === 0 && ofLength.length === item.entries.length;
    return isOnlyLength ? [item.span] : ofLength.map(({ span }) => span);
  });
  let rest = text;
  for (const { start, end } of spans.toReversed()) {
    const before = rest.slice(0, start).replace(/(^|\n)[ \t]*$/, "$1");
    const isWholeLine = before.length < start || before === "" || before.endsWith("\n");
    rest = before + rest.slice(end).replace(isWholeLine ? /^[ \t]*\n/ : /^/, "");
  }
  return rest.replace(/^\s*\n|\s+$/gm, "");
}

/** A spec is too long to be shown, so its first line that differs stands for it. */
function firstChange(saved: string, now: string): Difference {
  const [before, after] = [saved.split("\n"), now.split("\n")];
  const index = before.findIndex((line, at) => line !== after[at]);
  const at = index === -1 ? before.length : index;
  const show = (line: string | undefined): string =>
    line === undefined ? `line ${at + 1} is not there` : `line ${at + 1}: ${line.trim()}`;
  return { field: "spec", saved: show(before[at]), now: show(after[at]) };
}
