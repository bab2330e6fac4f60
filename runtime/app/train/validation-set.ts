import { buildValidation, encodedValidation, type TracedSpec, type Validation } from "../../../compiler/index.ts";
import type { Backend } from "../../backends/index.ts";
import { type DataInputs, type Dataset, type Example, fileInputs, labelGaps, openDataset } from "../../data/index.ts";
import { sentence } from "../../text/index.ts";
import type { DataOptions, OpenedData } from "../data/open.ts";
import type { Reporter } from "../reporter.ts";

/** Held-out examples that have all that the loss needs, and what gives it. */
export interface ValidationSet {
  readonly dataset: Dataset<Example>;
  readonly validation: Validation;
}

/**
 * The held-out examples that the loss can be computed of; null, after noting why, where there are none. What lacks a report, a
 * label or a file is left out of the loss, which is noted; it may be evaluated by prompts all the same.
 */
export async function openValidationSet(
  spec: TracedSpec,
  inputs: DataInputs,
  options: DataOptions,
  reporter: Reporter,
): Promise<ValidationSet | null> {
  const opened = await openDataset(options.data, spec.data, { ...inputs.needs, split: "valid" });
  const examples = opened.examples.filter((example) => labelGaps([example], inputs) === null);
  const [first] = opened.problems;
  if (examples.length === 0) {
    const why = first === undefined ? "no volume is held out" : sentence(first);
    reporter.note(`no validation loss: ${opened.examples.length === 0 ? why : "each held-out volume lacks a label"}`);
    return null;
  }
  const unlabelled = opened.examples.length - examples.length;
  if (unlabelled > 0) reporter.note(`not in the validation loss: ${volumes(unlabelled)} without all labels`);
  if (first !== undefined) {
    const more = opened.problems.length - 1;
    reporter.note(`not in the validation loss: ${sentence(first)}${more === 0 ? "" : `, and ${more} more`}`);
  }
  const validation = buildValidation(spec, examples.length);
  if (validation !== null) return { dataset: { ...opened, examples }, validation };
  reporter.note(`no validation loss: the model does not compile for a batch of ${volumes(examples.length)}`);
  return null;
}

/**
 * The same with a loss of what the evaluation of classes encodes anyway, where that is all that the loss reads of volumes: they are the
 * most of an evaluation.
 */
export function withEncodedRows(
  { spec, held, validation: set, reading }: HeldOutSources,
  { runs }: Pick<Backend, "runs">,
): ValidationSet | null {
  if (set === null || held === null || runs !== "programs") return set;
  const files = new Set(fileInputs(reading.inputs).map(({ name }) => name));
  const validation = encodedValidation(spec, set.validation, files);
  return validation === null ? set : { ...set, validation };
}

/** Of all that a training reads, what it evaluates on. */
interface HeldOutSources {
  readonly spec: TracedSpec;
  readonly held: Dataset | null;
  readonly validation: ValidationSet | null;
  readonly reading: OpenedData;
}

function volumes(count: number): string {
  return `${count} held-out ${count === 1 ? "volume" : "volumes"}`;
}
