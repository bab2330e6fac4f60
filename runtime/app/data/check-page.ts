import { statSync } from "node:fs";
import { dirname } from "node:path";
import { type DataSettings, defaultData, type TracedSpec } from "../../../compiler/index.ts";
import {
  countLabels,
  type DataInputs,
  type Examination,
  examineVolumes,
  findVocabulary,
  hounsfieldValues,
  type Listing,
  loadTokenizer,
  plainVolume,
  sampleVolumes,
  surveyHeaders,
  type TextLengths,
  trainedLengths,
  type VolumeInput,
  volumeFiles,
} from "../../data/index.ts";
import { attempt, kindOfPath, RefusedFile, writeAtomically } from "../../files/index.ts";
import type { DataReport, VolumesReport } from "../../report/index.ts";
import type { Problem, Result } from "../../text/index.ts";
import type { Reporter } from "../reporter.ts";
import { type DrawnData, drawExamples } from "./example-pictures.ts";

/** What a check came by that a page shows besides what is wrong. */
export interface SeenData {
  listing: Listing | null;
  lengths: { readonly lengths: TextLengths; readonly limit: number } | null;
  /** By the name of the input that takes the volumes; none where no values are read. */
  readonly examinations: Map<string, Examination>;
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
  if (listing === null) return { ...found, labels: null, volumes: [], texts: null, examples: null };
  const settings = spec?.data ?? defaultData;
  const inputs = spec === null ? ctClipInputs(settings) : request.inputs;
  const examined: ExaminedInput[] = [];
  for (const input of volumeInputs(inputs ?? ctClipInputs(settings))) {
    const examination = seen.examinations.get(input.name) ?? (await examineHeaders(listing, input, reporter));
    examined.push({ input, examination });
  }
  const reports: VolumesReport[] = [];
  for (const each of examined) {
    const shown = await volumesOf(each, examined.length > 1, volumes, reporter);
    if (shown !== null) reports.push(shown);
  }
  return {
    ...found,
    labels: countLabels(listing),
    volumes: reports,
    texts: seen.lengths ?? (spec === null ? lengthsOf(folder, listing) : null),
    examples:
      volumes && inputs !== null
        ? await drawExamples({ listing, spec, ...settledBy(examined, inputs, listing) }, reporter.progress)
        : null,
  };
}

/** An input that takes volumes, and what these are together. */
interface ExaminedInput {
  readonly input: VolumeInput;
  readonly examination: Examination;
}

/** What CT-CLIP takes, but for the tokens. */
function ctClipInputs(settings: DataSettings): DataInputs {
  return { inputs: [plainVolume(settings)], needs: { files: [null], texts: [], labels: null } };
}

function volumeInputs({ inputs }: DataInputs): readonly VolumeInput[] {
  return inputs.filter((input) => input.kind === "volume");
}

/** What is known without values, by which alone `auto` could be decided. */
function examineHeaders(listing: Listing, input: VolumeInput, reporter: Telling): Promise<Examination> {
  return examineVolumes(volumeFiles(listing, input), { ...input.settings, units: "stored" }, reporter.progress);
}

/** The inputs with what was decided of their volumes, and the orientations that these come out in. */
function settledBy(
  examined: readonly ExaminedInput[],
  inputs: DataInputs,
  listing: Listing,
): Pick<DrawnData, "inputs" | "orientations"> {
  const found = new Map(examined.map(({ input, examination }) => [input.name, examination]));
  const settled = inputs.inputs.map((input) => {
    const units = found.get(input.name)?.units;
    return input.kind !== "volume" || units === undefined
      ? input
      : { ...input, settings: { ...input.settings, units } };
  });
  return {
    inputs: { ...inputs, inputs: settled },
    orientations: new Map([...found].map(([name, { orientation }]) => [name, orientation ?? listing.orientation])),
  };
}

async function volumesOf(
  { input: { name, settings }, examination }: ExaminedInput,
  isNamed: boolean,
  readsValues: boolean,
  reporter: Telling,
): Promise<VolumesReport | null> {
  const { read, units, sampled: decidedBy } = examination;
  const headers = surveyHeaders(read, settings);
  if (headers === null) return null;
  const input = isNamed ? name : null;
  if (!readsValues) return { input, settings, headers, values: null };
  const tell = (place: number, count: number): void => reporter.progress(`values of volume ${place} of ${count}`);
  const sampled = decidedBy.length > 0 ? decidedBy : await sampleVolumes(read, tell);
  const hounsfield = hounsfieldValues(sampled, units);
  return { input, settings, headers, values: { units, decidedBy, sampled: sampled.length, hounsfield } };
}

/** How long the reports are where no spec says how many tokens its model takes; null where nothing tells. */
function lengthsOf(folder: string, listing: Listing): SeenData["lengths"] {
  const vocabulary = findVocabulary(folder);
  const tokenizer = vocabulary === null ? null : loadTokenizer(vocabulary, null);
  if (tokenizer?.kind !== "ok") return null;
  return { lengths: trainedLengths(listing, tokenizer.value, ctClipLength), limit: ctClipLength };
}
