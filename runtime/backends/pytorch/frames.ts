import type { Values } from "../engine.ts";
import {
  type FromWorker,
  type LinkTensor,
  type LinkTensors,
  readHeader,
  type TensorHead,
  type ToWorker,
} from "./messages.ts";

/** Bytes that a header may have. */
const longestHeader = 2 ** 26;

/** Bytes that the tensors of a frame may have: what is kept of a model with 400 million weights that are all trained, and more. */
const mostBytes = 2 ** 33;

/** A message with its tensors. */
export interface Frame {
  readonly message: FromWorker;
  readonly tensors: LinkTensors;
}

/** What comes on a link and is not a frame: whoever speaks there is no worker of this version. */
export class LinkError extends Error {}

/** A message and its tensors as pieces of bytes; those of tensors are not copied. */
export function encodeFrame(message: ToWorker, tensors: LinkTensors = new Map()): readonly Uint8Array[] {
  const heads = [...tensors].map(
    ([name, { shape, data }]): TensorHead => ({
      name,
      dtype: data instanceof Int32Array ? "i32" : "f32",
      shape: [...shape],
    }),
  );
  const header = Buffer.from(JSON.stringify({ ...message, tensors: heads }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(header.length);
  return [length, header, ...[...tensors.values()].map(({ data }) => bytesOf(data))];
}

function bytesOf({ buffer, byteOffset, byteLength }: Values): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** What is being read: some bytes into their place. */
interface Reading {
  readonly into: Uint8Array;
  filled: number;
  readonly done: () => void;
}

/** Reads the frames of a link from its bytes, as they come in. Throws a `LinkError` for what is not a frame. */
export class FrameReader {
  private readonly hear: (frame: Frame) => void;
  private reading: Reading;

  constructor(hear: (frame: Frame) => void) {
    this.hear = hear;
    this.reading = this.length();
  }

  /** Whether the link may end here: no frame has begun. */
  get isBetween(): boolean {
    return this.reading.into.length === 4 && this.reading.filled === 0;
  }

  push(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; ) {
      const { reading } = this;
      const part = chunk.subarray(at, at + reading.into.length - reading.filled);
      reading.into.set(part, reading.filled);
      reading.filled += part.length;
      at += part.length;
      if (reading.filled === reading.into.length) reading.done();
    }
  }

  private length(): Reading {
    const into = new Uint8Array(4);
    const done = (): void => {
      const length = Buffer.from(into).readUInt32LE();
      if (length < 2 || length > longestHeader) throw new LinkError(`a header cannot have ${length} bytes`);
      this.reading = this.header(length);
    };
    return { into, filled: 0, done };
  }

  private header(length: number): Reading {
    const into = new Uint8Array(length);
    const done = (): void => {
      const found = readHeader(new TextDecoder().decode(into));
      if (typeof found === "string") throw new LinkError(`a header cannot be read: ${found}`);
      this.next(found.message, found.tensors, sizesOf(found.tensors), new Map());
    };
    return { into, filled: 0, done };
  }

  /** Reads the next tensor of a message that has bytes, or hands the whole over. */
  private next(
    message: FromWorker,
    heads: readonly TensorHead[],
    sizes: readonly number[],
    tensors: Map<string, LinkTensor>,
  ): void {
    for (let at = tensors.size; at < heads.length; at = tensors.size) {
      const head = heads[at];
      const size = sizes[at];
      if (head === undefined || size === undefined) break;
      const data = head.dtype === "i32" ? new Int32Array(size) : new Float32Array(size);
      tensors.set(head.name, { shape: head.shape, data });
      if (size === 0) continue;
      this.reading = { into: bytesOf(data), filled: 0, done: () => this.next(message, heads, sizes, tensors) };
      return;
    }
    this.reading = this.length();
    this.hear({ message, tensors });
  }
}

/** The elements of each tensor. */
function sizesOf(heads: readonly TensorHead[]): readonly number[] {
  if (new Set(heads.map(({ name }) => name)).size < heads.length) throw new LinkError("a header names a tensor twice");
  const sizes = heads.map(({ shape }) => shape.reduce((product, size) => product * size, 1));
  const bytes = sizes.reduce((sum, size) => sum + 4 * size, 0);
  if (!(bytes <= mostBytes)) throw new LinkError(`tensors cannot have ${bytes} bytes`);
  return sizes;
}
