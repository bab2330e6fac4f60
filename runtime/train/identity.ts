import { createHash } from "node:crypto";

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

/** What differs between the run that was saved and the one that would go on; nothing when it may go on. */
export function compareIdentity(saved: RunIdentity, now: RunIdentity): readonly Difference[] {
  const others = ["data", "weights", "seed", "batch", "precision", "steps"] as const;
  return [
    ...(saved.spec === now.spec ? [] : [firstChange(saved.spec, now.spec)]),
    ...others
      .filter((field) => saved[field] !== now[field])
      .map((field) => ({ field, saved: String(saved[field]), now: String(now[field]) })),
  ];
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

/** SHA-256 in hexadecimal digits. */
export function sha256Of(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}
