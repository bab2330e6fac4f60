import { openOrSay } from "../../runtime/weights/open.ts";
import type { WeightFile } from "../../runtime/weights/weight-file.ts";
import { Random } from "../random.ts";

export interface MutantRun {
  /** Good files, by what they are called. */
  readonly files: ReadonlyMap<string, Uint8Array>;
  readonly count: number;
  readonly seed: number;
  readonly progress?: (done: number) => void;
}

export interface MutantOutcome {
  readonly read: number;
  readonly refused: number;
  /** How many different problems were said, without their numbers. */
  readonly problems: number;
  readonly failures: readonly { readonly file: string; readonly mutant: number; readonly reason: string }[];
  readonly slowestMs: number;
}

/**
 * Damages good files in ways that their formats have, and reads all that is left: each mutant has to give tensors of their
 * shapes' sizes, or one problem in words that names the file.
 */
export function runMutants({ files, count, seed, progress }: MutantRun): MutantOutcome {
  const random = new Random(seed);
  const names = [...files.keys()];
  const problems = new Set<string>();
  const failures: MutantOutcome["failures"][number][] = [];
  let refused = 0;
  let slowestMs = 0;
  for (let mutant = 0; mutant < count; mutant++) {
    const file = random.pick(names);
    const bytes = mutate(files.get(file) ?? new Uint8Array(), random);
    const start = performance.now();
    try {
      const problem = readAll(bytes);
      if (problem !== null) {
        refused++;
        problems.add(problem.replaceAll(/`[^`]*`|[0-9]+/g, ""));
        if (!problem.startsWith(`\`${path}\` cannot be read: `)) failures.push({ file, mutant, reason: problem });
      }
    } catch (error) {
      failures.push({ file, mutant, reason: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
    slowestMs = Math.max(slowestMs, performance.now() - start);
    progress?.(mutant + 1);
  }
  return { read: count - refused - failures.length, refused, problems: problems.size, failures, slowestMs };
}

const path = "mutant";

function inMemory(bytes: Uint8Array): WeightFile {
  const readInto = (into: Uint8Array, from: number): void => {
    if (from < 0 || from + into.length > bytes.length) throw new Error(`${from} is no place of ${bytes.length} bytes`);
    into.set(bytes.subarray(from, from + into.length));
  };
  return { path, size: bytes.length, readInto, close: () => undefined };
}

/** What is wrong with a file, or null. Throws where a tensor has not the elements of its shape. */
function readAll(bytes: Uint8Array): string | null {
  const file = openOrSay(path, () => inMemory(bytes));
  if (file.kind === "wrong") return file.diagnostic.message;
  try {
    for (const [name, tensor] of file.tensors) {
      const expected = tensor.shape.reduce((product, size) => product * size, 1);
      let found = 0;
      for (const piece of file.floats(tensor)) found += piece.length;
      if (found !== expected) throw new Error(`${name} gives ${found} elements of ${expected}`);
    }
    return null;
  } finally {
    file.close();
  }
}

/** One to three damages. */
function mutate(good: Uint8Array, random: Random): Uint8Array {
  let bytes = Uint8Array.from(good);
  for (let edit = random.below(3); edit >= 0; edit--) bytes = random.pick(damages)(bytes, random);
  return bytes;
}

type Damage = (bytes: Uint8Array, random: Random) => Uint8Array<ArrayBuffer>;

const telling = [0, 1, 2, 4, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, 0x7fffffff, 0xfffffffe, 0xffffffff];
const instructions = "(NKMJGXQR)]}aesutqrhjcbiox.\x80\x81\x82\x85\x86\x87\x88\x89\x8a\x8c\x92\x93\x94\x95";
const words = [
  "os\nsystem\n",
  "torch\nLongStorage\n",
  "storage",
  '"shape":',
  '"F64"',
  "[",
  "{",
  '"',
  "\\",
  ",",
  "0",
  "9",
  "-",
  "e9",
];
const records = ["PK\x01\x02", "PK\x03\x04", "PK\x05\x06", "PK\x06\x06", "PK\x06\x07"];

const damages: readonly Damage[] = [
  (bytes, random) => changed(bytes, random, 1, (view, at) => view.setUint8(at, random.below(256))),
  (bytes, random) =>
    changed(bytes, random, 1, (view, at) => view.setUint8(at, view.getUint8(at) ^ (1 << random.below(8)))),
  (bytes, random) => changed(bytes, random, 2, (view, at) => view.setUint16(at, random.pick(telling), true)),
  (bytes, random) => changed(bytes, random, 4, (view, at) => view.setUint32(at, random.pick(telling), true)),
  (bytes, random) =>
    changed(bytes, random, 8, (view, at) =>
      view.setBigUint64(at, BigInt(random.pick(telling)) << BigInt(random.below(40)), true),
    ),
  (bytes, random) =>
    changed(bytes, random, 4, (view, at) =>
      view.setUint32(at, (view.getUint32(at, true) + random.below(9) - 4) >>> 0, true),
    ),
  (bytes, random) =>
    changed(bytes, random, 1, (view, at) =>
      view.setUint8(at, instructions.charCodeAt(random.below(instructions.length))),
    ),
  (bytes, random) => bytes.slice(0, random.below(bytes.length)),
  (bytes, random) => spliced(bytes, random.below(bytes.length), random.below(40), new Uint8Array()),
  (bytes, random) => spliced(bytes, random.below(bytes.length), 0, part(bytes, random)),
  (bytes, random) =>
    spliced(
      bytes,
      random.below(bytes.length),
      0,
      Uint8Array.from({ length: 1 + random.below(8) }, () => random.below(256)),
    ),
  (bytes, random) => {
    const piece = part(bytes, random);
    return spliced(bytes, random.below(bytes.length), piece.length, piece);
  },
  (bytes, random) => spliced(bytes, random.below(bytes.length), random.below(2) * 4, asBytes(random.pick(words))),
  (bytes, random) => {
    // A field of one of the archive's records.
    const places = placesOf(bytes, random.pick(records));
    if (places.length === 0) return Uint8Array.from(bytes);
    const at = random.pick(places) + 4 + random.below(44);
    return spliced(bytes, at, 2, Uint8Array.of(random.below(256), random.below(3) === 0 ? random.below(256) : 0));
  },
];

function changed(
  bytes: Uint8Array,
  random: Random,
  size: number,
  change: (view: DataView, at: number) => void,
): Uint8Array<ArrayBuffer> {
  const copy = Uint8Array.from(bytes);
  if (copy.length >= size) change(new DataView(copy.buffer), random.below(copy.length - size + 1));
  return copy;
}

function spliced(bytes: Uint8Array, at: number, removed: number, added: Uint8Array): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(at + removed)]));
}

function part(bytes: Uint8Array, random: Random): Uint8Array {
  const from = random.below(bytes.length);
  return bytes.slice(from, from + random.below(120));
}

function placesOf(bytes: Uint8Array, record: string): readonly number[] {
  const buffer = Buffer.from(bytes);
  const places: number[] = [];
  for (let at = buffer.indexOf(record, 0, "latin1"); at >= 0; at = buffer.indexOf(record, at + 1, "latin1"))
    places.push(at);
  return places;
}

function asBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
