import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { type AdapterUpdate, changingAtStart } from "../../../../compiler/index.ts";
import { adapterUpdates } from "../../../adapters/index.ts";
import { type IntegerWeights, onnxFiles } from "../../../backends/onnx/index.ts";
import { storageProblem } from "../../../files/index.ts";
import { ProblemError } from "../../../text/index.ts";
import { specsOfRuns } from "../../adapters/adapted-spec.ts";
import type { CompiledSpec, SpecRequest } from "../../compiled-spec.ts";
import { overwriting } from "../../overwriting.ts";
import { done, type Ended, misused, problem, type Refused, type Reporter, refuse } from "../../reporter.ts";
import { contractWith } from "../../weights/contract-agreement.ts";
import { keptPaths } from "../../weights/kept-tensors.ts";
import type { GivenWeights } from "../../weights/open.ts";
import {
  type EmitRequest,
  type EmittedPrograms,
  type ExportedProgram,
  emitPrograms,
  exportedPrograms,
  type ProgramForm,
} from "../emit-programs.ts";
import { type BaseRequest, keepBase, newBase, type OpenBase, placesOf } from "./base.ts";
import { baseName, type Manifest, manifestFile, readManifest, type ServedAdapter, writeManifest } from "./manifest.ts";
import { type NamedAdapter, readNamedAdapters, takenName } from "./named-adapter.ts";
import { type Base, openServed, ranksNeeded, type ServedWeights } from "./open-adapter.ts";
import { adaptersFolder, servedFiles, writeServedAdapter } from "./write-adapter.ts";

export interface ExportServedRequest extends SpecRequest, ProgramForm, Omit<GivenWeights, "adapter"> {
  /** The folder of the base and its adapters. */
  readonly onnx: string;
  /** Null for all that can be served. */
  readonly program: ExportedProgram | null;
  /** Adapters as `NAME=PATH`. */
  readonly adapters: readonly string[];
  /** Adds adapters to the base that is in the folder, instead of writing it. */
  readonly keepBase: boolean;
  /** The base's weights of products and tables as 8-bit integers with a scale for each output channel; adapters are never. */
  readonly int8: boolean;
}

/** What a folder has now, and what was written. */
export interface ServedExport {
  readonly programs: readonly string[];
  /** The names of all adapters, those that were there before and the base's too. */
  readonly adapters: readonly string[];
  readonly written: readonly string[];
  readonly adapterBytes: number;
  /** What became of each weight with `int8`; null without, and for a base that was kept. */
  readonly integers: IntegerWeights | null;
  readonly manifest: Manifest;
  readonly compiled: CompiledSpec;
}

/** Writes a model once with adapters that are switched by name, each run of it being given one; or more adapters for such a model. */
export async function exportServed(request: ExportServedRequest, reporter: Reporter): Promise<Ended<ServedExport>> {
  const named = readNamedAdapters(request.adapters);
  const wrong = named.kind === "failed" ? named.problem : misuse(request);
  if (named.kind === "failed" || wrong !== null) {
    if (wrong !== null) reporter.problem(wrong);
    return misused;
  }
  try {
    return await exportNamed(named.value, request, reporter);
  } catch (error) {
    if (error instanceof ProblemError) return refuse(error.problem, reporter);
    return refuse(storageProblem(request.onnx, error), reporter);
  } finally {
    reporter.progressEnd();
  }
}

