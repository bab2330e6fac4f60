import { Worker } from "node:worker_threads";
import { bundledFile } from "../files/index.ts";
import { lifelineVariable } from "./supervised.ts";

/** In a supervised process: ends it when the one that watches over it has ended. */
export function holdLifeline(): void {
  delete process.env[lifelineVariable];
  // A thread, because this one may be held up by TensorFlow for minutes.
  const worker = new Worker(bundledFile("lifeline-worker.js"));
  // Where the system starts no thread for it, the command goes on without.
  worker.on("error", () => undefined).unref();
}
