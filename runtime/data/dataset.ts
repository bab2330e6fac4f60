import type { DataSettings } from "../../compiler/index.ts";
import type { Problem, Result } from "../text/index.ts";
import type { StoredFile } from "./archive-member.ts";
import type { DatasetNeeds, SplitName } from "./dataset-needs.ts";
import type { VolumeMetadata } from "./transforms/index.ts";

export type { DatasetNeeds, SplitName };

/** What a volume shows, by class; null where that is not known. */
export type Labels = ReadonlyMap<string, boolean | null>;

/** How data sets lie in a folder: which files are volumes, what splits they are in, and where the rest is said of them. */
export interface DatasetLayout {
  /** Whether a folder, or whatever else a path names, is such a data set. */
  readonly recognises: (path: string, settings: DataSettings) => boolean | Promise<boolean>;
  /** Finds the volumes of a split, and what is said of them as far as it is needed. Reads no volume. */
  readonly list: (path: string, settings: DataSettings, needs: DatasetNeeds) => Promise<Listing>;
}

/** The volumes of a data set, with what it says of them. */
export interface Listing {
  /** Sorted by name, as people count. */
  readonly volumes: readonly ListedExample[];
  /** Null of what needs none, because it was preprocessed before. */
  readonly metadata: Facts<VolumeMetadata | null>;
  /** In the order of what is needed. */
  readonly texts: readonly Facts<string>[];
  /** Without anything where they are not needed. */
  readonly labels: Facts<Labels>;
  /** What is wrong, but for what `Facts` say of single volumes. Where there is no volume, there is a problem. */
  readonly problems: readonly Problem[];
  /** What is no mistake and may explain a surprise, such as rows of volumes that are not here. */
  readonly notes: readonly string[];
  /** That of volumes that were preprocessed before; null where it is not known, and of those that say it themselves. */
  readonly orientation: string | null;
  /** What its texts and files were taken from; null where that is not known, and without columns. */
  readonly columns: {
    /** The column of files that no column is asked for of. */
    readonly file: string | null;
    /** What stands between the columns of a text. */
    readonly textSeparator: string | null;
  };
  /** Archives whose content was recorded when they were written. */
  readonly recorded: readonly RecordedArchive[];
  /** Says that a split has no volume, and what puts volumes into it. */
  readonly emptySplit: (split: SplitName) => Problem;
}

/** What an archive was when it was written. */
export interface RecordedArchive {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** An example's files. */
export interface ListedExample {
  /** The first file's own name, `train_1_a_1.nii.gz`. */
  readonly name: string;
  /** The path of its first file, from where the data folder's own path starts; messages name it. */
  readonly file: string;
  /** Its files, in the order of what is needed. */
  readonly files: readonly StoredFile[];
  readonly splits: readonly SplitName[];
}

/** What a data set says of its volumes in one respect. */
export interface Facts<Value> {
  /** True when something of the kind is there, whatever is wrong with it. */
  readonly exist: boolean;
  /** Says that nothing of the kind is there: one problem, instead of one for each volume. */
  readonly absence: Problem;
  /** What is said of a volume, or what is wrong; null where that is among the listing's problems. */
  readonly of: (volume: ListedExample) => Result<Value, Problem | null>;
}
