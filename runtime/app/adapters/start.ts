import { mkdirSync, rmSync } from "node:fs";
import { basename, dirname } from "node:path";
import { setImmediate as letOthersRun } from "node:timers/promises";
import {
  type AdapterUpdate,
  buildProgram,
  type InputMoments,
  inputMomentsOf,
  printNumberOf,
  type TracedSpec,
  whyNoStep,
} from "../../../compiler/index.ts";
import { report } from "../../../grammar/index.ts";
import { adapterUpdates } from "../../adapters/index.ts";
import { at } from "../../at.ts";
import { chooseBackend, modelOf, openModel, type ProgramBackend, programBackends } from "../../backends/index.ts";
import { attempt, makeTemporaryFolder, writeAtomically } from "../../files/index.ts";
import { problemOf, type SignalWatch, watchSignals } from "../../machine/index.ts";
import type { Problem } from "../../text/index.ts";
import { BadVolumeError, type Batches } from "../../train/index.ts";
import { countOf, safetensorsPieces } from "../../weights/index.ts";
import { type CompiledSpec, compileReported } from "../compiled-spec.ts";
import { type DataOptions, dataFolderOf, reportSkipped, reportUncached } from "../data/open.ts";
import { overwriting } from "../overwriting.ts";
import { done, type Ended, problem, type Reporter, refuse, refuseBy, refused, reportRemark } from "../reporter.ts";
import { batchesOf } from "../train/batches.ts";
import { openSources, type Sources } from "../train/sources.ts";
import type { TrainTask } from "../train/task.ts";
import { remarkOn } from "../weights/first-values.ts";
import { openWeights, type WeightChoices } from "../weights/open.ts";
import { InputDirections } from "./input-directions.ts";
import { redistributedPlacements, redistributing, withoutRank } from "./redistributed.ts";
import { startedMetadata, startedTensors } from "./started-tensors.ts";
import { type VariantPlacements, writeVariant } from "./write-variant.ts";

export interface StartRequest extends Omit<DataOptions, "data"> {
  readonly spec: string;
  readonly set: readonly string[];
  /** Null for what the spec's `data` block names. */
  readonly data: string | null;
  readonly weights: string | null;
  readonly allowMissing: readonly string[];
  readonly choices: WeightChoices;
  readonly seed: number | null;
  /** The name of a backend that runs programs, or `auto`. */
  readonly backend: string;
  /** Batches that are read at most; null for all of an epoch. */
  readonly batches: number | null;
  /** Up to so many times its rank a module may get, where ranks are redistributed; 1 for the spec's own. */
  readonly rho: number;
  /** Whether directions are divided by the square roots of their singular values. */
  readonly whiten: boolean;
  /** The cosine between the directions of two batches from which on they are the same. */
  readonly converged: number;
  readonly file: string;
}

/** Why no adapter can start from directions of inputs: what it is, where that is known, such as one that contradicts its `peft` clause. */
function noLowRank(path: string, updates: readonly AdapterUpdate[]): Problem {
  const message = `${path} has no low-rank adapter on a linear module`;
  const other = updates.find((update) => update.kind === "other");
  if (other?.kind !== "other") return problem(message, "place one, of the library or of your own");
  return problem(`${message}: of \`${other.placement}\`, ${other.why}`, null);
}

/** What a module starts from. */
export interface StartedModule {
  readonly module: string;
  readonly rank: number;
  /** The share of the variance of its inputs that lies along its directions. */
  readonly share: number;
}

export interface Started {
  readonly modules: readonly StartedModule[];
  readonly batches: number;
  readonly tensors: number;
  readonly bytes: number;
  /** The placements that the file fits, where ranks were redistributed; and the spec with these, where it could be written. */
  readonly placements: readonly string[] | null;
  readonly variant: string | null;
}

