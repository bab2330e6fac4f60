import { statfsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { volumeShape } from "../../../compiler/channel-windows.ts";
import { defaultData, labelColumns } from "../../../compiler/index.ts";
import {
  arrayBytes,
  contractOf,
  type DataInputs,
  examplesToPack,
  type FileInput,
  fileInputs,
  findDataInputs,
  findVocabulary,
  largestMember,
  PackFolder,
  type PackNeeds,
  type PackSettings,
  type PlannedShard,
  packShards,
  pictureNames,
  plainVolume,
  planShards,
  VolumeLoader,
} from "../../data/index.ts";
import { problemOf, type SignalWatch, watchSignals } from "../../machine/index.ts";
import { listWords, printCount, printDuration } from "../../text/index.ts";
import { compileReported } from "../compiled-spec.ts";
import { done, type Ended, misused, problem, type Reporter, refuse, refused } from "../reporter.ts";
import { settleData, unpackable } from "./contract.ts";
import { isUsable, reportSkipped } from "./open.ts";

export interface DataPackRequest {
  /** The data set. */
  readonly data: string;
  /** The folder of the shards. */
  readonly output: string;
  /** A spec whose `data` block says how volumes are preprocessed; null for CT-CLIP's own. */
  readonly spec: string | null;
  /** Assignments that hold instead of what it says. */
  readonly set: readonly string[];
  readonly split: PackNeeds["split"];
  readonly storage: PackSettings["storage"];
  readonly shardBytes: number;
  readonly skipBad: boolean;
  /** Threads that read volumes; null for what the machine has. */
  readonly workers: number | null;
}

/** What was packed. */
export interface DataPack {
  readonly shards: number;
  /** Shards that were there already. */
  readonly kept: number;
  readonly examples: number;
  readonly splits: { readonly train: number; readonly valid: number };
  readonly bytes: number;
  readonly skipped: number;
}

/** Preprocessed volumes that wait to be written take that much at most, besides two of them. */
const aheadBytes = 2 ** 30;
/** A vocabulary of BERT's kind has a quarter million bytes, a large one ten million. */
const largestVocabulary = 32 * 2 ** 20;

/** Preprocesses the examples of a data set and writes them into shards, from which training and evaluation read them. */
export async function packData(request: DataPackRequest, reporter: Reporter): Promise<Ended<DataPack>> {
  const { data, output, storage } = request;
  if (request.shardBytes === 0) {
    reporter.problem(problem("a shard of 0 bytes has no room for an example", "use --shard-size 1GB"));
    return misused;
  }
  const compiled = request.spec === null ? null : compileReported({ spec: request.spec, set: request.set }, reporter);
  if (request.spec !== null && compiled === null) return refused;
  const spec = compiled?.spec ?? null;
  const inputs = spec === null ? null : findDataInputs(spec);
  if (inputs?.kind === "failed") return refuse(inputs.problem, reporter);
  const said = spec?.data ?? defaultData;
  const needs = { files: [null], texts: [null], labels: null } as const;
  const taken = inputs?.value ?? { inputs: [plainVolume(said)], needs };
  const unheld = unpackable(taken, said);
  if (unheld !== null) return refuse(unheld, reporter);
  const classes = spec === null ? [] : labelColumns(spec.evaluation);
  const { files, texts, labels } = taken.needs;
  const evaluated = classes.length === 0 ? null : classes;
  const found = await examplesToPack(data, said, {
    files,
    texts,
    split: request.split,
    trained: labels,
    evaluated,
  });
  const examples = found.examples.map(({ example }) => example);
  const dataset = { ...found, examples };
  if (!isUsable(dataset, request, reporter)) return refused;
  const settled = await settleData(said, [dataset], taken, request.skipBad, reporter);
  if (settled === null) return refused;
  const reads = files.map((_, place) => readingOf(settled.inputs, place));
  const orientations = new Set(settled.orientations.values());
  const [orientation = null] = orientations.size === 1 ? orientations : [];
  const pack: PackSettings = {
    contract: contractOf(said, orientation),
    volumes: reads.flatMap((input) => (input.kind === "volume" ? [input.settings] : [])),
    ...{ storage, files, shape: volumeShape(said), columns: found.columns },
    pictures: pictureNames(
      reads.map(({ kind }, place) => ({
        column: files[place] ?? found.columns.file ?? "image",
        isPicture: kind === "image",
      })),
    ),
    texts: texts.map((columns) => columns ?? said.text),
    name: shardName(data),
    shardBytes: request.shardBytes,
  };
  if (reads.some(({ kind }) => kind === "volume") && arrayBytes(pack.shape, storage) > largestMember) {
    return refuse(
      problem("a volume of this `size` is too large for a member of a shard", "use --storage f16"),
      reporter,
    );
  }
  const plan = planShards(found.examples, pack);
  const loader = new VolumeLoader({
    // Each volume is read once, so nothing of it is needed a second time.
    cache: null,
    ahead: aheadOf(pack),
    ...(request.workers === null ? {} : { workers: request.workers }),
  });
  const signals = watchSignals();
  let folder: PackFolder | null = null;
  try {
    const opened = PackFolder.open(output);
    if (opened.kind === "failed") return refuse(opened.problem, reporter);
    folder = opened.value;
    return await packInto(folder, plan, { pack, reads, loader, request, signals }, reporter);
  } catch (error) {
    return refuse(problemOf(error, output), reporter);
  } finally {
    reporter.progressEnd();
    signals.dispose();
    folder?.close();
    await loader.dispose();
  }
}

interface Packing {
  readonly pack: PackSettings;
  readonly reads: readonly FileInput[];
  readonly loader: VolumeLoader;
  readonly request: DataPackRequest;
  readonly signals: SignalWatch;
}

async function packInto(
  folder: PackFolder,
  plan: readonly PlannedShard[],
  { pack, reads, loader, request, signals }: Packing,
  reporter: Reporter,
): Promise<Ended<DataPack>> {
  const short = spaceProblem(folder, plan);
  if (short !== null) return refuse(short, reporter);
  const vocabulary = findVocabulary(request.data);
  if (vocabulary !== null) folder.copy(vocabulary, basename(vocabulary), largestVocabulary);
  const all = plan.reduce((sum, { examples }) => sum + examples.length, 0);
  const start = performance.now();
  const { stopped, dispose } = whenStopped(signals);
  const end = await packShards({
    ...{ folder, plan, settings: pack, inputs: reads, loader, ahead: aheadOf(pack), skipBad: request.skipBad, stopped },
    tell: (count, packed) => {
      const seconds = (performance.now() - start) / 1000;
      const left = packed < fewest ? "" : `, ${printDuration(((all - count) * seconds) / packed)} left`;
      reporter.progress(`packing ${count} of ${all}${left}`);
    },
    skip: (each) => {
      reporter.progressEnd();
      reportSkipped(each, reporter);
    },
  });
  dispose();
  reporter.progressEnd();
  switch (end.kind) {
    case "packed": {
      const { shards } = end.manifest;
      const sum = (count: (shard: (typeof shards)[number]) => number): number =>
        shards.reduce((total, shard) => total + count(shard), 0);
      return done({
        shards: shards.length,
        kept: end.kept,
        examples: sum(({ examples }) => examples),
        splits: { train: sum(({ splits }) => splits.train), valid: sum(({ splits }) => splits.valid) },
        bytes: sum(({ bytes }) => bytes),
        skipped: sum(({ skipped }) => skipped.length),
      });
    }
    case "stopped":
      reporter.info(`stopped; ${completeOf(end.complete, plan)}`);
      return { kind: "stopped", signal: signals.requested() ?? "SIGINT" };
    case "bad":
      reporter.problem(end.problem);
      reporter.info(completeOf(end.complete, plan));
      return refuse(problem("packing stopped at this file", "add --skip-bad to skip such files"), reporter);
  }
}

/** How a file is read, which inputs that take it agree on. */
function readingOf(taken: DataInputs, file: number): FileInput {
  const found = fileInputs(taken).find((input) => input.file === file);
  if (found === undefined) throw new Error("invariant: each file that is needed is an input's");
  return found;
}

function completeOf(complete: number, plan: readonly PlannedShard[]): string {
  const which = `${printCount(complete)} of ${printCount(plan.length)} shards`;
  return `${which} ${complete === 1 ? "is" : "are"} complete; the same command resumes there`;
}

/** Before that many volumes the time that is left would be a guess. */
const fewest = 3;

function aheadOf({ shape }: PackSettings): number {
  const volumeBytes = 4 * shape.reduce((product, size) => product * size, 1);
  return Math.max(2, Math.min(16, Math.floor(aheadBytes / volumeBytes)));
}

/** What the names of shards start with: the data set's own name, as far as it can be part of a file's name anywhere. */
function shardName(data: string): string {
  const name = basename(resolve(data))
    .replace(/\.tar$/i, "")
    .replace(/[^\w-]+/g, "-")
    .slice(0, 60);
  return name.replace(/^-+|-+$/g, "") || "data";
}

/** A disk that cannot take the shards is known before the first of them is written. */
function spaceProblem({ path, before }: PackFolder, plan: readonly PlannedShard[]) {
  const known = new Map((before?.shards ?? []).map((shard) => [shard.name, shard.bytes]));
  // Each shard is written beside the one that it replaces.
  const [largest = 0] = plan.map(({ bytes }) => bytes).toSorted((a, b) => b - a);
  const needed = plan.reduce((sum, { name, bytes }) => sum + Math.max(0, bytes - (known.get(name) ?? 0)), 0);
  const { bavail, bsize } = statfsSync(path);
  const free = bavail * bsize;
  const all = needed === 0 ? 0 : Math.max(needed, known.size === 0 ? 0 : largest);
  if (all <= free) return null;
  const message = `the shards need ${gigabytes(all)}, and the disk has ${gigabytes(free)} left`;
  const help = `use ${listWords(["another disk", "--storage f16", "--split train"], "or")}`;
  return { subject: path, message, help };
}

function gigabytes(bytes: number): string {
  return `${(bytes / 1e9).toPrecision(3)} GB`;
}

/** Settles when a signal has asked for an end; looked for so often that its user sees that it was heard. */
function whenStopped(signals: SignalWatch): { readonly stopped: Promise<"stopped">; readonly dispose: () => void } {
  let dispose = (): void => undefined;
  const stopped = new Promise<"stopped">((settle) => {
    const timer = setInterval(() => {
      if (signals.requested() !== null) settle("stopped");
    }, 100);
    dispose = () => clearInterval(timer);
  });
  return { stopped, dispose };
}
