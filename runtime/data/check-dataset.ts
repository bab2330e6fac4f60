import type { DataSettings, ImageSettings } from "../../compiler/index.ts";
import type { Problem } from "../text/index.ts";
import { memberPath } from "./archive-member.ts";
import type { DatasetNeeds, Listing } from "./dataset.ts";
import type { Examination, VolumeFile } from "./examine-volumes.ts";
import { layoutOf } from "./layouts/index.ts";
import { loadImage } from "./load-image.ts";
import { loadPacked } from "./load-packed.ts";
import { absences, exampleOf } from "./open-dataset.ts";
import { describeAlike, describeCut, measureTexts, type TextLengths } from "./text-lengths.ts";
import { findVocabulary, loadTokenizer, type Tokenizer } from "./tokenizer.ts";
import { type VolumeMetadata, volumeShape } from "./transforms/index.ts";

/** Reads a volume's file and says what is wrong with it; `onNote` takes what is no mistake. */
type VolumeCheck = (
  path: string,
  metadata: VolumeMetadata,
  settings: DataSettings,
  onNote: (note: string) => void,
) => readonly Problem[] | Promise<readonly Problem[]>;

export interface CheckOptions {
  /** Files and texts that examples must have, those that are trained on alone texts. */
  readonly files: DatasetNeeds["files"];
  readonly texts: DatasetNeeds["texts"];
  /** Of each file, how it is prepared as a picture; null for a volume. */
  readonly images: readonly (ImageSettings | null)[];
  /** Classes whose labels are needed; null takes the classes that are there, if there are any. */
  readonly classes: readonly string[] | null;
  /** Null leaves the volumes' files unread. */
  readonly checkVolume: VolumeCheck | null;
  /** Tokens that reports are cut to; null where that is not known. */
  readonly textLength: number | null;
  /** Looks at all volumes together before each is checked, and settles what the settings leave open. */
  readonly examine?: (volumes: readonly VolumeFile[], settings: DataSettings) => Promise<Examination>;
}

/** What a check finds, in the order in which it finds it; the counts come last. */
export type Finding =
  | { readonly kind: "progress"; readonly text: string }
  | { readonly kind: "note"; readonly note: string }
  | { readonly kind: "problem"; readonly problem: Problem }
  /** What the data set says of its volumes. */
  | { readonly kind: "listing"; readonly listing: Listing }
  /** How long the texts of volumes to train on are. */
  | { readonly kind: "lengths"; readonly lengths: TextLengths; readonly limit: number }
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
  { files, texts: neededTexts, images, classes, checkVolume, textLength, examine }: CheckOptions,
): AsyncGenerator<Finding> {
  yield { kind: "progress", text: "reading tables" };
  const layout = await layoutOf(folder, settings);
  const listing = await layout.list(folder, settings, {
    files,
    texts: neededTexts,
    labels: classes ?? "any",
    split: "all",
  });
  const { volumes, metadata, texts, labels } = listing;
  const vocabulary = findVocabulary(folder);
  const tokenizer = vocabulary === null ? null : loadTokenizer(vocabulary);
  const ofVocabulary = tokenizer?.kind === "failed" ? [tokenizer.problem] : [];
  for (const problem of [...listing.problems, ...ofVocabulary]) yield { kind: "problem", problem };
  for (const note of listing.notes) yield { kind: "note", note };
  yield { kind: "listing", listing };
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
  if (textLength !== null && tokenizer?.kind === "ok") {
    const lengths = trainedLengths(listing, tokenizer.value, textLength);
    yield { kind: "lengths", lengths, limit: textLength };
    const notes = [describeCut("report", lengths, textLength), describeAlike(lengths, textLength)];
    for (const note of notes) if (note !== null) yield { kind: "note", note };
  }
  const trains = volumes.some(({ splits }) => splits.includes("train"));
  for (const problem of absences(listing, { texts: trains ? neededTexts : [], labels: classes }))
    yield { kind: "problem", problem };
  const labelled = classes ?? (labels.exist ? "any" : null);
  let settled = settings;
  if (examine !== undefined) {
    const found = await examine(volumeFiles(listing, images), settings);
    for (const problem of found.problems) yield { kind: "problem", problem: { ...problem, subject: folder } };
    for (const note of found.notes) yield { kind: "note", note };
    settled = { ...settings, units: found.units };
  }
  for (const [index, volume] of volumes.entries()) {
    if (checkVolume !== null) yield { kind: "progress", text: `volume ${index + 1} of ${volumes.length}` };
    const inTrain = volume.splits.includes("train");
    const inValid = volume.splits.includes("valid");
    const joined = exampleOf(volume, listing, { texts: inTrain ? neededTexts : [], labels: inValid ? labelled : null });
    const unread: Problem[] = [];
    if (checkVolume !== null) {
      for (const [place, file] of volume.files.entries()) {
        const image = images[place] ?? null;
        if (image !== null) {
          const loaded = await loadImage(
            typeof file === "string" ? { path: file } : { path: memberPath(file), member: file },
            image,
          );
          if (loaded.kind === "failed") unread.push(loaded.problem);
          continue;
        }
        if (typeof file !== "string") {
          const packed = loadPacked(file, volumeShape(settings));
          if (packed.kind === "failed") unread.push(packed.problem);
          continue;
        }
        if (joined.metadata === null) continue;
        const notes: string[] = [];
        unread.push(...(await checkVolume(file, joined.metadata, settled, (note) => notes.push(note))));
        for (const note of notes) yield { kind: "note", note: `${file}: ${note}` };
      }
    }
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

/** The volumes of a data set that have metadata, but for those that were preprocessed before. */
export function volumeFiles(
  { volumes, metadata }: Listing,
  images: readonly (ImageSettings | null)[],
): readonly VolumeFile[] {
  return volumes.flatMap((volume) => {
    const found = metadata.of(volume);
    if (found.kind !== "ok") return [];
    const { value } = found;
    return volume.files.flatMap((file, place) =>
      value === null || typeof file !== "string" || (images[place] ?? null) !== null ? [] : [{ file, metadata: value }],
    );
  });
}

/** How long the reports of volumes to train on are, which of them are cut, and how many cannot be told apart then. */
export function trainedLengths({ volumes, texts }: Listing, tokenizer: Tokenizer, length: number): TextLengths {
  const trained = volumes.filter(({ splits }) => splits.includes("train"));
  const found = trained.flatMap((volume) =>
    texts.flatMap((text) => {
      const fact = text.of(volume);
      return fact.kind === "ok" ? [fact.value] : [];
    }),
  );
  return measureTexts(found, tokenizer, length);
}
