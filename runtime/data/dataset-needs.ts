/** Volumes to train on, or those that are held out. */
export type SplitName = "train" | "valid";

/** What a command needs of a data set. */
export interface DatasetNeeds {
  /** Columns of files; null for the one that a layout has without columns. Examples have their files in this order. */
  readonly files: readonly (string | null)[];
  /** Columns of texts, those of one text together; null for what the `data` block names. Examples have texts in this order. */
  readonly texts: readonly (readonly string[] | null)[];
  /** Classes whose labels are needed, whichever are there, or none. */
  readonly labels: readonly string[] | "any" | null;
  readonly split: SplitName | "all";
}
