import { type TracedSpec, trainingTask } from "../../../compiler/index.ts";
import type { Batch } from "../../backends/index.ts";
import {
  byArchive,
  contractKey,
  type Dataset,
  decodeContract,
  type Example,
  type LabelledExample,
  labelGaps,
  type ModelContract,
  modelDifferences,
  promptValues,
  sharedWeights,
} from "../../data/index.ts";
import {
  type Checkpoint,
  compareIdentity,
  planOrder,
  type RunFolder,
  type RunIdentity,
  type TrainingOrder,
  type TrainingState,
} from "../../train/index.ts";
import { openTensors } from "../../weights/index.ts";
import { contractWith, type SettledData, settleData } from "../data/contract.ts";
import { cacheOf, dataInputsOf, type OpenedData, openData, openSplit } from "../data/open.ts";
import { arePromptsUsable, reportLengths, saidPrompts } from "../data/texts.ts";
import { openHeldOut } from "../evaluate/held-out.ts";
import { notesOnce, problem, type Reporter } from "../reporter.ts";
import { adapterFile } from "../weights/adapter-file.ts";
import { adapterDisagreements } from "../weights/contract-agreement.ts";
import { type GivenWeights, noChoices, weightFiles } from "../weights/open.ts";
import { flipProblem, unfitProblem } from "./augment-problem.ts";
import { choicesIdentity, datasetIdentity, describeDifference, fileIdentity, identityOf } from "./identity.ts";
import { lengthWarnings } from "./length-warnings.ts";
import type { TrainTask } from "./task.ts";
import { openValidationSet, type ValidationSet } from "./validation-set.ts";

/** Everything that a training reads. */
export interface Sources {
  readonly spec: TracedSpec;
  readonly order: TrainingOrder;
  readonly steps: number;
  readonly trainSet: Dataset<Example>;
  /** What is evaluated by prompts, and what the loss is computed of. */
  readonly held: Dataset<LabelledExample> | null;
  readonly validation: ValidationSet | null;
  readonly reading: OpenedData;
  /** The inputs that all rows of a batch share. */
  readonly shared: Batch;
  readonly identity: RunIdentity;
  readonly contract: ModelContract;
  /** Where an earlier training into the folder stood. */
  readonly checkpoint: Checkpoint | null;
}

/**
 * Opens data and the last checkpoint of a folder, if there is one, and holds them against each other; null after reporting what does
 * not fit.
 * Throws what the file system says of weights that become unreadable.
 */
export async function openSources(folder: RunFolder | null, task: TrainTask, heard: Reporter): Promise<Sources | null> {
  // Both splits are in one folder, of which much is said of either.
  const reporter = notesOnce(heard);
  const { data, request, compiled } = task;
  const seeded = compiled.spec;
  const checkpoint = folder === null ? null : lastCheckpoint(folder, request.resume, reporter);
  if (checkpoint === "wrong" || !areReadable(request, reporter)) return null;
  const inputs = dataInputsOf(seeded, reporter);
  if (inputs === null) return null;
  const trainSet = await openSplit(seeded, data, { ...inputs.needs, split: "train" }, reporter);
  if (trainSet === null) return null;
  const gaps = labelGaps(trainSet.examples, inputs);
  if (gaps !== null) {
    const { cells, input, columns } = gaps;
    const message = `${cells} ${cells === 1 ? "label is" : "labels are"} missing, and the model does not ask which`;
    const declaration = `input known: f32[batch, ${columns.length}] = known(${input})`;
    reporter.problem(
      problem(message, `declare \`${declaration}\` and pass it to the loss, as in bce(..., known = known)`),
    );
    return null;
  }
  const { values: balances, without } = sharedWeights(trainSet.examples, inputs);
  if (without !== null) {
    const message = `no example to train on has \`${without}\`, so its weight cannot be balanced`;
    reporter.problem(problem(message, "leave out the column, or give a number in place of `balance(...)`"));
    return null;
  }
  const unsuitable = unfitProblem(seeded, inputs);
  if (unsuitable !== null) {
    reporter.problem(unsuitable);
    return null;
  }
  const { batch, epochs, schedule, seed, precision } = seeded.settings;
  const archives = byArchive(trainSet.examples.map(({ files: [first] }) => first));
  const planned = planOrder({ examples: trainSet.examples.length, batch, seed, archives });
  if (planned.kind === "too-few") {
    reporter.problem(problem(planned.problem, planned.help));
    return null;
  }
  const held = await openHeldOut(seeded, inputs, data, reporter);
  const validation = held === "wrong" ? null : await openValidationSet(seeded, inputs, data, reporter);
  const settled =
    held === "wrong"
      ? null
      : await settleData(
          seeded.data,
          [trainSet, held, notIn(held, validation)],
          inputs,
          data.skipBad,
          reporter,
          cacheOf(data),
        );
  const flipped = settled === null ? null : flipProblem(seeded, trainSet, inputs, settled.orientations);
  if (flipped !== null) {
    reporter.problem(flipped);
    return null;
  }
  const reading = settled === null ? null : openData(seeded, settled.inputs, data, reporter);
  if (held === "wrong" || settled === null || reading === null) return null;
  const { text: tokens } = reading;
  const scored = held === null ? null : trainingTask(seeded.evaluation);
  const said = scored === null ? [] : saidPrompts([scored], seeded.evaluation, inputs);
  if (tokens !== null && !arePromptsUsable(said, tokens.tokenizer, inputs, reporter)) {
    await reading.loader.dispose();
    return null;
  }
  reportLengths(trainSet.examples, reading, reporter);
  const contract = contractWith(settled);
  const { order } = planned;
  const steps = request.steps ?? schedule.steps ?? epochs * order.batchesPerEpoch;
  const known = { ...schedule, stepsPerEpoch: order.batchesPerEpoch };
  reporter.diagnostics(lengthWarnings(seeded, known, steps, task.path));
  const settings = { ...seeded.settings, schedule: { ...known, steps: schedule.steps ?? steps } };
  const { weights, adapter } = request;
  const identity: RunIdentity = {
    spec: compiled.text,
    data: identityOf(
      new Map([
        ["the training set", datasetIdentity(trainSet)],
        ["the held-out set", datasetIdentity(held)],
        ...validationIdentity(validation, checkpoint),
        ["the vocabulary", fileIdentity(reading.text?.vocabulary ?? null)],
        ...unitsIdentity(settled),
      ]),
    ),
    weights: identityOf(
      new Map([
        ["the file of --weights", fileIdentity(weights)],
        ["the file of --adapter", fileIdentity(adapter === null ? null : adapterFile(adapter))],
        ...choicesIdentity(request.choices ?? noChoices),
      ]),
    ),
    seed,
    batch,
    precision,
    steps: schedule.kind === "constant" ? 0 : settings.schedule.steps,
  };
  const differing = adapterDisagreements(adapter, contract);
  if (differing.length > 0) reporter.diagnostics(differing);
  const isOther =
    folder !== null && checkpoint !== null && !isSame(checkpoint.state, { identity, contract }, folder, reporter);
  if (differing.length > 0 || isOther) {
    await reading.loader.dispose();
    return null;
  }
  return {
    spec: { ...seeded, settings },
    contract,
    order,
    steps,
    trainSet,
    held,
    validation,
    reading,
    shared: new Map([...balances, ...promptValues(reading.inputs, tokens?.tokenizer ?? null)]),
    identity,
    checkpoint,
  };
}

