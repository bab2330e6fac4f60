import { statSync } from "node:fs";
import { dirname } from "node:path";
import { type DataSettings, defaultData, type TracedSpec } from "../../../compiler/index.ts";
import {
  type CheckOptions,
  countLabels,
  type DataInputs,
  type Examination,
  examineVolumes,
  findVocabulary,
  hounsfieldValues,
  type Listing,
  loadTokenizer,
  sampleVolumes,
  surveyHeaders,
  type TextLengths,
  trainedLengths,
  volumeFiles,
} from "../../data/index.ts";
import { attempt, kindOfPath, RefusedFile, writeAtomically } from "../../files/index.ts";
import type { DataReport, VolumesReport } from "../../report/index.ts";
import type { Problem, Result } from "../../text/index.ts";
import type { Reporter } from "../reporter.ts";
import { drawExamples } from "./example-pictures.ts";

/** What a check came by that a page shows besides what is wrong. */
export interface SeenData {
  listing: Listing | null;
  lengths: { readonly lengths: TextLengths; readonly limit: number } | null;
  examination: Examination | null;
}

export interface CheckPageRequest {
  readonly output: string;
  readonly folder: string;
  readonly specPath: string | null;
  /** Assignments that hold instead of what the spec says. */
  readonly set: readonly string[];
  /** Null for CT-CLIP's own preprocessing. */
  readonly spec: TracedSpec | null;
  /** What the spec's model takes; null where it takes nothing that a data set has. */
  readonly inputs: DataInputs | null;
  /** Of each file, how it is prepared as a picture. */
  readonly images: CheckOptions["images"];
  /** Whether values of volumes are read. */
  readonly volumes: boolean;
}

/** Tokens that CT-CLIP takes of a report. */
const ctClipLength = 512;

type FoundData = Pick<DataReport, "counts" | "problems" | "notes">;
type Telling = Pick<Reporter, "progress" | "progressEnd">;

/** Why a page cannot be written, as far as that shows before a check that may take hours; null where it may be. */
export function outputProblem(output: string): Problem | null {
  const found = attempt(output, () => {
    statSync(dirname(output));
    if (kindOfPath(output) === "folder") throw new RefusedFile("EISDIR", output);
  });
  return found.kind === "failed" ? found.problem : null;
}

/** Writes what a check found as a page. */
export async function writeCheckPage(
  request: CheckPageRequest,
  found: FoundData,
  seen: SeenData,
  reporter: Telling,
): Promise<Result<void>> {
  const report = await reportOf(request, found, seen, reporter);
  reporter.progressEnd();
  const { renderDataPage } = await import("../../report/index.ts");
  const page = await renderDataPage(report);
  return attempt(request.output, () => writeAtomically(request.output, page));
}

async function reportOf(
  request: CheckPageRequest,
  { counts, problems, notes }: FoundData,
  seen: SeenData,
  reporter: Telling,
): Promise<DataReport> {
  const { folder, specPath, set, spec, volumes } = request;
  const { listing } = seen;
  const found = { folder, specPath, set, counts, problems, notes };
  if (listing === null) return { ...found, labels: null, volumes: null, texts: null, examples: null };
  const settings = spec?.data ?? defaultData;
  // Without values there is nothing to decide by.
  const examination =
    seen.examination ??
    (await examineVolumes(volumeFiles(listing, request.images), { ...settings, units: "stored" }, reporter.progress));
  const inputs = spec === null ? ctClipInputs(settings) : request.inputs;
  const orientation = examination.orientation ?? listing.orientation;
  const drawn = { listing, spec, settings: { ...settings, units: examination.units }, orientation };
  return {
    ...found,
    labels: countLabels(listing),
    volumes: await volumesOf(examination, settings, volumes, reporter),
    texts: seen.lengths ?? (spec === null ? lengthsOf(folder, listing) : null),
    examples: volumes && inputs !== null ? await drawExamples({ ...drawn, inputs }, reporter.progress) : null,
  };
}

/** What CT-CLIP takes, but for the tokens. */
function ctClipInputs({ size }: DataSettings): DataInputs {
  const volume = { kind: "volume", name: "volume", file: 0, shape: [1, ...size] } as const;
  return { inputs: [volume], needs: { files: [null], texts: [], labels: null } };
}

async function volumesOf(
  examination: Examination,
  settings: DataSettings,
  readsValues: boolean,
  reporter: Telling,
): Promise<VolumesReport | null> {
  const { read, units, sampled: decidedBy } = examination;
  const headers = surveyHeaders(read, settings);
  if (headers === null) return null;
  if (!readsValues) return { settings, headers, values: null };
  const tell = (place: number, count: number): void => reporter.progress(`values of volume ${place} of ${count}`);
  const sampled = decidedBy.length > 0 ? decidedBy : await sampleVolumes(read, tell);
  const hounsfield = hounsfieldValues(sampled, units);
  return { settings, headers, values: { units, decidedBy, sampled: sampled.length, hounsfield } };
}

/** How long the reports are where no spec says how many tokens its model takes; null where nothing tells. */
function lengthsOf(folder: string, listing: Listing): SeenData["lengths"] {
  const vocabulary = findVocabulary(folder);
  const tokenizer = vocabulary === null ? null : loadTokenizer(vocabulary);
  if (tokenizer?.kind !== "ok") return null;
  return { lengths: trainedLengths(listing, tokenizer.value, ctClipLength), limit: ctClipLength };
}
