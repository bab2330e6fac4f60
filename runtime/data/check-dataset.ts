import { volumeShape } from "../../compiler/channel-windows.ts";
import type { DataSettings, TokenSettings, VolumeSettings } from "../../compiler/index.ts";
import { at } from "../at.ts";
import type { Problem } from "../text/index.ts";
import { isPacked, memberPath, type StoredFile, storedPath } from "./archive-member.ts";
import { type FileInput, plainVolume, type VolumeInput } from "./data-inputs.ts";
import type { DatasetNeeds, ListedExample, Listing } from "./dataset.ts";
import type { Examination, VolumeFile } from "./examine-volumes.ts";
import { layoutOf } from "./layouts/index.ts";
import { loadImage } from "./load-image.ts";
import { loadPacked } from "./load-packed.ts";
import { absences, exampleOf } from "./open-dataset.ts";
import { checkLabels } from "./preprocess-labels.ts";
import { describeAlike, describeCut, measureTexts, type TextLengths } from "./text-lengths.ts";
import { findVocabulary, loadTokenizer, type Tokenizer } from "./tokenizers/index.ts";
import type { VolumeMetadata } from "./transforms/index.ts";
import { verifyArchives } from "./verify-archives.ts";

/** Reads a volume's file and says what is wrong with it; `onNote` takes what is no mistake. */
type VolumeCheck = (
  file: StoredFile,
  metadata: VolumeMetadata,
  settings: VolumeSettings,
  onNote: (note: string) => void,
) => readonly Problem[] | Promise<readonly Problem[]>;

export interface CheckOptions {
  /** Files and texts that examples must have, those that are trained on alone texts. */
  readonly files: DatasetNeeds["files"];
  readonly texts: DatasetNeeds["texts"];
  /** What takes each of these files, and how; null for volumes as the `data` block has them. */
  readonly inputs: readonly FileInput[] | null;
  /** Classes whose labels are needed; null takes the classes that are there, if there are any. */
  readonly classes: readonly string[] | null;
  /** Null leaves the volumes' files unread. */
  readonly checkVolume: VolumeCheck | null;
  /** Tokens that reports are cut to; null where that is not known. */
  readonly textLength: number | null;
  /** What a model asks of its tokenizer; null where no spec says. */
  readonly tokens: TokenSettings | null;
  /** Looks at all volumes for an input together before each is checked, and settles what its settings leave open. */
  readonly examine?: (volumes: readonly VolumeFile[], input: VolumeInput) => Promise<Examination>;
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
  { files, texts: neededTexts, inputs, classes, checkVolume, textLength, tokens, examine }: CheckOptions,
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
  const tokenizer = vocabulary === null ? null : loadTokenizer(vocabulary, tokens);
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
  const differing = new Set<string>();
  if (checkVolume !== null) {
    for await (const found of verifyArchives(listing.recorded)) {
      if (found.kind === "problem") differing.add(found.problem.subject);
      yield found;
    }
  }
  const taken = inputs ?? files.map((_, file) => ({ ...plainVolume(settings), file }));
  const settled: FileInput[] = [];
  const volumeInputs = taken.filter((input) => input.kind === "volume");
  for (const input of taken) {
    if (input.kind !== "volume" || examine === undefined) {
      settled.push(input);
      continue;
    }
    const found = await examine(volumeFiles(listing, input), input);
    const whose = volumeInputs.length === 1 ? "" : `\`${input.name}\`: `;
    for (const { message, help } of found.problems)
      yield { kind: "problem", problem: { subject: folder, message: `${whose}${message}`, help } };
    for (const note of found.notes) yield { kind: "note", note: `${whose}${note}` };
    settled.push({ ...input, settings: { ...input.settings, units: found.units } });
  }
  for (const [index, volume] of volumes.entries()) {
    if (checkVolume !== null) yield { kind: "progress", text: `volume ${index + 1} of ${volumes.length}` };
    const inTrain = volume.splits.includes("train");
    const inValid = volume.splits.includes("valid");
    const joined = exampleOf(volume, listing, { texts: inTrain ? neededTexts : [], labels: inValid ? labelled : null });
    const unread: Problem[] = [];
    if (checkVolume !== null) {
      for (const input of settled) {
        const notes: string[] = [];
        unread.push(...(await checkFile(volume, joined.metadata, input, checkVolume, (note) => notes.push(note))));
        for (const note of notes) yield { kind: "note", note };
      }
    }
    for (const problem of [...joined.problems, ...unread]) yield { kind: "problem", problem };
    const isWhole = volume.files.every((file) => typeof file === "string" || !differing.has(file.path));
    counts.good += Number(joined.example !== null && unread.length === 0 && isWhole);
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

/** What is wrong with a file of an example, for an input that takes it. */
async function checkFile(
  { files }: ListedExample,
  metadata: VolumeMetadata | null,
  input: FileInput,
  checkVolume: VolumeCheck,
  onNote: (note: string) => void,
): Promise<readonly Problem[]> {
  const file = at(files, input.file);
  if (input.kind === "image") {
    const source = typeof file === "string" ? { path: file } : { path: memberPath(file), member: file };
    const loaded = await loadImage(source, input.settings);
    return loaded.kind === "failed" ? [loaded.problem] : [];
  }
  if (typeof file !== "string" && isPacked(file)) {
    const unheld = { subject: memberPath(file), message: "label maps are read from NIfTI files alone", help: null };
    if (input.kind === "segmentation") return [unheld];
    const packed = loadPacked(file, volumeShape(input.settings));
    return packed.kind === "failed" ? [packed.problem] : [];
  }
  if (metadata === null) return [];
  if (input.kind === "volume") {
    return checkVolume(file, metadata, input.settings, (note) => onNote(`${storedPath(file)}: ${note}`));
  }
  return checkLabels(file, { file: at(files, input.volume), metadata, settings: input.settings });
}

/** The volumes for an input, with what is said of them, but for those that were preprocessed before. */
export function volumeFiles({ volumes, metadata }: Listing, input: Pick<VolumeInput, "file">): readonly VolumeFile[] {
  return volumes.flatMap((volume) => {
    const found = metadata.of(volume);
    const file = at(volume.files, input.file);
    return found.kind !== "ok" || found.value === null || isPacked(file) ? [] : [{ file, metadata: found.value }];
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
