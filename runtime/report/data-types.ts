import type { VolumeSettings } from "../../compiler/index.ts";
import type {
  DatasetCounts,
  Examination,
  HeaderSurvey,
  LabelCounts,
  SampledVolume,
  TextLengths,
} from "../data/index.ts";
import type { Problem } from "../text/index.ts";

/** All that a page shows of a data set. A part that is null or empty leaves its section out. */
export interface DataReport {
  readonly folder: string;
  /** Null where the data are held against CT-CLIP's own preprocessing. */
  readonly specPath: string | null;
  /** Assignments that hold instead of what the spec says. */
  readonly set: readonly string[];
  readonly counts: DatasetCounts | null;
  readonly problems: readonly Problem[];
  readonly notes: readonly string[];
  readonly labels: LabelCounts | null;
  /** Of each input that takes volumes. */
  readonly volumes: readonly VolumesReport[];
  /** Texts to train on; the limit is the model's. */
  readonly texts: { readonly lengths: TextLengths; readonly limit: number } | null;
  readonly examples: ExamplesReport | null;
}

export interface VolumesReport {
  /** Which input takes them, where several do. */
  readonly input: string | null;
  /** As they are written; `auto` may be decided. */
  readonly settings: VolumeSettings;
  readonly headers: HeaderSurvey;
  /** Null where no values were read. */
  readonly values: ValuesReport | null;
}

export interface ValuesReport {
  /** What the values are taken for. */
  readonly units: Examination["units"];
  /** The volumes by whose values `auto` decided; none where it had nothing to decide. */
  readonly decidedBy: readonly SampledVolume[];
  /** Volumes whose values are in the histogram, and a sample of these in Hounsfield units. */
  readonly sampled: number;
  readonly hounsfield: readonly number[];
}

/** Some examples as the network sees them. */
export interface ExamplesReport {
  /** Operations as they are written; none where examples are not changed. */
  readonly augment: readonly string[];
  /** Why a training would refuse these operations. */
  readonly refused: Problem | null;
  readonly seed: number | null;
  readonly shown: readonly ShownExample[];
  /** Those that would have been shown, but could not be read. */
  readonly unread: number;
}

export interface ShownExample {
  readonly name: string;
  /** The step in which it is changed as is shown, counted from 1. */
  readonly step: number;
  readonly rows: readonly PictureRow[];
}

/** Pictures beside each other, of one input of the model. */
export interface PictureRow {
  /** `before`, `after`, and which input and window or label where there are several. */
  readonly title: string;
  readonly pictures: readonly Picture[];
}

export interface Picture {
  readonly title: string;
  /** A PNG file, which is stretched to the sides. */
  readonly png: Uint8Array;
  readonly width: number;
  readonly height: number;
}