/** The examples of the loss that are not evaluated by prompts. */
function notIn(held: Dataset | null, validation: ValidationSet | null): Dataset | null {
  if (held === null || validation === null) return validation?.dataset ?? null;
  const known = new Set(held.examples.map(({ name }) => name));
  const examples = validation.dataset.examples.filter(({ name }) => !known.has(name));
  return examples.length === 0 ? null : { ...validation.dataset, examples };
}

const validationName = "the validation set";

/** What the validation loss is of. Runs from before there was one go on. */
function validationIdentity(
  validation: ValidationSet | null,
  checkpoint: Checkpoint | null,
): readonly (readonly [string, string])[] {
  if (checkpoint !== null && !checkpoint.state.identity.data.includes(`${validationName}: `)) return [];
  return [[validationName, datasetIdentity(validation?.dataset ?? null)]];
}

/** That volumes are in Hounsfield units, of which inputs where it is not all. Runs from before this could be otherwise go on. */
function unitsIdentity({ inputs: { inputs } }: SettledData): readonly (readonly [string, string])[] {
  const volumes = inputs.filter((input) => input.kind === "volume");
  const found = volumes.filter(({ settings: { units } }) => units === "hounsfield").map(({ name }) => name);
  if (found.length === 0) return [];
  const which = found.length === volumes.length ? "" : ` (${found.join(", ")})`;
  return [["the volumes' units", `hounsfield${which}`]];
}

/** Where an earlier training into the folder stood; `wrong` after reporting why it cannot be resumed. */
function lastCheckpoint(folder: RunFolder, resume: boolean, reporter: Reporter): Checkpoint | null | "wrong" {
  const latest = folder.checkpoints.latest();
  if (latest.kind === "failed") {
    reporter.problem(latest.problem);
    return "wrong";
  }
  for (const { subject, message } of latest.problems) reporter.note(`${subject} is not used: ${message}`);
  if (latest.kind === "none") {
    if (resume) reporter.note(`${folder.path} has no checkpoint to resume from; starting from the beginning`);
    return null;
  }
  if (resume) return latest.checkpoint;
  reporter.problem(
    problem(
      `${folder.path} already contains a run, saved after step ${latest.checkpoint.state.step}`,
      "add --resume to continue it, or choose another folder with -o",
    ),
  );
  return "wrong";
}

/** Whether the files of weights can be read, reported before anything that takes long. */
function areReadable(given: GivenWeights, reporter: Reporter): boolean {
  const wrong = weightFiles(given).flatMap((file) => {
    const opened = openTensors(file);
    if (opened.kind === "wrong") return [opened.diagnostic];
    opened.close();
    return [];
  });
  if (wrong.length > 0) reporter.diagnostics(wrong);
  return wrong.length === 0;
}

function isSame(
  saved: Pick<TrainingState, "identity" | "settings">,
  now: Pick<Sources, "identity" | "contract">,
  folder: RunFolder,
  reporter: Reporter,
): boolean {
  const differences = compareIdentity(saved.identity, now.identity);
  for (const { field, saved: before, now: after } of differences) {
    const difference = describeDifference(field, before, after);
    const message = `the run in ${folder.path} cannot be resumed with a different \`${field}\`: ${difference}`;
    reporter.problem(problem(message, "use the original settings and files, or choose another folder with -o"));
  }
  const recorded = decodeContract(String(saved.settings.get(contractKey) ?? ""));
  const others = recorded.kind === "ok" ? modelDifferences(recorded.value, now.contract) : [];
  for (const { input, field, recorded: was, now: is } of others) {
    const message = `the run in ${folder.path} cannot be resumed: its \`${input}\` had \`${field} = ${was}\`, and now has \`${field} = ${is}\``;
    reporter.problem(problem(message, "use the original settings and files, or choose another folder with -o"));
  }
  return differences.length + others.length === 0;
}
