import * as v from "valibot";
import { sha256Of } from "../files/index.ts";
import { FormatError } from "../weights/index.ts";
import type { RunIdentity } from "./identity.ts";

/** Where a training stands. */
export interface TrainingState {
  /** Steps that are done. */
  readonly step: number;
  /** The epoch that the next step is in, from 0 on, and how many of its batches are done. */
  readonly epoch: number;
  readonly position: number;
  readonly identity: RunIdentity;
  /** What else the run was started with, to be shown; numbers are finite. */
  readonly settings: ReadonlyMap<string, string | number | boolean | null>;
  /** What these parameters were measured at on held-out data; null when they were not. */
  readonly metric: number | null;
  /** The best of all so far, which may be this one. */
  readonly best: { readonly step: number; readonly metric: number } | null;
  /** The losses so far: their sum, and how many they are. */
  readonly loss: { readonly sum: number; readonly count: number };
}

/** A file of a checkpoint, as it was written. */
export interface FileRecord {
  readonly sha256: string;
  readonly bytes: number;
}

export interface StoredState {
  readonly state: TrainingState;
  readonly files: ReadonlyMap<string, FileRecord>;
}

/** The version of the format that is written. */
const format = 1;

/** A state of a later format; what it says cannot be known. */
export class NewerFormatError extends Error {}

/**
 * `state.json`: an object with the state and with the SHA-256 of the state's own text, so that a changed bit anywhere in
 * the file is found. It has no time of day in it: the same training gives the same bytes.
 */
export function encodeState({ state, files }: StoredState): string {
  const { step, epoch, position, identity, settings, metric, best, loss } = state;
  const text = JSON.stringify(
    {
      format,
      step,
      epoch,
      position,
      seed: identity.seed,
      batch: identity.batch,
      precision: identity.precision,
      steps: identity.steps,
      data: identity.data,
      weights: identity.weights,
      spec: { sha256: sha256Of(identity.spec), text: identity.spec },
      settings: Object.fromEntries(settings),
      metric: metric === null ? null : encodeNumber(metric),
      best: best === null ? null : { step: best.step, metric: encodeNumber(best.metric) },
      loss: { sum: encodeNumber(loss.sum), count: loss.count },
      files: Object.fromEntries(files),
    },
    null,
    2,
  );
  return `${opening}${text}${middle}${sha256Of(text)}${closing}`;
}

const opening = '{ "state": ';
const middle = ',\n"sha256": "';
const closing = '" }\n';
const noCount = "not a whole number";
const digits = 64;

/** Reads what `encodeState` wrote; refuses all else with a FormatError, and a later format with a NewerFormatError. */
export function decodeState(file: string, bytes: Uint8Array): StoredState {
  const refuse = (problem: string): never => {
    throw new FormatError(file, problem);
  };
  let content: string;
  try {
    content = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return refuse("it is not text");
  }
  const end = content.length - middle.length - digits - closing.length;
  const text = content.slice(opening.length, Math.max(end, opening.length));
  if (content !== `${opening}${text}${middle}${sha256Of(text)}${closing}`) {
    return refuse("its SHA-256 is not that of its content");
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return refuse("it is not valid JSON");
  }
  if (Array.isArray(value)) return refuse("the state is not an object");
  const version = v.safeParse(versioned, value);
  if (version.success && version.output.format > format) {
    throw new NewerFormatError(`format ${version.output.format}`);
  }
  const read = v.safeParse(stored, value);
  if (!read.success) return refuse(describeIssue(read.issues[0]));
  const found = storedState(read.output);
  // So a key that is there twice, or is not known, or is written in another way, is refused as well.
  return encodeState(found) === content ? found : refuse("it is not written as this program writes it");
}

const missing = (issue: { readonly expected: string | null }): string =>
  issue.expected === "Object" ? "not an object" : "missing";
const text = v.string("not a text");
const count = v.pipe(v.number(noCount), v.safeInteger(noCount), v.minValue(0, noCount));
/** JSON has no infinity and no NaN, and a training that fails has. */
const number = v.union(
  [v.number(), v.pipe(v.picklist(["NaN", "Infinity", "-Infinity"]), v.transform(Number))],
  "not a number",
);
/** In a map, in which no name means anything of its own; `v.record` leaves such names out. */
const settings = v.pipe(
  v.custom<object>((value) => typeof value === "object" && value !== null && !Array.isArray(value), "not an object"),
  v.rawTransform(({ dataset: { value: input }, addIssue }) => {
    const read = new Map<string, string | number | boolean | null>();
    for (const [key, value] of Object.entries<unknown>({ ...input })) {
      if (value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean") {
        read.set(key, value);
        continue;
      }
      const path = { type: "unknown", origin: "value", input, key, value } as const;
      addIssue({ message: "neither text nor number", path: [path] });
    }
    return read;
  }),
);

const versioned = v.object({ format: count });
const stored = v.object(
  {
    format: count,
    step: count,
    epoch: count,
    position: count,
    seed: count,
    batch: count,
    precision: text,
    steps: count,
    data: text,
    weights: text,
    spec: v.object({ sha256: text, text }, missing),
    settings,
    metric: v.nullable(number),
    best: v.nullable(v.object({ step: count, metric: number }, missing)),
    loss: v.object({ sum: number, count }, missing),
    files: v.record(v.string(), v.object({ sha256: text, bytes: count }, missing), missing),
  },
  missing,
);

function storedState(read: v.InferOutput<typeof stored>): StoredState {
  const { step, epoch, position, seed, batch, precision, steps, data, weights, spec, metric, best, loss } = read;
  const identity: RunIdentity = { spec: spec.text, data, weights, seed, batch, precision, steps };
  const state: TrainingState = { step, epoch, position, identity, settings: read.settings, metric, best, loss };
  return { state, files: new Map(Object.entries(read.files)) };
}

/** `step` of `best` of the state is missing */
function describeIssue({ path, message }: v.BaseIssue<unknown>): string {
  const keys = (path ?? []).map(({ key }) => `\`${String(key)}\` of `).toReversed();
  return `${keys.join("")}the state is ${message}`;
}

function encodeNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}
