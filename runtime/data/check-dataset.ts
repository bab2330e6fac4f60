import type { DataSettings } from "../../compiler/index.ts";
import type { Problem } from "../text/index.ts";
import { layoutOf } from "./layouts/index.ts";
import { absences, exampleOf } from "./open-dataset.ts";
import { findVocabulary, loadTokenizer } from "./tokenizer.ts";
import type { VolumeMetadata } from "./transforms/index.ts";

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
  const layout = await layoutOf(folder, settings);
  const listing = await layout.list(folder, settings, {
    files: [null],
    texts: [null],
    labels: classes ?? "any",
    split: "all",
  });
  const { volumes, metadata, texts, labels } = listing;
  for (const problem of [...listing.problems, ...vocabularyProblems(folder)]) yield { kind: "problem", problem };
  for (const note of listing.notes) yield { kind: "note", note };
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
  if (volumes.length === 0) {
    yield { kind: "counts", counts };
    return;
  }
  const trains = volumes.some(({ splits }) => splits.includes("train"));
  for (const problem of absences(listing, { texts: trains ? [null] : [], labels: classes }))
    yield { kind: "problem", problem };
  const labelled = classes ?? (labels.exist ? "any" : null);
  for (const [index, volume] of volumes.entries()) {
    if (checkVolume !== null) yield { kind: "progress", text: `volume ${index + 1} of ${volumes.length}` };
    const inTrain = volume.splits.includes("train");
    const inValid = volume.splits.includes("valid");
    const joined = exampleOf(volume, listing, { texts: inTrain ? [null] : [], labels: inValid ? labelled : null });
    const isRead = joined.metadata !== null && checkVolume !== null;
    const unread = isRead ? await checkVolume(volume.file, joined.metadata, settings) : [];
    for (const problem of [...joined.problems, ...unread]) yield { kind: "problem", problem };
    counts.good += Number(joined.example !== null && unread.length === 0);
    counts.train += Number(inTrain);
    counts.valid += Number(inValid);
    counts.neither += Number(!inTrain && !inValid);
    counts.metadata += Number(metadata.of(volume).kind === "ok");
    counts.reports += Number(texts.every((text) => text.of(volume).kind === "ok"));
    counts.labels += Number(labels.of(volume).kind === "ok");
  }
  const isUnused = counts.train + counts.valid === 0;
  const [noTrain, noValid] = [listing.emptySplit("train"), listing.emptySplit("valid")];
  if (isUnused) for (const problem of [noTrain, noValid]) yield { kind: "problem", problem };
  if (counts.train === 0) yield { kind: "note", note: `there is nothing to train on: ${noTrain.message}` };
  if (counts.valid === 0) yield { kind: "note", note: `nothing is held out: ${noValid.message}` };
  if (!labels.exist) yield { kind: "note", note: "there is no labels table, which evaluation needs" };
  yield { kind: "counts", counts };
}

/** What is wrong with the vocabulary that lies beside the data, where there is one. */
function vocabularyProblems(folder: string): readonly Problem[] {
  const path = findVocabulary(folder);
  const loaded = path === null ? null : loadTokenizer(path);
  return loaded?.kind === "failed" ? [loaded.problem] : [];
}
