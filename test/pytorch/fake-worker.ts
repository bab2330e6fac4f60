import { connect, type Socket } from "node:net";
import * as v from "valibot";
import type { Values } from "../../runtime/backends/engine.ts";

const told = v.looseObject({
  tensors: v.array(v.object({ name: v.string(), dtype: v.string(), shape: v.array(v.number()) })),
});

/** A message as a worker sees it. */
export interface Told {
  readonly header: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, Float32Array>;
}

/** Bytes of a message as a worker sends it, whatever it says. */
export function frameOf(header: unknown, data: readonly Values[] = []): Uint8Array {
  const text = Buffer.from(typeof header === "string" ? header : JSON.stringify(header));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(text.length);
  return Buffer.concat([
    length,
    text,
    ...data.map((each) => new Uint8Array(each.buffer, each.byteOffset, each.byteLength)),
  ]);
}

/** A worker without a model: it hears what it is told, and says what a test wants. */
export class FakeWorker {
  private readonly socket: Socket;
  private bytes = Buffer.alloc(0);
  private readonly heard: Told[] = [];
  private readonly waiting: ((told: Told) => void)[] = [];
  readonly closed: Promise<void>;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on("data", (chunk) => this.push(Buffer.from(chunk)));
    socket.on("error", () => undefined);
    this.closed = new Promise((resolve) => socket.on("close", () => resolve()));
  }

  static async connect(path: string, rank: number, world: number): Promise<FakeWorker> {
    const worker = await FakeWorker.silent(path);
    worker.say({ kind: "hello", rank, world, local_rank: rank, device: "CPU", torch: "2.15.0" });
    return worker;
  }

  /** One that does not say hello. Tries until somebody listens. */
  static async silent(path: string): Promise<FakeWorker> {
    for (;;) {
      const socket = connect(path);
      const isThere = await new Promise<boolean>((resolve) => {
        socket.once("connect", () => resolve(true));
        socket.once("error", () => resolve(false));
      });
      if (isThere) return new FakeWorker(socket);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  say(header: Readonly<Record<string, unknown>>, tensors: ReadonlyMap<string, readonly number[]> = new Map()): void {
    const data = [...tensors.values()].map((values) => Float32Array.from(values));
    const heads = [...tensors].map(([name, { length }]) => ({ name, dtype: "f32", shape: [length] }));
    this.write(frameOf({ ...header, tensors: heads }, data));
  }

  write(bytes: Uint8Array): void {
    this.socket.write(bytes);
  }

  /** What it is told next. */
  next(): Promise<Told> {
    const told = this.heard.shift();
    return told === undefined ? new Promise((resolve) => this.waiting.push(resolve)) : Promise.resolve(told);
  }

  /** Asks for rows of a step, and gives what comes. */
  rows(step: number, from: number, count: number): Promise<Told> {
    this.say({ kind: "rows", step, from, count });
    return this.next();
  }

  end(): void {
    this.socket.destroy();
  }

  private push(chunk: Buffer): void {
    this.bytes = Buffer.concat([this.bytes, chunk]);
    for (let told = this.take(); told !== null; told = this.take()) {
      const waiting = this.waiting.shift();
      if (waiting === undefined) this.heard.push(told);
      else waiting(told);
    }
  }

  private take(): Told | null {
    if (this.bytes.length < 4) return null;
    const start = 4 + this.bytes.readUInt32LE();
    if (this.bytes.length < start) return null;
    const header = v.parse(told, JSON.parse(this.bytes.toString("utf8", 4, start)));
    const tensors = new Map<string, Float32Array>();
    let at = start;
    for (const { name, dtype, shape } of header.tensors) {
      const size = shape.reduce((product, each) => product * each, 1);
      if (this.bytes.length < at + 4 * size) return null;
      const read = (index: number): number =>
        dtype === "i32" ? this.bytes.readInt32LE(at + 4 * index) : this.bytes.readFloatLE(at + 4 * index);
      tensors.set(
        name,
        Float32Array.from({ length: size }, (_, index) => read(index)),
      );
      at += 4 * size;
    }
    this.bytes = this.bytes.subarray(at);
    return { header: { ...header }, tensors };
  }
}
