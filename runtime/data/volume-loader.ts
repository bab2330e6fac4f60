import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { volumeShape } from "../../compiler/channel-windows.ts";
import { alignedBytes, isAligned } from "../aligned-floats.ts";
import { bundledFile } from "../files/index.ts";
import { ProblemError } from "../text/index.ts";
import { prepareCache } from "./cache.ts";
import type { LoaderSettings, VolumeAnswer, VolumeRequest, VolumeResult, VolumeTask } from "./volume-messages.ts";

export interface VolumeLoaderOptions extends LoaderSettings {
  /** Threads; one less than the machine has processors, and at most four, when it is left out. */
  readonly workers?: number;
  /** Volumes that may be finished or in work before they are asked for: each takes 4 bytes a voxel, 221 MB for CT-CLIP. */
  readonly ahead?: number;
}

/** One request, from when it is known until its result is handed out. */
interface Job {
  readonly name: string;
  readonly request: VolumeRequest;
  readonly result: Promise<VolumeResult>;
  readonly resolve: (result: VolumeResult) => void;
  readonly reject: (error: Error) => void;
  state: "waiting" | "given" | "finished";
}

/**
 * Loads volumes in threads of their own, ahead of when they are needed. Which thread is done first decides nothing: a
 * result belongs to its request, and its values are the same from a file and from the cache. Threads are given what comes
 * next before they are done, because a training step keeps the program from hearing that they are. Idle threads keep no
 * program alive; everything is freed by `dispose`.
 */
export class VolumeLoader {
  private readonly options: LoaderSettings;
  private readonly limits: { readonly workers: number; readonly ahead: number };
  private readonly program = bundledFile("volume-worker.js");
  /** What each thread was given and has not answered yet: it is at the first of them, and answers in this order. */
  private readonly given = new Map<Worker, Job[]>();
  /** What `prefetch` named and `load` has not asked for yet, in order. */
  private planned: readonly Job[] = [];
  /** Memory of volumes that nobody reads any more. */
  private readonly spare: ArrayBuffer[] = [];
  private notKept: string | null = null;
  private disposed = false;

  constructor({ cache, workers, ahead }: VolumeLoaderOptions) {
    const threads = Math.max(1, workers ?? Math.min(4, availableParallelism() - 1));
    this.limits = { workers: threads, ahead: Math.max(0, ahead ?? threads) };
    let kept = cache;
    try {
      if (cache !== null) prepareCache(cache);
    } catch (error) {
      this.notKept = error instanceof Error ? error.message : String(error);
      kept = null;
    }
    this.options = { cache: kept };
  }

  /** Why volumes cannot be kept in the cache, in the file system's words; null while they can. */
  get cacheProblem(): string | null {
    return this.notKept;
  }

  /**
   * One volume, or what is wrong with it. The array is the caller's. Rejects with an Error when a thread dies, which loses
   * only what it was at, and after `dispose`.
   */
  load(request: VolumeRequest): Promise<VolumeResult> {
    const name = nameOf(request);
    const planned = this.planned.find((job) => job.name === name);
    const job = planned ?? newJob(name, request);
    this.planned = this.planned.filter((other) => other !== job);
    if (this.disposed) job.reject(new Error("a loader loads nothing after it was disposed of"));
    else if (job.state === "waiting") this.give(job);
    this.giveAhead();
    return job.result;
  }

  /**
   * Says what will be asked for next, in order, instead of what was said before. As much of it is loaded as `ahead` allows;
   * what is finished and not named any more is let go.
   */
  prefetch(requests: readonly VolumeRequest[]): void {
    const known = [...this.planned];
    this.planned = requests.map((request) => {
      const name = nameOf(request);
      const at = known.findIndex((job) => job.name === name);
      return known.splice(at, at < 0 ? 0 : 1)[0] ?? newJob(name, request);
    });
    this.giveAhead();
  }

  /**
   * Takes arrays that were loaded and that nobody reads any more. Their memory serves volumes to come, and where it does, the arrays have
   * no elements left.
   */
  takeBack(arrays: readonly Float32Array[]): void {
    for (const array of arrays) {
      const { buffer } = array;
      const isFree = buffer instanceof ArrayBuffer && isAligned(array) && !this.spare.includes(buffer);
      if (isFree && this.spare.length < Math.max(1, this.limits.ahead)) this.spare.push(buffer);
    }
  }

