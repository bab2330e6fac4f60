import { Worker } from "node:worker_threads";
import { bundledFile } from "../../files/index.ts";
import type { Answer, Request, SentTensor } from "./messages.ts";
import { turnTelemetryOff } from "./telemetry.ts";

/** Inputs from that size on are moved. */
const movedBytes = 2 ** 20;

interface MovedTensor extends SentTensor {
  readonly data: Float32Array<ArrayBuffer>;
}

/** Models in ONNX Runtime, in a thread of their own, which share kept values. Everything is freed by `dispose`. */
export class OnnxSession {
  private readonly worker: Worker;
  private readonly only: string;
  /** Memory for large inputs, which goes to the thread and comes back: a message without it would copy them twice. */
  private readonly memory: ArrayBuffer[] = [];

  private constructor(worker: Worker, only: string) {
    this.worker = worker;
    this.only = only;
    // Only a question that is not answered yet keeps the program from ending.
    worker.unref();
  }

  /** Loads a model's file. Throws an Error with ONNX Runtime's own words when it cannot. */
  static load(file: string): Promise<OnnxSession> {
    return OnnxSession.loadAll(new Map([["", file]]));
  }

  /** Loads the files of several models, by names. */
  static async loadAll(files: ReadonlyMap<string, string>): Promise<OnnxSession> {
    turnTelemetryOff();
    const session = new OnnxSession(new Worker(bundledFile("onnx-worker.js")), [...files.keys()][0] ?? "");
    try {
      for (const [model, file] of files) await session.ask({ kind: "load", model, file });
      return session;
    } catch (error) {
      await session.worker.terminate();
      throw error;
    }
  }

  /** Leaves values with the thread, for inputs of the same names that a run is not given. */
  async keep(tensors: ReadonlyMap<string, SentTensor>): Promise<void> {
    await this.ask({ kind: "keep", tensors });
  }

  /**
   * Runs a model once, the first when none is named, and gives the outputs in `wanted`; those in `next` become kept values of
   * the names there.
   */
  run(
    inputs: ReadonlyMap<string, SentTensor>,
    wanted: readonly string[],
    next: ReadonlyMap<string, string> = new Map(),
    model: string = this.only,
  ): Promise<ReadonlyMap<string, SentTensor>> {
    const moved = new Map([...inputs].flatMap(([name, tensor]) => this.moved(name, tensor)));
    const lent = [...moved.keys()];
    return this.ask(
      { kind: "run", model, inputs: new Map([...inputs, ...moved]), lent, wanted, next },
      [...moved.values()].map(({ data }) => data.buffer),
    );
  }

  /** Kept values by their names. */
  read(names: readonly string[]): Promise<ReadonlyMap<string, SentTensor>> {
    return this.ask({ kind: "read", names });
  }

  async dispose(): Promise<void> {
    try {
      await this.ask({ kind: "release" });
    } finally {
      await this.worker.terminate();
    }
  }

  /** A large input in memory that can be moved; what is given stays the caller's. */
  private moved(name: string, tensor: SentTensor): readonly (readonly [string, MovedTensor])[] {
    const { data } = tensor;
    if (!(data instanceof Float32Array) || data.byteLength < movedBytes) return [];
    const place = this.memory.findIndex(({ byteLength }) => byteLength === data.byteLength);
    const [known] = place < 0 ? [] : this.memory.splice(place, 1);
    const copy = new Float32Array(known ?? new ArrayBuffer(data.byteLength));
    copy.set(data);
    return [[name, { ...tensor, data: copy }]];
  }

  /** One question after the other: an answer belongs to the last. `moved` is memory that goes with it. */
  private ask(request: Request, moved: readonly ArrayBuffer[] = []): Promise<ReadonlyMap<string, SentTensor>> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        this.worker.unref();
        this.worker.off("message", onMessage);
        this.worker.off("error", onError);
        this.worker.off("exit", onExit);
      };
      const onMessage = (answer: Answer): void => {
        stop();
        if (answer.kind === "failed") {
          reject(new Error(answer.problem));
          return;
        }
        this.memory.push(...answer.lent);
        resolve(answer.tensors);
      };
      const onError = (error: unknown): void => {
        stop();
        reject(error instanceof Error ? error : new Error(String(error)));
      };
      const onExit = (): void => onError(new Error("ONNX Runtime's thread ended"));
      this.worker.on("message", onMessage);
      this.worker.on("error", onError);
      this.worker.on("exit", onExit);
      this.worker.ref();
      this.worker.postMessage(request, moved);
    });
  }
}
