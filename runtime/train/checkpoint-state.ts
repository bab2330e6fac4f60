import { FormatError } from "../weights/index.ts";
import { type RunIdentity, sha256Of } from "./identity.ts";

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
  const fields = new Fields(file, "the state", value);
  if (fields.count("format") > format) throw new NewerFormatError(`format ${fields.count("format")}`);
  const stored = readState(fields);
  // So a key that is there twice, or is not known, or is written in another way, is refused as well.
  return encodeState(stored) === content ? stored : refuse("it is not written as this program writes it");
}

function readState(fields: Fields): StoredState {
  const spec = fields.fields("spec");
  const identity: RunIdentity = {
    spec: spec.text("text"),
    data: fields.text("data"),
    weights: fields.text("weights"),
    seed: fields.count("seed"),
    batch: fields.count("batch"),
    precision: fields.text("precision"),
    steps: fields.count("steps"),
  };
  const best = fields.isNull("best") ? null : fields.fields("best");
  const loss = fields.fields("loss");
  const files = fields.fields("files");
  return {
    state: {
      step: fields.count("step"),
      epoch: fields.count("epoch"),
      position: fields.count("position"),
      identity,
      settings: fields.fields("settings").plain(),
      metric: fields.isNull("metric") ? null : fields.number("metric"),
      best: best === null ? null : { step: best.count("step"), metric: best.number("metric") },
      loss: { sum: loss.number("sum"), count: loss.count("count") },
    },
    files: new Map(
      files.names().map((name) => {
        const record = files.fields(name);
        return [name, { sha256: record.text("sha256"), bytes: record.count("bytes") }];
      }),
    ),
  };
}

/** JSON has no infinity and no NaN, and a training that fails has. */
function encodeNumber(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}

/** The fields of an object that a file says, read one by one; each that is not what it must be is refused. */
class Fields {
  private readonly file: string;
  private readonly what: string;
  private readonly values: ReadonlyMap<string, unknown>;

  constructor(file: string, what: string, value: unknown) {
    this.file = file;
    this.what = what;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new FormatError(file, `${what} is not an object`);
    }
    this.values = new Map<string, unknown>(Object.entries(value));
  }

  names(): readonly string[] {
    return [...this.values.keys()];
  }

  fields(name: string): Fields {
    return new Fields(this.file, `\`${name}\` of ${this.what}`, this.values.get(name));
  }

  isNull(name: string): boolean {
    return this.values.get(name) === null;
  }

  text(name: string): string {
    const value = this.values.get(name);
    return typeof value === "string" ? value : this.refuse(name, "no text");
  }

  /** A whole number that is not negative. */
  count(name: string): number {
    const value = this.values.get(name);
    const isCount = typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
    return isCount ? value : this.refuse(name, "no whole number");
  }

  number(name: string): number {
    const value = this.values.get(name);
    const number = typeof value === "string" ? unusual.get(value) : value;
    return typeof number === "number" ? number : this.refuse(name, "no number");
  }

  /** All fields, which are texts, numbers, booleans or null. */
  plain(): ReadonlyMap<string, string | number | boolean | null> {
    return new Map(
      [...this.values].map(([name, value]) => {
        const isPlain =
          value === null || typeof value === "string" || typeof value === "number" || typeof value === "boolean";
        return [name, isPlain ? value : this.refuse(name, "neither text nor number")];
      }),
    );
  }

  private refuse(name: string, problem: string): never {
    throw new FormatError(this.file, `\`${name}\` of ${this.what} is ${problem}`);
  }
}

const unusual: ReadonlyMap<string, number> = new Map(
  [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((value) => [String(value), value]),
);
