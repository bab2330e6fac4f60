import { mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import * as v from "valibot";
import type { ExchangeRates, Rates } from "../../compiler/index.ts";
import { type Diagnostic, report } from "../../grammar/index.ts";
import { attempt, isSystemError, kindOfPath, readFileText, writeAtomically } from "../files/index.ts";
import { parseJson, readOwnJson } from "../json/index.ts";
import { failed, ok, type Result } from "../text/index.ts";
import { cacheFolder } from "./cache-folder.ts";
import { instructionSets, processorName } from "./processor.ts";
import { version } from "./version.ts";

/** What a backend was found to do in a second. */
export interface BackendRates {
  /** The backend's name. */
  readonly backend: string;
  /** The day of the measurement, `2026-11-30`. */
  readonly measured: string;
  /** The medctc that measured. */
  readonly version: string;
  /** What ran, with its version, and where, in words; null where that was not kept. */
  readonly engine: string | null;
  readonly device: string | null;
  /** GPUs that its processes can have, one each; null where they share the processor. */
  readonly gpus: number | null;
  readonly rates: Rates;
  /** Of two processes; null where it has one, and where that was not measured. */
  readonly exchange: ExchangeRates | null;
}

/** How fast a machine's disk takes checkpoints. */
export interface SavingRates {
  /** Seconds that one of a few bytes takes. */
  readonly seconds: number;
  /** Bytes in a second, besides. */
  readonly bytes: number;
}

/** What was measured on a machine, backend by backend. */
export interface MachineRates {
  readonly processor: string;
  readonly threads: number;
  /** Instruction sets that decide how fast products are; none where the system does not tell. */
  readonly instructions: readonly string[];
  /** Voxels of gzipped volumes that one thread decodes and preprocesses in a second; null where that was not measured. */
  readonly voxelsRead: number | null;
  /** Bytes of files that the disk gives in a second which are not in memory; null where that could not be measured. */
  readonly bytesRead: number | null;
  readonly saving: SavingRates | null;
  readonly backends: readonly BackendRates[];
}

/** What is measured of a machine besides its backends. */
export type StorageRates = Pick<MachineRates, "voxelsRead" | "bytesRead" | "saving">;

/** What is stored of this machine: rates, nothing, or in words why what is stored says nothing of it. */
export type StoredRates =
  | { readonly kind: "rates"; readonly rates: MachineRates }
  | { readonly kind: "none" }
  | { readonly kind: "refused"; readonly why: string };

/** Bytes that the file has at most: it has some hundred a backend. */
const largest = 2 ** 16;

/**
 * The version of the format that is written. In older files the fastest runs counted, and each operation of a row program by itself: other
 * times follow from them than those that were measured.
 */
const format = 2;

const rate = v.pipe(v.number("not a number"), v.finite("not a number"), v.gtValue(0, "not more than 0"));
const seconds = v.pipe(v.number("not a number"), v.finite("not a number"), v.minValue(0, "less than 0"));
const count = v.pipe(v.number("not a number"), v.safeInteger("not a whole number"), v.minValue(1, "less than 1"));
const words = v.pipe(v.string("not a text"), v.maxLength(200, "longer than 200 characters"));

const machineRates = v.object({
  processor: words,
  threads: count,
  instructions: v.optional(v.pipe(v.array(words), v.maxLength(32, "longer than 32")), []),
  voxelsRead: v.optional(v.nullable(rate), null),
  bytesRead: v.optional(v.nullable(rate), null),
  saving: v.optional(v.nullable(v.object({ seconds, bytes: rate })), null),
  backends: v.pipe(
    v.array(
      v.object({
        backend: words,
        measured: v.pipe(v.string("not a text"), v.isoDate("not a day such as 2026-11-30")),
        version: words,
        engine: v.optional(v.nullable(words), null),
        device: v.optional(v.nullable(words), null),
        gpus: v.optional(v.nullable(count), null),
        rates: v.object({
          productFlops: v.object({ f32: rate, bf16: v.nullable(rate) }),
          bytes: rate,
          operationSeconds: seconds,
          runSeconds: seconds,
        }),
        exchange: v.optional(
          v.nullable(v.object({ latencySeconds: seconds, sumBytes: rate, gatherBytes: rate })),
          null,
        ),
      }),
    ),
    v.maxLength(16, "longer than 16"),
  ),
});

const versioned = v.object({ format: v.optional(count) });

/** Reads a file of rates that was carried here from another machine, or says which place in it is wrong. */
export function readCarriedRates(path: string): Result<MachineRates, Diagnostic> {
  const wrong = (problem: string) => failed(report("bad-rates", path, { path, problem }));
  if (kindOfPath(path) === "absent") return failed(report("file-not-found", path, { path }));
  const text = attempt(path, () => readFileText(path, largest));
  if (text.kind === "failed") return wrong(text.problem.message);
  const json = parseJson(text.value, { depth: 8, string: 400 });
  if (json.kind === "failed") return wrong(json.problem);
  const found = v.safeParse(versioned, json.value);
  if (!found.success) return wrong(describeIssue(found.issues[0]));
  if (found.output.format !== undefined && found.output.format > format)
    return failed(report("newer-rates", path, { path }));
  const read = v.safeParse(machineRates, json.value);
  if (!read.success) return wrong(describeIssue(read.issues[0]));
  return isOlder(found.output) ? failed(report("older-rates", path, { path })) : ok(read.output);
}

function isOlder({ format: written = 0 }: v.InferOutput<typeof versioned>): boolean {
  return written < format;
}

/** The text of a file of rates. */
export function encodeRates(rates: MachineRates): string {
  return `${JSON.stringify({ format, ...rates }, null, 2)}\n`;
}

/** `backends[0].rates.bytes` is not more than 0 */
function describeIssue({ path, message }: v.BaseIssue<unknown>): string {
  const place = (path ?? [])
    .map(({ key }) => (typeof key === "number" ? `[${key}]` : `.${String(key)}`))
    .join("")
    .slice(1);
  const is = message.startsWith("Invalid key")
    ? "missing"
    : message.startsWith("Invalid")
      ? "not what it has to be"
      : message;
  return place === "" ? "it has no rates" : `\`${place}\` is ${is}`;
}

/** Where the rates of this machine are. */
export function ratesPath(cache: string = cacheFolder()): string {
  return join(cache, "rates.json");
}

/** Reads what is stored; a home folder may be on several machines, and rates of another one say nothing of this. */
export function readRates(cache?: string, processor = processorName(), threads = availableParallelism()): StoredRates {
  try {
    const path = ratesPath(cache);
    if (kindOfPath(path) === "absent") return { kind: "none" };
    const text = readFileText(path, largest);
    const [written, rates] = [readOwnJson(text, versioned), readOwnJson(text, machineRates)];
    if (written === null || rates === null) return { kind: "refused", why: `${path} is damaged` };
    if (rates.processor !== processor || rates.threads !== threads) {
      return {
        kind: "refused",
        why: `${path} is of another machine, with ${rates.threads} threads of ${printable(rates.processor)}`,
      };
    }
    if (isOlder(written)) return { kind: "refused", why: `${path} is of an earlier medctc, which measured otherwise` };
    return { kind: "rates", rates };
  } catch (error) {
    // A user without a home folder has no rates, and a file that cannot be read is none.
    if (isSystemError(error) && error instanceof Error) return { kind: "refused", why: error.message };
    throw error;
  }
}

/** Stores rates of this machine, beside those of other backends that were found on it before. Gives what is stored then. */
export function writeRates(
  found: readonly BackendRates[],
  { voxelsRead, bytesRead, saving }: StorageRates,
  cache?: string,
): MachineRates {
  const stored = readRates(cache);
  const before = stored.kind === "rates" ? stored.rates.backends : [];
  const names = new Set(found.map(({ backend }) => backend));
  const rates: MachineRates = {
    processor: processorName(),
    threads: availableParallelism(),
    instructions: instructionSets(),
    ...{ voxelsRead, bytesRead, saving },
    backends: [...before.filter(({ backend }) => !names.has(backend)), ...found],
  };
  const path = ratesPath(cache);
  mkdirSync(dirname(path), { recursive: true });
  writeAtomically(path, encodeRates(rates));
  return rates;
}

/** What was found of a backend now, by this program. */
export function ratesOf(found: Omit<BackendRates, "measured" | "version">, now: Date): BackendRates {
  return { ...found, measured: now.toISOString().slice(0, 10), version };
}

/** A name from a file, on a terminal. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, "?").slice(0, 100);
}
