import type { DataSettings } from "../../compiler/index.ts";
import type { Problem } from "../text/index.ts";
import type { DatasetNeeds, Facts, Labels, ListedVolume, Listing } from "./dataset.ts";
import { layoutOf } from "./layouts/index.ts";
import type { VolumeMetadata } from "./transforms/index.ts";

/** A volume with what its data set says of it. */
export interface Example extends Pick<ListedVolume, "name" | "file"> {
  readonly metadata: VolumeMetadata;
  /** Null when reports are not asked for. */
  readonly report: string | null;
  /** Null when labels are not asked for. */
  readonly labels: Labels | null;
}

/** One to train on, and one to evaluate on. */
export type ReportedExample = Example & { readonly report: string };
export type LabelledExample = Example & { readonly labels: Labels };

/** An example that has what was asked for. */
export type ExampleWith<Needs extends ExampleNeeds> = (Needs["reports"] extends true ? ReportedExample : Example) &
  (Needs["labels"] extends null ? Example : LabelledExample);

/** What an example must have beside its metadata. */
export type ExampleNeeds = Pick<DatasetNeeds, "reports" | "labels">;

export interface Dataset<Item extends Example = Example> {
  /** Sorted by name, as people count. */
  readonly examples: readonly Item[];
  /** What is wrong, file by file; what is concerned is not among the examples. */
  readonly problems: readonly Problem[];
  readonly notes: readonly string[];
}

/**
 * Opens a data set, in whichever layout it is. Reads no volume. The caller decides whether problems stop it; examples are right
 * either way.
 */
export async function openDataset<Needs extends DatasetNeeds>(
  path: string,
  settings: DataSettings,
  needs: Needs,
): Promise<Dataset<ExampleWith<Needs>>> {
  const layout = await layoutOf(path);
  const listing = await layout.list(path, settings, needs);
  const { volumes, notes } = listing;
  const problems = [...listing.problems];
  if (volumes.length > 0) problems.push(...absences(listing, needs));
  const examples: ExampleWith<Needs>[] = [];
  for (const volume of volumes) {
    const joined = exampleOf(volume, listing, needs);
    problems.push(...joined.problems);
    if (joined.example !== null) examples.push(joined.example);
  }
  return { examples, problems, notes };
}

/** What is needed of every volume, and is there of none. */
export function absences({ metadata, reports, labels }: Listing, needs: ExampleNeeds): readonly Problem[] {
  return [
    ...(metadata.exist ? [] : [metadata.absence]),
    ...(reports.exist || !needs.reports ? [] : [reports.absence]),
    ...(labels.exist || needs.labels === null ? [] : [labels.absence]),
  ];
}

/** Joins a volume with what is said of it; without an example when something that it needs is missing or wrong. */
export function exampleOf<Needs extends ExampleNeeds>(
  volume: ListedVolume,
  listing: Listing,
  needs: Needs,
): {
  readonly example: ExampleWith<Needs> | null;
  readonly metadata: VolumeMetadata | null;
  readonly problems: readonly Problem[];
} {
  const problems: Problem[] = [];
  const found = <Value>(facts: Facts<Value>): Value | null => {
    const fact = facts.of(volume);
    if (fact.kind === "ok") return fact.value;
    if (fact.problem !== null) problems.push(fact.problem);
    return null;
  };
  const metadata = found(listing.metadata);
  const report = needs.reports ? found(listing.reports) : null;
  const labels = needs.labels === null ? null : found(listing.labels);
  const { name, file } = volume;
  const example = metadata === null ? null : { name, file, metadata, report, labels };
  return { example: example !== null && isWhole(example, needs) ? example : null, metadata, problems };
}

function isWhole<Needs extends ExampleNeeds>(example: Example, needs: Needs): example is ExampleWith<Needs> {
  return (example.report !== null || !needs.reports) && (example.labels !== null || needs.labels === null);
}