async function exportNamed(
  named: readonly NamedAdapter[],
  request: ExportServedRequest,
  reporter: Reporter,
): Promise<Ended<ServedExport>> {
  const folder = resolve(request.onnx);
  const before = readManifest(folder);
  if (request.keepBase && before === null) {
    const help = "leave out --keep-base to write the base too";
    return refuse({ subject: request.onnx, message: "it has no base with an adapters.json", help }, reporter);
  }
  const kept = request.keepBase ? before : null;
  const taken = kept === null ? null : takenName(named, Object.keys(kept.adapters));
  if (taken !== null) return refuse(taken, reporter);
  const form = kept ?? request;
  const wanted = kept === null ? wantedOf(request) : exportedPrograms.filter((name) => name in kept.base.programs);
  const plain = {
    ...{ ...request, half: form.half, batch: form.batch, wanted, merge: false, served: servedPaths },
    ...(kept === null ? {} : { inSingle: singlesOf(kept) }),
  };
  const room = withRoomFor(named, plain, kept, reporter);
  if (room.kind === "refused") return room;
  const { asked, emitted, updates, raisedRanks } = room;
  const { compiled, models } = emitted;
  const paths = servedPaths(compiled);
  const served = new Map(
    [...models.values()].flatMap(({ inputs }) =>
      inputs.flatMap(({ name, type }) => (paths.has(name) ? [[name, type] as const] : [])),
    ),
  );
  if (served.size === 0) {
    return refuse(problem("the spec has no adapters and trains nothing: there is nothing to switch", null), reporter);
  }
  const files = onnxFiles(folder);
  const given: BaseRequest = {
    ...request,
    set: asked.set,
    half: form.half,
    asked,
    emitted,
    served,
    files,
    raisedRanks,
    places: placesOf(emitted, files),
  };
  const written = [
    ...(kept === null ? [...[...models.keys()].map((name) => files.model(name)), files.frozen, files.trainable] : []),
    manifestFile,
    ...named.flatMap(({ name }) => servedFiles(name, [...models.keys()])),
  ];
  const over = overwriting(
    written.map((name) => join(folder, name)),
    [request.weights, request.spec, ...named.map(({ path }) => path)],
  );
  if (over !== null) return refuse(over, reporter);
  const opened = kept === null ? await newBase(given, reporter) : keepBase(given, kept, reporter);
  if (opened.kind === "refused") return opened;
  try {
    const { request: base } = opened;
    const adapters = openAll({ named, updates, isKept: kept !== null }, opened, base, reporter);
    if (adapters.kind === "refused") return adapters;
    try {
      const manifest = opened.manifest(reporter);
      const written = writeAll(manifest, opened, adapters, base, reporter);
      noteLeft(before, written, reporter);
      return done(written);
    } finally {
      for (const { close } of adapters.weights.values()) close();
    }
  } finally {
    opened.close();
  }
}

interface Room {
  readonly kind: "room";
  readonly asked: EmitRequest;
  readonly emitted: EmittedPrograms;
  readonly updates: readonly AdapterUpdate[];
  readonly raisedRanks: ReadonlyMap<string, number>;
}

/** The programs of a base, of the highest rank of its adapters; one that is kept has the ranks that it was written with. */
function withRoomFor(
  named: readonly NamedAdapter[],
  plain: EmitRequest & ExportServedRequest,
  kept: Manifest | null,
  reporter: Reporter,
): Room | Refused {
  const keptRanks = new Map(Object.entries(kept?.raised_ranks ?? {}));
  const asked = withRanks(plain, keptRanks);
  const emitted = emitPrograms(asked, reporter);
  if (emitted.kind === "refused") return emitted;
  const updatesOf = ({ compiled }: EmittedPrograms): readonly AdapterUpdate[] => {
    reporter.progress("analysing adapters");
    const updates = named.length === 0 ? [] : adapterUpdates(compiled.spec, compiled.plan);
    reporter.progressEnd();
    return updates;
  };
  const updates = updatesOf(emitted);
  const raised = kept === null ? ranksNeeded(named, updates, emitted.compiled.plan, plain) : new Map<string, number>();
  if (raised.size === 0) return { kind: "room", asked, emitted, updates, raisedRanks: keptRanks };
  for (const [name, rank] of raised)
    reporter.note(`the base has room for rank ${rank} of \`${name}\`, the highest of its adapters`);
  const wider = withRanks(plain, raised);
  const again = emitPrograms(wider, reporter);
  if (again.kind === "refused") return again;
  return { kind: "room", asked: wider, emitted: again, updates: updatesOf(again), raisedRanks: raised };
}

function withRanks<Request extends EmitRequest>(request: Request, ranks: ReadonlyMap<string, number>): Request {
  const assignments = [...ranks].map(([name, rank]) => `model.${name}.rank = ${rank}`);
  return { ...request, set: [...request.set, ...assignments] };
}

/** Files of an earlier base's adapters stay, and are easily taken for some of the new one's. */
function noteLeft(before: Manifest | null, { adapters }: ServedExport, reporter: Reporter): void {
  const left = Object.keys(before?.adapters ?? {}).filter((name) => !adapters.includes(name));
  if (left.length === 0) return;
  const which = left.length === 1 ? "an adapter" : `${left.length} adapters`;
  reporter.note(`adapters.json no longer lists ${which} of the earlier base: ${left.join(", ")}`);
}