  async dispose(): Promise<void> {
    this.disposed = true;
    this.planned = [];
    this.spare.length = 0;
    const ended = new Error("the loader was disposed of before this volume was loaded");
    const threads = [...this.given.keys()].map((worker) => {
      for (const job of this.given.get(worker)?.splice(0) ?? []) job.reject(ended);
      // The program goes on until it is told that the thread has ended.
      worker.ref();
      return worker.terminate();
    });
    await Promise.all(threads);
  }

  private giveAhead(): void {
    for (;;) {
      const started = this.planned.filter(({ state }) => state !== "waiting").length;
      const next = this.planned.find(({ state }) => state === "waiting");
      if (this.disposed || next === undefined || started >= this.limits.ahead) return;
      this.give(next);
    }
  }

  /** Gives a job to a thread that has nothing to do, to a new one, or to the one with the fewest. */
  private give(job: Job): void {
    const [shortest] = [...this.given].sort(([, a], [, b]) => a.length - b.length);
    const hasNone = shortest?.[1].length === 0;
    const [worker, jobs] =
      shortest !== undefined && (hasNone || this.given.size >= this.limits.workers) ? shortest : this.newWorker();
    job.state = "given";
    jobs.push(job);
    worker.ref();
    const used = this.takeSpare(job.request);
    const task: VolumeTask = { request: job.request, used, ...this.options };
    worker.postMessage(task, used === null ? [] : [used]);
  }

  /** Memory of the size of a volume; null where there is none. */
  private takeSpare({ prepare }: VolumeRequest): ArrayBuffer | null {
    if (prepare.kind !== "volume") return null;
    const bytes = alignedBytes(volumeShape(prepare.settings).reduce((product, size) => product * size, 1));
    const place = this.spare.findIndex(({ byteLength }) => byteLength === bytes);
    return place < 0 ? null : (this.spare.splice(place, 1)[0] ?? null);
  }

  private newWorker(): readonly [Worker, Job[]] {
    const worker = new Worker(this.program);
    const jobs: Job[] = [];
    this.given.set(worker, jobs);
    worker.on("message", (answer: VolumeAnswer) => {
      if (this.disposed) return;
      const job = jobs.shift();
      if (jobs.length === 0) worker.unref();
      if (job !== undefined) {
        job.state = "finished";
        if (answer.kind === "failed") job.reject(new ProblemError(answer.problem));
        else job.resolve(answer.result);
      }
      if (answer.kind === "done") this.notKept ??= answer.uncached;
      this.giveAhead();
    });
    let reason = "";
    worker.on("error", (error) => {
      reason = `: ${error instanceof Error ? error.message : String(error)}`;
    });
    worker.on("exit", () => {
      this.given.delete(worker);
      const [lost, ...others] = jobs.splice(0);
      if (lost !== undefined) {
        lost.state = "finished";
        const message = `the thread that loaded it ended${reason}`;
        lost.reject(new ProblemError({ subject: lost.request.path, message, help: null }));
      }
      for (const job of others) this.give(job);
      this.giveAhead();
    });
    return [worker, jobs];
  }
}

/** A loader as those who read examples of a data set need it. */
export type ExampleLoader = Pick<VolumeLoader, "load" | "prefetch" | "takeBack">;

function newJob(name: string, request: VolumeRequest): Job {
  const { promise, resolve, reject } = withResolvers();
  // A result that nobody asked for yet may be an error all the same.
  promise.catch(() => undefined);
  return { name, request, result: promise, resolve, reject, state: "waiting" };
}

/** Requests of the same name are for the same values. */
function nameOf({ path, metadata, prepare, augment = null, member }: VolumeRequest): string {
  const said = metadata === null ? [] : [metadata.slope, metadata.intercept, metadata.xySpacing, metadata.zSpacing];
  return JSON.stringify([path, ...said, prepare, augment, member?.offset]);
}

/** Promise.withResolvers, which Node 20 does not have. */
function withResolvers(): Pick<Job, "resolve" | "reject"> & { readonly promise: Promise<VolumeResult> } {
  let resolve: Job["resolve"] = () => undefined;
  let reject: Job["reject"] = () => undefined;
  const promise = new Promise<VolumeResult>((onResult, onError) => {
    resolve = onResult;
    reject = onError;
  });
  return { promise, resolve, reject };
}