/**
 * The first values of a spec's adapters, with `down` of each low-rank update as the leading principal directions of what its module reads
 * in training, and `up` as zeros: EVA (Paischer et al., 2024). With `rho` above 1 ranks are redistributed, and the spec's placements with
 * these ranks are written beside the file.
 */
export async function startAdapter(request: StartRequest, reporter: Reporter): Promise<Ended<Started>> {
  const { spec: path } = request;
  const over = overwriting([request.file], [request.weights, path]);
  if (over !== null) return refuse(over, reporter);
  const compiled = compileReported(request, reporter);
  if (compiled === null) return refused;
  const seed = request.seed ?? compiled.spec.settings.seed;
  const spec = { ...compiled.spec, settings: { ...compiled.spec.settings, seed } };
  const rows = spec.inMicroBatches === null ? spec : spec.inMicroBatches().spec;
  if (rows === null || buildProgram(rows, "step") === null)
    return refuseBy([report("no-such-program", path, { name: "step", why: whyNoStep(spec) })], reporter);
  const updates = adapterUpdates(spec, compiled.plan);
  const moments = inputMomentsOf(rows, updates);
  if (moments === null) return refuse(noLowRank(path, updates), reporter);
  const withoutOne =
    request.rho > 1
      ? withoutRank(
          spec,
          moments.inputs.flatMap(({ updates }) => updates),
        )
      : null;
  if (withoutOne !== null) {
    const message = `the rank of \`${withoutOne}\` cannot be redistributed: no \`peft\` clause of it says by which arguments it has rank and alpha`;
    const help = "leave out --rho, or write the clause: `peft LORA(r = rank, lora_alpha = alpha)`";
    return refuse(problem(message, help), reporter);
  }
  const data = dataFolderOf(request.data, path, spec);
  if (data === null)
    return refuse(
      problem("no training data specified", "add --data DIR, or `folder` to the spec's `data` block"),
      reporter,
    );
  noteLeft(moments.left, reporter);
  const signals = watchSignals();
  // What changes examples at random is for the steps of a training.
  const plain = { ...spec, data: { ...spec.data, augment: [] } };
  try {
    const task = taskOf(request, { ...compiled, spec: plain }, data, signals);
    return await startOn({ request, task, rows, moments }, reporter);
  } catch (error) {
    if (error instanceof BadVolumeError) return refuse(error.problem, reporter);
    return refuse(problemOf(error, request.file), reporter);
  } finally {
    reporter.progressEnd();
    signals.dispose();
  }
}

/** The data is read as a training reads it, which writes nothing here. */
function taskOf(request: StartRequest, compiled: CompiledSpec, data: string, signals: SignalWatch): TrainTask {
  const training = { adapter: null, launch: null, output: null, steps: null, resume: false };
  return {
    path: request.spec,
    compiled,
    data: { ...request, data },
    request: { ...request, ...training },
    signals,
    startedAt: new Date(),
  };
}

function noteLeft(left: readonly AdapterUpdate[], reporter: Reporter): void {
  const [first] = left;
  if (first === undefined) return;
  const more = left.length > 1 ? ` and ${left.length - 1} more` : "";
  const verb = left.length > 1 ? "keep their" : "keeps its";
  reporter.note(
    `\`${first.path}\`${more} ${verb} usual first values: only LoRA of linear modules starts from their inputs`,
  );
}

interface Start {
  readonly request: StartRequest;
  readonly task: TrainTask;
  /** The spec with the rows of a micro-batch. */
  readonly rows: TracedSpec;
  readonly moments: InputMoments;
}

async function startOn(start: Start, reporter: Reporter): Promise<Ended<Started>> {
  const sources = await openSources(null, start.task, reporter);
  if (sources === null) return refused;
  const temporary = makeTemporaryFolder("medctc-start");
  try {
    return await startFrom(start, sources, temporary, reporter);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
    reportUncached(sources.reading, reporter);
    await sources.reading.loader.dispose();
  }
}