function singlesOf({ in_single: places }: Manifest): ReadonlyMap<ExportedProgram, ReadonlySet<number>> {
  return new Map(exportedPrograms.map((name) => [name, new Set(places[name] ?? [])]));
}

/**
 * What an adapter may have values of: what is trained, and what a run saves besides, which differs from one run to another
 * though nothing trains it.
 */
function servedPaths(compiled: CompiledSpec): ReadonlySet<string> {
  return new Set([...compiled.spec.trainable, ...keptPaths(compiled)]);
}

function misuse({ onnx, program }: ExportServedRequest) {
  if (onnx.endsWith(".onnx")) return problem("--serve writes a folder", "give --onnx a folder");
  if (program === "step") return problem("--serve is not for the training step", "choose another --program");
  return null;
}

function wantedOf({ program }: ExportServedRequest): readonly ExportedProgram[] {
  return program === null ? exportedPrograms.filter((name) => name !== "step") : [program];
}

interface OpenAdapters {
  readonly kind: "open";
  readonly named: readonly NamedAdapter[];
  readonly weights: ReadonlyMap<string, ServedWeights>;
}

const noUpdates: ServedWeights["updates"] = { ranks: [], paddedTo: [] };

/** Opens all adapters before anything is written. */
function openAll(
  { named, ...about }: Pick<Base, "updates" | "isKept"> & { readonly named: readonly NamedAdapter[] },
  { stored, asStored }: OpenBase,
  { emitted, served, places, ...given }: BaseRequest,
  reporter: Reporter,
): OpenAdapters | Refused {
  const { compiled, programs } = emitted;
  const all = { compiled, programs: [...programs.values()], served: new Set(served.keys()) };
  const base = { ...about, ...all, places, stored, asStored, specOfRun: specsOfRuns() };
  const weights = new Map<string, ServedWeights>();
  for (const adapter of named) {
    const opened = openServed(adapter, base, given, reporter);
    if (opened.kind === "refused") {
      for (const { close } of weights.values()) close();
      return opened;
    }
    weights.set(adapter.name, opened);
  }
  return { kind: "open", named, weights };
}

/** Writes adapters and then the manifest, which lists nothing that is not there. */
function writeAll(
  manifest: Manifest,
  { first, integers }: OpenBase,
  { named, weights }: OpenAdapters,
  { emitted: { compiled }, served, files: { folder } }: BaseRequest,
  reporter: Reporter,
): ServedExport {
  mkdirSync(join(folder, adaptersFolder), { recursive: true });
  const write = (
    name: string,
    path: string | null,
    { piecesOf, updates }: Pick<ServedWeights, "piecesOf" | "updates">,
  ): ServedAdapter => {
    reporter.progress(`writing the adapter ${name}`);
    return writeServedAdapter(folder, served, manifest.base.programs, piecesOf, {
      name,
      base: manifest.base.sha256,
      placements: path === null ? [] : compiled.plan.placements.map((placement) => placement.text),
      updates,
      contract: contractWith(compiled.spec, path),
    });
  };
  const written = new Map<string, ServedAdapter>();
  const [changing] = first === null ? [] : changingAtStart(compiled.spec, compiled.plan);
  if (changing !== undefined)
    reporter.note(
      `there is no adapter \`${baseName}\`: no values of \`${changing}\` are those of the model without it`,
    );
  else if (first !== null) written.set(baseName, write(baseName, null, { piecesOf: first, updates: noUpdates }));
  for (const { name, path } of named) {
    const opened = weights.get(name);
    if (opened !== undefined) written.set(name, write(name, path, opened));
  }
  const adapters = { ...manifest.adapters, ...Object.fromEntries(written) };
  const whole = { ...manifest, adapters };
  writeManifest(folder, whole);
  return {
    programs: Object.values(manifest.base.programs).map(({ file }) => file),
    adapters: Object.keys(adapters),
    written: [...written.keys()],
    adapterBytes: [...written.values()].at(-1)?.safetensors.bytes ?? 0,
    manifest: whole,
    integers,
    compiled,
  };
}
