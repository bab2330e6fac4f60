import protobuf from "protobufjs/minimal.js";
import { failed, ok, type Result } from "../../text/index.ts";
import { type Fault, fault } from "../problem.ts";
import { quoted } from "../quoted.ts";
import { type Charsmap, readCharsmap } from "./charsmap.ts";
import { mostTokens } from "./vocabulary.ts";

/** What a file of SentencePiece says of its unigrams, and of what is done with a text before. */
export interface SentencePieces {
  readonly kind: "sentence-pieces";
  readonly pieces: readonly { readonly text: string; readonly score: number; readonly isNormal: boolean }[];
  readonly unknown: number;
  /** Null where the file has none. */
  readonly end: number | null;
  readonly padding: number | null;
  /** Null where characters stay as they are. */
  readonly charsmap: Charsmap | null;
  readonly addsBlank: boolean;
  readonly removesBlanks: boolean;
}

class Damaged extends Error {}

/** The kinds of pieces, as the file has them. */
const [normal, unknownKind, control, unused] = [1, 2, 3, 5];
const unigram = 1;
const help = "SentencePiece's unigrams are supported, without byte fallback and without symbols that users define";

/** Reads a `spiece.model`, which is a ModelProto of SentencePiece's sentencepiece_model.proto. */
export function readSentencePieces(bytes: Uint8Array): Result<SentencePieces, Fault> {
  try {
    return modelOf(bytes);
  } catch (error) {
    if (error instanceof Damaged) return wrong(`it is not a file of SentencePiece: ${error.message}`);
    throw error;
  }
}

function modelOf(bytes: Uint8Array): Result<SentencePieces, Fault> {
  const pieces: Piece[] = [];
  let trainer = { type: unigram, hasByteFallback: false, isSuffix: false, unknown: 0, end: 2, padding: -1 };
  let normalizer: Normalizer = {
    charsmap: new Uint8Array(),
    addsBlank: true,
    removesBlanks: true,
    escapesBlanks: true,
  };
  let count = 0;
  eachField(bytes, {
    1: (reader) => {
      const piece = pieceOf(reader.bytes());
      if (count++ < mostTokens) pieces.push(piece);
    },
    2: (reader) => {
      trainer = trainerOf(reader.bytes(), trainer);
    },
    3: (reader) => {
      normalizer = normalizerOf(reader.bytes(), normalizer);
    },
  });
  if (count > mostTokens) return wrong(`it has more than ${mostTokens} tokens`);
  if (pieces.length === 0) return wrong("it has no tokens", "is it a SentencePiece model?");
  if (trainer.type !== unigram) return wrong("it is not a model of unigrams", help);
  if (trainer.hasByteFallback) return wrong("its trainer_spec.byte_fallback is not supported", help);
  if (trainer.isSuffix) return wrong("its trainer_spec.treat_whitespace_as_suffix is not supported", help);
  if (!normalizer.escapesBlanks)
    return wrong("its normalizer_spec.escape_whitespaces is not supported unless it is set", help);
  const bad = faultIn(pieces);
  if (bad !== null) return failed(bad);
  const unknown = pieces.findIndex(({ kind }) => kind === unknownKind);
  const map = normalizer.charsmap.length === 0 ? ok(null) : readCharsmap(normalizer.charsmap);
  if (map.kind === "failed") return map;
  const numberOf = (id: number): number | null => (pieces[id]?.kind === control ? id : null);
  return ok({
    kind: "sentence-pieces",
    pieces: pieces.map(({ text, score, kind }) => ({ text, score, isNormal: kind === normal })),
    unknown,
    end: numberOf(trainer.end),
    padding: numberOf(trainer.padding),
    charsmap: map.value,
    addsBlank: normalizer.addsBlank,
    removesBlanks: normalizer.removesBlanks,
  });
}

function faultIn(pieces: readonly Piece[]): Fault | null {
  const places = new Map<string, number>();
  let unknown: number | null = null;
  for (const [index, { text, score, kind }] of pieces.entries()) {
    if (text === "" || !Number.isFinite(score)) return fault(`its piece ${index} is not a token with its score`);
    const first = places.get(text);
    if (first !== undefined) return fault(`its piece ${index}, ${quoted(text)}, is that of ${first} again`);
    places.set(text, index);
    if (![normal, unknownKind, control, unused].includes(kind)) {
      return fault(`its piece ${index}, ${quoted(text)}, is of the kind ${kind}, which is not supported`, help);
    }
    if (kind !== unknownKind) continue;
    if (unknown !== null) return fault(`its pieces ${unknown} and ${index} are both for what is unknown`);
    unknown = index;
  }
  if (unknown === null) return fault("it has no piece for what is unknown");
  return pieces.some(({ kind }) => kind === normal) ? null : fault("it has no pieces that a text can be made of");
}

interface Piece {
  readonly text: string;
  readonly score: number;
  readonly kind: number;
}

function pieceOf(bytes: Uint8Array): Piece {
  let [text, score, kind] = ["", 0, normal];
  eachField(bytes, {
    1: (reader) => {
      text = reader.string();
    },
    2: (reader) => {
      score = reader.float();
    },
    3: (reader) => {
      kind = reader.int32();
    },
  });
  return { text, score, kind };
}

type Trainer = Readonly<Record<"type" | "unknown" | "end" | "padding", number>> &
  Readonly<Record<"hasByteFallback" | "isSuffix", boolean>>;

function trainerOf(bytes: Uint8Array, before: Trainer): Trainer {
  const found = { ...before };
  eachField(bytes, {
    3: (reader) => {
      found.type = reader.int32();
    },
    24: (reader) => {
      found.isSuffix = reader.bool();
    },
    35: (reader) => {
      found.hasByteFallback = reader.bool();
    },
    40: (reader) => {
      found.unknown = reader.int32();
    },
    42: (reader) => {
      found.end = reader.int32();
    },
    43: (reader) => {
      found.padding = reader.int32();
    },
  });
  return found;
}

interface Normalizer {
  readonly charsmap: Uint8Array;
  readonly addsBlank: boolean;
  readonly removesBlanks: boolean;
  readonly escapesBlanks: boolean;
}

function normalizerOf(bytes: Uint8Array, before: Normalizer): Normalizer {
  const found = { ...before };
  eachField(bytes, {
    2: (reader) => {
      found.charsmap = reader.bytes();
    },
    3: (reader) => {
      found.addsBlank = reader.bool();
    },
    4: (reader) => {
      found.removesBlanks = reader.bool();
    },
    5: (reader) => {
      found.escapesBlanks = reader.bool();
    },
  });
  return found;
}

/** Wire types of the fields that are read, by what reads them: their numbers alone say too little of a damaged file. */
function eachField(bytes: Uint8Array, read: Readonly<Record<number, (reader: protobuf.Reader) => void>>): void {
  const reader = protobuf.Reader.create(bytes);
  try {
    while (reader.pos < reader.len) {
      const tag = reader.uint32();
      const known = read[tag >>> 3];
      if (known === undefined) reader.skipType(tag & 7);
      else known(reader);
    }
  } catch (error) {
    // What the reader throws for bytes that are cut off or nonsense.
    throw new Damaged(error instanceof Error ? error.message : String(error));
  }
}

function wrong(message: string, hint: string | null = null): Result<never, Fault> {
  return failed(fault(message, hint));
}
