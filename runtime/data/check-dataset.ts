import type { DataSettings } from "../../compiler/index.ts";
import type { Problem } from "../text/index.ts";
import { classesOf, type DatasetNeeds, emptySplit, openFolder } from "./dataset.ts";
import { exampleOf, missingTables } from "./examples.ts";
import type { VolumeMetadata } from "./hounsfield.ts";
import { quoted } from "./quoted.ts";
import { volumeKey } from "./scan-folder.ts";
import { inSplit } from "./split.ts";
import { findVocabulary, loadTokenizer } from "./tokenizer.ts";

/** Reads a volume's file and says what is wrong with it. */
export type VolumeCheck = (
  path: string,
  metadata: VolumeMetadata,
  settings: DataSettings,
) => readonly Problem[] | Promise<readonly Problem[]>;

export interface CheckOptions {
  /** Classes whose labels are needed; null takes the classes that are there, if there are any. */
  readonly classes: readonly string[] | null;
  /** Null leaves the volumes' files unread. */
  readonly checkVolume: VolumeCheck | null;
}

/** What a check finds, in the order in which it finds it; the counts come last. */
export type Finding =
  | { readonly kind: "progress"; readonly text: string }
  | { readonly kind: "note"; readonly note: string }
  | { readonly kind: "problem"; readonly problem: Problem }
  | { readonly kind: "counts"; readonly counts: DatasetCounts };

export interface DatasetCounts {
  readonly volumes: number;
  /** Volumes with which nothing is wrong. */
  readonly good: number;
  /** Volumes of either split, and those whose names put them into none. */
  readonly train: number;
  readonly valid: number;
  readonly neither: number;
  /** Volumes that have it. */
  readonly metadata: number;
  readonly reports: number;
  readonly labels: number;
}

/**
 * Checks a data folder file by file. Volumes to train on need a report; held-out ones need labels, where classes are
 * named or a labels table is there; all need metadata.
 */
export async function* checkDataset(
  folder: string,
  settings: DataSettings,
  { classes, checkVolume }: CheckOptions,
): AsyncGenerator<Finding> {
  yield { kind: "progress", text: "reading tables" };
  const needs: DatasetNeeds = { reports: true, labels: classes ?? "any", split: "all" };
  const { volumes, tables, problems, notes } = await openFolder(folder, settings, needs);
  for (const problem of [...problems, ...vocabularyProblems(folder)]) yield { kind: "problem", problem };
  for (const note of notes) yield { kind: "note", note };
  const counts = {
    volumes: volumes.length,
    good: 0,
    train: 0,
    valid: 0,
    neither: 0,
    metadata: 0,
    reports: 0,
    labels: 0,
  };
  if (tables === null) {
    yield { kind: "counts", counts };
    return;
  }
  const trains = volumes.some(({ name }) => inSplit(name, "train", settings));
  const labelled = classes !== null || tables.labels?.exists === true;
  const whole = { report: trains, labels: classes !== null };
  for (const problem of missingTables(folder, tables, whole, classesOf(needs.labels)))
    yield { kind: "problem", problem };
  for (const [index, volume] of volumes.entries()) {
    if (checkVolume !== null) yield { kind: "progress", text: `volume ${index + 1} of ${volumes.length}` };
    const inTrain = inSplit(volume.name, "train", settings);
    const inValid = inSplit(volume.name, "valid", settings);
    const wanted = { report: inTrain, labels: inValid && labelled };
    const { metadata, example, problems: unjoined } = exampleOf(volume, tables, wanted);
    const unread = metadata === null || checkVolume === null ? [] : await checkVolume(volume.file, metadata, settings);
    for (const problem of [...unjoined, ...unread]) yield { kind: "problem", problem };
    counts.good += Number(example !== null && unread.length === 0);
    counts.train += Number(inTrain);
    counts.valid += Number(inValid);
    counts.neither += Number(!inTrain && !inValid);
    counts.metadata += Number(metadata !== null);
    counts.reports += Number(tables.reports?.has(volumeKey(volume.name)) === true);
    counts.labels += Number(tables.labels?.has(volumeKey(volume.name)) === true);
  }
  if (counts.train + counts.valid === 0) {
    for (const split of ["train", "valid"] as const) {
      yield { kind: "problem", problem: emptySplit(folder, volumes, settings, split) };
    }
  }
  yield* unused(counts, settings, tables.labels?.exists === true);
  yield { kind: "counts", counts };
}

/** What is wrong with the vocabulary that lies beside the data, where there is one. */
function vocabularyProblems(folder: string): readonly Problem[] {
  const path = findVocabulary(folder);
  const loaded = path === null ? null : loadTokenizer(path);
  return loaded?.kind === "failed" ? [loaded.problem] : [];
}

/** What is no mistake of the folder, but may not be what its owner thinks. */
function* unused(
  { neither, train, valid }: DatasetCounts,
  settings: DataSettings,
  labelled: boolean,
): Generator<Finding> {
  if (neither > 0) {
    const which =
      neither === 1 ? "1 volume is not used: its name starts" : `${neither} volumes are not used: their names start`;
    yield { kind: "note", note: `${which} with neither ${quoted(settings.train)} nor ${quoted(settings.valid)}` };
  }
  const none = (what: string, prefix: string): Finding => {
    return { kind: "note", note: `${what}: no volume's name starts with ${quoted(prefix)}` };
  };
  if (train === 0) yield none("there is nothing to train on", settings.train);
  if (valid === 0) yield none("nothing is held out", settings.valid);
  if (!labelled) yield { kind: "note", note: "there is no labels table, which evaluation needs" };
}
