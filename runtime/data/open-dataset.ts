import type { DataSettings } from "../../compiler/index.ts";
import type { Problem } from "../text/index.ts";
import type { DatasetNeeds, Facts, Labels, ListedExample, Listing } from "./dataset.ts";
import { layoutOf } from "./layouts/index.ts";
import type { VolumeMetadata } from "./transforms/index.ts";

/** A volume with what its data set says of it. */
export interface Example extends Pick<ListedExample, "name" | "file" | "files"> {
  /** Null of what was preprocessed before. */
  readonly metadata: VolumeMetadata | null;
  /** In the order in which they were asked for. */
  readonly texts: readonly string[];
  /** Null when labels are not asked for. */
  readonly labels: Labels | null;
}

/** One whose labels were asked for. */
export type LabelledExample = Example & { readonly labels: Labels };

/** An example that has what was asked for. */
export type ExampleWith<Needs extends ExampleNeeds> = null extends Needs["labels"] ? Example : LabelledExample;

/** What an example must have beside its files and metadata. */
export type ExampleNeeds = Pick<DatasetNeeds, "texts" | "labels">;

export interface Dataset<Item extends Example = Example> {
  /** Sorted by name, as people count. */
  readonly examples: readonly Item[];
  /** What is wrong, file by file; what is concerned is not among the examples. */
  readonly problems: readonly Problem[];
  readonly notes: readonly string[];
  /** As `Listing` has it. */
  readonly orientation: string | null;
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
  const layout = await layoutOf(path, settings);
  const listing = await layout.list(path, settings, needs);
  const { volumes, notes, orientation } = listing;
  const problems = [...listing.problems];
  if (volumes.length > 0) problems.push(...absences(listing, needs));
  const examples: ExampleWith<Needs>[] = [];
  for (const volume of volumes) {
    const joined = exampleOf(volume, listing, needs);
    problems.push(...joined.problems);
    if (joined.example !== null) examples.push(joined.example);
  }
  return { examples, problems, notes, orientation };
}

/** What is needed of every volume, and is there of none. */
export function absences({ metadata, texts, labels }: Listing, needs: ExampleNeeds): readonly Problem[] {
  return [
    ...(metadata.exist ? [] : [metadata.absence]),
    ...(needs.texts.length === 0 ? [] : texts.flatMap(({ exist, absence }) => (exist ? [] : [absence]))),
    ...(labels.exist || needs.labels === null ? [] : [labels.absence]),
  ];
}

/** Joins a volume with what is said of it; without an example when something that it needs is missing or wrong. */
export function exampleOf<Needs extends ExampleNeeds>(
  volume: ListedExample,
  listing: Listing,
  needs: Needs,
): {
  readonly example: ExampleWith<Needs> | null;
  /** Null where it is missing, or where none is needed. */
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
  const said = listing.metadata.of(volume);
  if (said.kind === "failed" && said.problem !== null) problems.push(said.problem);
  const metadata = said.kind === "ok" ? said.value : null;
  const texts = needs.texts.length === 0 ? [] : listing.texts.flatMap((text) => found(text) ?? []);
  const labels = needs.labels === null ? null : found(listing.labels);
  const { name, file, files } = volume;
  const isPart = said.kind === "failed" || texts.length < needs.texts.length;
  const example = isPart ? null : { name, file, files, metadata, texts, labels };
  return { example: example !== null && isWhole(example, needs) ? example : null, metadata, problems };
}

function isWhole<Needs extends ExampleNeeds>(example: Example, needs: Needs): example is ExampleWith<Needs> {
  return example.labels !== null || needs.labels === null;
}
