import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach } from "vitest";
import {
  asUpdate,
  blocksOf,
  loraPartsOf,
  normOf,
  normOfDifference,
  readAdapter,
} from "../../runtime/adapters/index.ts";
import { type CombineRequest, combineAdapters } from "../../runtime/app/adapters/combine.ts";

import { type PruneRequest, pruneAdapter } from "../../runtime/app/adapters/prune.ts";
import { adapterSpectra, type SpectraRequest } from "../../runtime/app/adapters/spectra.ts";
import { noCard } from "../../runtime/app/export/card.ts";
import { compilePath } from "../../runtime/specs/index.ts";
import { writeRecord } from "../../runtime/train/index.ts";
import { elementsOf, readSafetensors, type StoredTensor, writeSafetensors } from "../../runtime/weights/index.ts";
import { fixture } from "./combine-cases.ts";
import { listeningReporter } from "./listening-reporter.ts";
import { jsonFields } from "./small-spec.ts";

export const small = "specs/medct-small.vlm";
export const ctclip = "test/fixtures/ctclip-small";
export const peft = join(ctclip, "peft_adapter");
export const north = join(fixture, "north");
export const south = join(fixture, "south");
/** Of the ranks 2 and 3. */
export const few = join(fixture, "small");

export function spectra(adapter: string, more: Partial<SpectraRequest> = {}) {
  const reporter = listeningReporter();
  const none = {
    other: null,
    forSpec: null,
    weights: null,
    copy: null,
    rank: null,
    energy: null,
    folder: null,
    card: noCard,
  };
  const ended = adapterSpectra({ adapter, ...none, ...more }, reporter);
  return { ended, value: ended.kind === "done" ? ended.value : null, heard: reporter.heard };
}

export function tensorsIn(file: string): ReadonlyMap<string, StoredTensor> {
  return readSafetensors(file, readFileSync(file));
}

export function* plain(all: ReadonlyMap<string, StoredTensor>) {
  for (const [name, tensor] of all)
    yield [name, { shape: tensor.shape, data: Float32Array.from(elementsOf(tensor)) }] as const;
}

/** How far the updates of two adapters are from each other, in units of the first's length. */
export function distance(one: string, two: string): number {
  const [a, b] = [one, two].map((path) => {
    const read = readAdapter(join(path, "adapter_model.safetensors"));
    if (read.kind === "wrong") throw new Error(read.diagnostic.message);
    return new Map(
      [...loraPartsOf(read).modules].map(([name, { matrices, scale }]) => [name, asUpdate(blocksOf(matrices, scale))]),
    );
  });
  let [sum, length] = [0, 0];
  for (const [name, update] of a ?? []) {
    const other = b?.get(name);
    sum += (other === undefined ? normOf(update) : normOfDifference(update, other)) ** 2;
    length += normOf(update) ** 2;
  }
  return Math.sqrt(sum / length);
}

/** Requests to the arithmetic on adapters, each with a new folder for its result, and adapters that are made for a test. */
export function arithmeticOn() {
  const folder = mkdtempSync(join(tmpdir(), "medctc-arithmetic-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  let made = 0;
  let current = "";
  beforeEach(() => {
    current = join(folder, String(made++));
  });
  /** The folder for the results of a test. */
  const into = (): string => current;

  function combine(adapters: readonly string[], more: Partial<CombineRequest> = {}) {
    const reporter = listeningReporter();
    const none = { density: null, sign: null, seed: null, rank: null, clamp: null };
    const request = {
      ...none,
      weights: null,
      method: "svd" as const,
      forSpec: null,
      folder: into(),
      card: noCard,
      adapters,
      ...more,
    };
    const ended = combineAdapters(request, reporter);
    return { ended, value: ended.kind === "done" ? ended.value : null, heard: reporter.heard };
  }

  function prune(adapter: string, more: Partial<PruneRequest> = {}) {
    const reporter = listeningReporter();
    const ended = pruneAdapter(
      { adapter, density: null, threshold: null, forSpec: null, folder: into(), card: noCard, ...more },
      reporter,
    );
    return { ended, value: ended.kind === "done" ? ended.value : null, heard: reporter.heard };
  }

  /** Copies a folder of PEFT's with other tensors or another config. */
  function changed(
    from: string,
    tensors: (
      all: ReadonlyMap<string, StoredTensor>,
    ) => Iterable<readonly [string, { shape: readonly number[]; data: Float32Array }]>,
    config: Readonly<Record<string, unknown>> = {},
    metadata: ReadonlyMap<string, string> = new Map(),
  ): string {
    const copy = join(folder, `copy-${made++}`);
    cpSync(from, copy, { recursive: true });
    const file = join(copy, "adapter_model.safetensors");
    writeFileSync(file, writeSafetensors(new Map(tensors(tensorsIn(file))), metadata));
    const fields = jsonFields(readFileSync(join(copy, "adapter_config.json"), "utf8"));
    writeFileSync(join(copy, "adapter_config.json"), JSON.stringify({ ...fields, ...config }));
    return copy;
  }

  /** A folder as a run leaves it: trained LoRA by the spec's own names, and the record of the spec. */
  function runFolder(spec: string): string {
    const run = join(folder, `run-${made++}`);
    mkdirSync(run);
    cpSync(join(ctclip, "lora.safetensors"), join(run, "adapter.safetensors"));
    const zero = { batch: 1, steps: 1, stepsPerEpoch: 1, seed: 0 };
    const { text } = compilePath(spec);
    writeRecord(run, {
      medctc: "0",
      spec,
      text,
      backend: "onnx",
      precision: "f32",
      startedAt: "",
      end: null,
      parameters: null,
      times: null,
      ...zero,
    });
    return run;
  }

  return { folder, into, combine, prune, changed, runFolder };
}