async function startFrom(
  { request, task, rows, moments }: Start,
  sources: Sources,
  temporary: string,
  reporter: Reporter,
): Promise<Ended<Started>> {
  const chosen = chooseBackend<ProgramBackend>(request.backend, programBackends, (each) => each.load());
  if (chosen.kind === "unavailable") return refuse(problem(chosen.reason, `run: ${chosen.repair}`), reporter);
  const { backend, note } = chosen;
  if (note !== null) reporter.info(note);
  const { spec } = sources;
  const step = buildProgram(rows, "step");
  if (step === null) throw new Error("the spec has a step");
  // Products of inputs stay in 32 bits, whatever a step computes in.
  const program = backend.optimise(moments.program, { ...spec, settings: { ...spec.settings, precision: "f32" } });
  // The file has all that is trained, of which a step reads what these inputs do not depend on.
  const compiled = { ...task.compiled, spec };
  const weights = openWeights([program, step], compiled, { ...request, adapter: null });
  if (weights.kind === "wrong") return refuseBy(weights.diagnostics, reporter);
  for (const each of weights.notes) reporter.note(each);
  const remark = remarkOn(weights.firstValues, weights.origin, "train");
  if (remark !== null) reportRemark(remark, reporter);
  try {
    reporter.progress("loading");
    const opened = { runs: "programs", backend, model: modelOf(spec, [program]) } as const;
    const engine = await openModel(opened, weights.piecesOf, temporary);
    const found = moments.inputs.map((input) => new InputDirections(input, request.converged, request.rho));
    const redistribute = redistributing(found, compiled.plan, request.rho);
    const most = request.batches ?? sources.order.batchesPerEpoch;
    const batches = batchesOf({ ...sources, spec: withoutMicroBatches(spec) }, task);
    try {
      const { microBatch } = spec.settings;
      const read = { most, microBatch, batch: spec.settings.batch, signals: task.signals };
      const run = (inputs: Parameters<typeof engine.run>[1]) => engine.run(program.name, inputs);
      const ended = await readBatches(run, batches, { found, redistribute }, read, reporter);
      if (ended.kind !== "done") return ended;
      const few = found.find((each) => each.rows < each.rank);
      if (few !== undefined) return refuse(tooFewRows(few, ended.value), reporter);
      reporter.progress("computing directions");
      for (const each of found) each.settle();
      redistribute();
      noteFound(found, ended.value, most < sources.order.batchesPerEpoch, reporter);
      const drawn = { seed: spec.settings.seed, parameters: weights.firstValues.random };
      const tensors = startedTensors(compiled, weights.piecesOf, found, request.whiten);
      const { converged, rho, whiten } = request;
      const metadata = startedMetadata(sources.contract, drawn, { batches: ended.value, converged, rho, whiten });
      const saved = attempt(request.file, () => {
        mkdirSync(dirname(request.file), { recursive: true });
        writeAtomically(request.file, safetensorsPieces(tensors, metadata));
      });
      if (saved.kind === "failed") return refuse(saved.problem, reporter);
      const bytes = [...tensors.values()].reduce((sum, { shape }) => sum + 4 * countOf(shape), 0);
      const placements = rho === 1 ? null : redistributedPlacements(compiled, found);
      const variant = placements === null ? null : writeRanked(request, placements, reporter);
      const written = { batches: ended.value, tensors: tensors.size, bytes };
      return done({ modules: found.flatMap(modulesOf), ...written, placements: placements?.lines ?? null, variant });
    } finally {
      await engine.dispose();
    }
  } finally {
    weights.close();
  }
}

function writeRanked({ spec, file }: StartRequest, placements: VariantPlacements, reporter: Reporter): string | null {
  const path = `${file.replace(/\.safetensors$/, "")}.vlm`;
  return writeVariant({ path, spec, placements, title: `What ${basename(file)} is for` }, reporter);
}

