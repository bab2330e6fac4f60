import { mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import * as v from "valibot";
import type { Rates } from "../../compiler/index.ts";
import { isSystemError, kindOfPath, readFileText, writeAtomically } from "../files/index.ts";
import { readOwnJson } from "../json/index.ts";
import { cacheFolder } from "./cache-folder.ts";
import { processorName } from "./processor.ts";
import { version } from "./version.ts";

/** What a backend was found to do in a second. */
export interface BackendRates {
  /** The backend's name. */
  readonly backend: string;
  /** The day of the measurement, `2026-11-30`. */
  readonly measured: string;
  /** The medctc that measured. */
  readonly version: string;
  readonly rates: Rates;
}

/** What was measured on a machine, backend by backend. */
export interface MachineRates {
  readonly processor: string;
  readonly threads: number;
  /** Voxels of gzipped volumes that one thread reads and preprocesses in a second; null where that was not measured. */
  readonly voxelsRead: number | null;
  readonly backends: readonly BackendRates[];
}

/** What is stored of this machine: rates, nothing, or in words why what is stored says nothing of it. */
export type StoredRates =
  | { readonly kind: "rates"; readonly rates: MachineRates }
  | { readonly kind: "none" }
  | { readonly kind: "refused"; readonly why: string };

/** Bytes that the file has at most: it has some hundred a backend. */
const largest = 2 ** 16;

const rate = v.pipe(v.number(), v.finite(), v.gtValue(0));

const seconds = v.pipe(v.number(), v.finite(), v.minValue(0));

const machineRates = v.object({
  processor: v.string(),
  threads: v.pipe(v.number(), v.safeInteger()),
  voxelsRead: v.optional(v.nullable(rate), null),
  backends: v.array(
    v.object({
      backend: v.string(),
      measured: v.pipe(v.string(), v.isoDate()),
      version: v.string(),
      rates: v.object({
        productFlops: v.object({ f32: rate, bf16: v.nullable(rate) }),
        bytes: rate,
        operationSeconds: seconds,
        runSeconds: seconds,
      }),
    }),
  ),
});

/** Where the rates of this machine are. */
export function ratesPath(cache: string = cacheFolder()): string {
  return join(cache, "rates.json");
}

/** Reads what is stored; a home folder may be on several machines, and rates of another one say nothing of this. */
export function readRates(cache?: string, processor = processorName(), threads = availableParallelism()): StoredRates {
  try {
    const path = ratesPath(cache);
    if (kindOfPath(path) === "absent") return { kind: "none" };
    const rates = readOwnJson(readFileText(path, largest), machineRates);
    if (rates === null) return { kind: "refused", why: `${path} is damaged` };
    if (rates.processor === processor && rates.threads === threads) return { kind: "rates", rates };
    return {
      kind: "refused",
      why: `${path} is of another machine, with ${rates.threads} threads of ${printable(rates.processor)}`,
    };
  } catch (error) {
    // A user without a home folder has no rates, and a file that cannot be read is none.
    if (isSystemError(error) && error instanceof Error) return { kind: "refused", why: error.message };
    throw error;
  }
}

/** Stores rates of this machine, beside those of other backends that were found on it before. Gives what is stored then. */
export function writeRates(
  { backends: found, voxelsRead }: Pick<MachineRates, "backends" | "voxelsRead">,
  cache?: string,
): MachineRates {
  const stored = readRates(cache);
  const before = stored.kind === "rates" ? stored.rates.backends : [];
  const names = new Set(found.map(({ backend }) => backend));
  const rates: MachineRates = {
    processor: processorName(),
    threads: availableParallelism(),
    voxelsRead,
    backends: [...before.filter(({ backend }) => !names.has(backend)), ...found],
  };
  const path = ratesPath(cache);
  mkdirSync(dirname(path), { recursive: true });
  writeAtomically(path, `${JSON.stringify(rates, null, 2)}\n`);
  return rates;
}

/** Rates that were found now, by this program. */
export function ratesOf(backend: string, rates: Rates, now: Date): BackendRates {
  return { backend, measured: now.toISOString().slice(0, 10), version, rates };
}

/** A name from a file, on a terminal. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 100);
}
