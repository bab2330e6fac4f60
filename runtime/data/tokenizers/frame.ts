export interface Tokens {
  /** Numbers of tokens: start, text, end, and padding behind or before them. */
  readonly ids: Int32Array;
  /** 1 where there is a token, 0 where there is padding. */
  readonly mask: Int32Array;
}

export type Side = "left" | "right";

/** What stands around a text's tokens. */
export interface Frame {
  readonly start: readonly number[];
  readonly end: readonly number[];
  /** Null where a file does not say which token it is. */
  readonly padding: number | null;
  /** Where padding stands, and where what is too long is cut. */
  readonly paddingSide: Side;
  readonly cutSide: Side;
  /** The end is not put behind a text whose last token it is already. */
  readonly endsOnce: boolean;
}

/** The frame that most files have: one token before and one behind a text, padded and cut on the right. */
export function plainFrame(start: number, end: number, padding: number): Frame {
  return { start: [start], end: [end], padding, paddingSide: "right", cutSide: "right", endsOnce: false };
}

/** Tokens of a text in its frame, padded to a length. `encode` gives the first tokens of the text, at most as many as it is asked for. */
export function framed(encode: (most: number) => readonly number[], frame: Frame, length: number): Tokens {
  const { padding, paddingSide, cutSide } = frame;
  if (padding === null) throw new Error("invariant: a frame that pads has a token for it");
  const room = roomIn(frame, length);
  const text = cutSide === "right" ? encode(room) : encode(Number.POSITIVE_INFINITY).slice(-room);
  const tokens = around(text, frame);
  const first = paddingSide === "right" ? 0 : length - tokens.length;
  const ids = new Int32Array(length).fill(padding);
  ids.set(tokens, first);
  return { ids, mask: new Int32Array(length).fill(1, first, first + tokens.length) };
}

/** A text's tokens with its frame, without padding. */
export function around(text: readonly number[], { start, end, endsOnce }: Frame): readonly number[] {
  const isEnded = endsOnce && text.length > 0 && text.at(-1) === end[0];
  return [...start, ...text, ...(isEnded ? [] : end)];
}

/** The least length that has room for a token of a text. */
export function leastLength({ start, end }: Frame): number {
  return start.length + end.length + 1;
}

function roomIn(frame: Frame, length: number): number {
  const room = length - leastLength(frame) + 1;
  if (room < 0) throw new RangeError(`invariant: ${length} tokens have no room for a text's frame`);
  return room;
}
