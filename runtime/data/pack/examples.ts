import type { DataSettings } from "../../../compiler/index.ts";
import type { Problem } from "../../text/index.ts";
import type { DatasetNeeds, Facts, ListedExample, Listing, SplitName } from "../dataset.ts";
import { layoutOf } from "../layouts/index.ts";
import { absences, exampleOf } from "../open-dataset.ts";
import type { ToPack } from "./plan.ts";

/** What is packed of a data set. */
export interface PackNeeds extends Pick<DatasetNeeds, "files" | "texts" | "split"> {
  /** Classes that examples to train on need labels of, and those that held-out ones do; null where they need none. */
  readonly trained: readonly string[] | null;
  readonly evaluated: readonly string[] | null;
}

export interface ExamplesToPack {
  /** Those of a split together, by name in it. */
  readonly examples: readonly ToPack[];
  readonly problems: readonly Problem[];
  readonly notes: readonly string[];
  /** As `Listing` has them. */
  readonly orientation: string | null;
  readonly columns: Listing["columns"];
}

/** The examples of a data set with what training and evaluation need of them, and with texts and labels wherever there are some. */
export async function examplesToPack(path: string, settings: DataSettings, needs: PackNeeds): Promise<ExamplesToPack> {
  const { files, texts, split, trained, evaluated } = needs;
  const classes = [...new Set([...(trained ?? []), ...(evaluated ?? [])])];
  const labels: readonly string[] | "any" = classes.length === 0 ? "any" : classes;
  const layout = await layoutOf(path, settings);
  const listing = await layout.list(path, settings, { files, texts, labels, split });
  const needsOf = ({ splits }: ListedExample) => ({
    texts: splits.includes("train") ? texts : [],
    labels: isNeeded(splits, trained, evaluated) ? labels : null,
  });
  const problems = [...listing.problems];
  const all = listing.volumes.map(needsOf);
  if (all.length > 0) {
    const some = { texts: all.find((each) => each.texts.length > 0)?.texts ?? [] };
    problems.push(...absences(listing, { ...some, labels: all.find((each) => each.labels !== null)?.labels ?? null }));
  }
  const examples: ToPack[] = [];
  for (const volume of listing.volumes) {
    const joined = exampleOf(volume, listing, needsOf(volume));
    problems.push(...joined.problems);
    if (joined.example === null) continue;
    const found = listing.texts.flatMap((facts) => optional(facts, volume) ?? []);
    const example = {
      ...joined.example,
      texts: found.length === texts.length ? found : [],
      labels: optional(listing.labels, volume),
    };
    examples.push({ example, splits: volume.splits });
  }
  const rankOf = ({ splits: [first] }: ToPack): number => (first === "train" ? 0 : first === "valid" ? 1 : 2);
  const { notes, orientation, columns } = listing;
  return { examples: examples.toSorted((a, b) => rankOf(a) - rankOf(b)), problems, notes, orientation, columns };
}

function isNeeded(
  splits: readonly SplitName[],
  trained: readonly string[] | null,
  evaluated: readonly string[] | null,
): boolean {
  return (splits.includes("train") && trained !== null) || (splits.includes("valid") && evaluated !== null);
}

function optional<Value>(facts: Facts<Value>, volume: ListedExample): Value | null {
  const fact = facts.of(volume);
  return fact.kind === "ok" ? fact.value : null;
}
