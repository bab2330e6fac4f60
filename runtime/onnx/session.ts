import { Worker } from "node:worker_threads";
import { bundledFile } from "../files/index.ts";
import type { Answer, Request, SentTensor } from "./messages.ts";

/** A model in ONNX Runtime, in a thread of its own. Everything is freed by `dispose`. */
export class OnnxSession {
  private readonly worker: Worker;

  private constructor(worker: Worker) {
    this.worker = worker;
    // Only a question that is not answered yet keeps the program from ending.
    worker.unref();
  }

  /** Loads a model's file. Throws an Error with ONNX Runtime's own words when it cannot. */
  static async load(file: string): Promise<OnnxSession> {
    const session = new OnnxSession(new Worker(bundledFile("onnx-worker.js")));
    try {
      await session.ask({ kind: "load", file });
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

  /** Runs the model once and gives the outputs in `wanted`; those in `next` become kept values of the names there. */
  run(
    inputs: ReadonlyMap<string, SentTensor>,
    wanted: readonly string[],
    next: ReadonlyMap<string, string> = new Map(),
  ): Promise<ReadonlyMap<string, SentTensor>> {
    return this.ask({ kind: "run", inputs, wanted, next });
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
