import type { EvalColumn } from "../../compiler/index.ts";
import type { Groups } from "./groups.ts";

/** Volumes as a model encodes them, with what is known of them: what all tasks of an evaluation share. */
export interface EncodedVolumes {
  readonly names: readonly string[];
  /** What the labels are of: the evaluated columns, which have the names of classes where the spec says no others. */
  readonly classes: readonly string[];
  /** The classes that prompts and logits are of, and which of them each of what the labels are of is evaluated by. */
  readonly scored: { readonly classes: readonly string[]; readonly columns: readonly EvalColumn[] };
  /** [volumes][classes]; null where it is not known. */
  readonly labels: readonly (readonly (boolean | null)[])[];
  /** Which volumes are drawn together for intervals. */
  readonly groups: Groups;
  /** Which volumes are of one patient, as far as that is known: whatever is drawn, a patient is no evidence for itself. */
  readonly patients: Groups;
  /** [volumes][width], the latents as the model gives them; null where the `eval` block names none. */
  readonly images: readonly Float32Array[] | null;
  /** [volumes][width], the latents of their reports; null where these are not encoded. */
  readonly reports: readonly Float32Array[] | null;
  /** The reports themselves; null where they are not encoded. */
  readonly reportTexts: readonly string[] | null;
  /** By the names of the tasks that classify by them, [volumes][scored classes]. */
  readonly logits: ReadonlyMap<string, readonly Float32Array[]>;
}
