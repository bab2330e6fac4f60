import { Worker } from "node:worker_threads";
import { bundledFile } from "../../files/index.ts";
import type { Answer, Request, SentTensor } from "./messages.ts";
import { turnTelemetryOff } from "./telemetry.ts";

/** Models in ONNX Runtime, in a thread of their own, which share kept values. Everything is freed by `dispose`. */
export class OnnxSession {
  private readonly worker: Worker;
  private readonly only: string;

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
    return this.ask({ kind: "run", model, inputs, wanted, next });
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

  /** One question after the other: an answer belongs to the last. */
  private ask(request: Request): Promise<ReadonlyMap<string, SentTensor>> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        this.worker.unref();
        this.worker.off("message", onMessage);
        this.worker.off("error", onError);
        this.worker.off("exit", onExit);
      };
      const onMessage = (answer: Answer): void => {
        stop();
        if (answer.kind === "done") resolve(answer.tensors);
        else reject(new Error(answer.problem));
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
      this.worker.postMessage(request);
    });
  }
}