/** Rows are asked for once here, where a step in micro-batches asks for them twice. */
function withoutMicroBatches(spec: TracedSpec): TracedSpec {
  return { ...spec, settings: { ...spec.settings, microBatch: spec.settings.batch } };
}

/** Reads batches in the order of a training until the directions of all inputs stay, and gives how many these were. */
async function readBatches(
  run: (inputs: ReadonlyMap<string, Float32Array | Int32Array>) => Promise<ReadonlyMap<string, Float32Array>>,
  batches: Batches,
  { found, redistribute }: { readonly found: readonly InputDirections[]; readonly redistribute: () => void },
  { most, batch, microBatch, signals }: { most: number; batch: number; microBatch: number; signals: SignalWatch },
  reporter: Reporter,
): Promise<Ended<number>> {
  const modules = found.reduce((sum, { input }) => sum + input.updates.length, 0);
  for (let step = 0; step < most; step++) {
    const { rows, shared } = batches.at(step, most);
    for (let from = 0; from < batch; from += microBatch) {
      const outputs = await run(new Map([...(await rows(from, microBatch)), ...shared]));
      for (const each of found) each.add(outputs);
      await letOthersRun();
      const signal = signals.requested();
      if (signal !== null) return { kind: "stopped", signal };
    }
    for (const skipped of batches.takeSkipped()) {
      reporter.progressEnd();
      reportSkipped(skipped, reporter);
    }
    const wrong = found.find((each) => !each.isFinite());
    if (wrong !== undefined) {
      const message = `the inputs of \`${at(wrong.input.updates, 0).module}\` are not finite`;
      return refuse(problem(message, `check these volumes: ${batches.lastNames().join(", ")}`), reporter);
    }
    for (const each of found) each.find();
    const converged = found.reduce((sum, each) => sum + (each.isConverged ? each.input.updates.length : 0), 0);
    reporter.progress(`batch ${step + 1} of ${most}, converged ${converged} of ${printNumberOf(modules, "module")}`);
    if (converged === modules) return done(step + 1);
    if (found.every(({ rows, rank }) => rows >= rank)) redistribute();
  }
  return done(most);
}

function tooFewRows({ rows, rank, input }: InputDirections, batches: number) {
  const { module } = at(input.updates, 0);
  const isRank = input.updates.some((each) => each.rank === rank);
  const message = `\`${module}\` reads ${printNumberOf(rows, "row")} in ${countBatches(batches)}, fewer than ${isRank ? `its rank ${rank}` : `${rank} directions`}`;
  return problem(message, `read more with --batches, or use a lower rank${isRank ? "" : " or --rho"}`);
}

function noteFound(found: readonly InputDirections[], batches: number, isPart: boolean, reporter: Reporter): void {
  reporter.progressEnd();
  const moving = found.filter(({ isConverged }) => !isConverged).flatMap(({ input }) => input.updates);
  if (isPart && moving.length > 0) {
    const which = `\`${at(moving, 0).module}\`${moving.length > 1 ? ` and ${moving.length - 1} more` : ""}`;
    reporter.warning(`${which} had not converged after ${countBatches(batches)}: raise --batches`);
  }
  for (const each of found) {
    const { input } = each;
    const rank = Math.max(...each.ranks);
    const directions = each.directions();
    if (directions >= rank) continue;
    const { module } = at(input.updates, 0);
    reporter.note(
      `the inputs of \`${module}\` vary along ${printNumberOf(directions, "direction")}: others of its rank ${rank} are arbitrary`,
    );
  }
}

/** `3 batches` */
export function countBatches(count: number): string {
  return `${count} ${count === 1 ? "batch" : "batches"}`;
}

function modulesOf(found: InputDirections): readonly StartedModule[] {
  const shares = found.shares();
  return found.input.updates.map(({ module }, place) => {
    const rank = at(found.ranks, place);
    return { module, rank, share: shares.slice(0, rank).reduce((sum, each) => sum + each, 0) };
  });
}
