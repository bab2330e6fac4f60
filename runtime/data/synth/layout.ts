export const splits = ["train", "valid"] as const;

export type Split = (typeof splits)[number];

/** What a data set follows from: its volumes to train on and those held out, and the seed. */
export interface DatasetParameters {
  readonly pairs: number;
  readonly valid: number;
  readonly seed: number;
}

/** Volumes that a split may have: 60 GB. */
export const mostVolumes = 100_000;

export function patientsOf({ pairs, valid }: DatasetParameters, split: Split): number {
  return split === "train" ? pairs : valid;
}

/** `train_12`, numbered from 1. */
export function patientName(split: Split, number: number): string {
  return `${split}_${number}`;
}

/** `train_12_a_1.nii.gz`: the first picture of a patient's first visit. */
export function volumeName(patient: string): string {
  return `${patient}_a_1.nii.gz`;
}

/** Where a volume is in the data set's folder. */
export function volumePath(split: Split, patient: string): string {
  return `${split}/${patient}/${patient}_a/${volumeName(patient)}`;
}

/** The files of a split's tables. */
export const tableFiles = {
  train: { reports: "train_reports.csv", metadata: "train_metadata.csv", labels: "train_predicted_labels.csv" },
  valid: {
    reports: "validation_reports.csv",
    metadata: "validation_metadata.csv",
    labels: "valid_predicted_labels.csv",
  },
} as const satisfies Readonly<Record<Split, unknown>>;

export const vocabularyFile = "vocab.txt";

/** Every file of a data set but its marker, as paths in its folder. */
export function* filesOf(parameters: DatasetParameters): Generator<string> {
  for (const split of splits) {
    yield* Object.values(tableFiles[split]);
    for (let number = 1; number <= patientsOf(parameters, split); number++) {
      yield volumePath(split, patientName(split, number));
    }
  }
  yield vocabularyFile;
}
