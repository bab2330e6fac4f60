import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { bundledFile } from "../files/index.ts";
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
  state: "waiting" | "running" | "finished";
}

/**
 * Loads volumes in threads of their own, ahead of when they are needed. Which thread is done first decides nothing: a
 * result belongs to its request, and its values are the same from a file and from the cache. Idle threads keep no program
 * alive; everything is freed by `dispose`.
 */
export class VolumeLoader {
  private readonly options: LoaderSettings;
  private readonly limits: { readonly workers: number; readonly ahead: number };
  private readonly program = bundledFile("volume-worker.js");
  private readonly idle: Worker[] = [];
  private readonly busy = new Map<Worker, Job>();
  /** Asked for with `load` and not started yet, in order. */
  private readonly urgent: Job[] = [];
  /** What `prefetch` named and `load` has not asked for yet, in order. */
  private planned: readonly Job[] = [];
  private notKept: string | null = null;
  private disposed = false;

  constructor({ settings, cache, workers, ahead }: VolumeLoaderOptions) {
    const threads = Math.max(1, workers ?? Math.min(4, availableParallelism() - 1));
    this.limits = { workers: threads, ahead: Math.max(0, ahead ?? threads) };
    let kept = cache;
    try {
      if (cache !== null) prepareCache(cache);
    } catch (error) {
      this.notKept = error instanceof Error ? error.message : String(error);
      kept = null;
    }
    this.options = { settings, cache: kept };
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
    else if (job.state === "waiting") this.urgent.push(job);
    this.start();
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
    this.start();
  }

  async dispose(): Promise<void> {
    this.disposed = true;
    this.planned = [];
    const workers = [...this.idle.splice(0), ...this.busy.keys()];
    const ended = new Error("the loader was disposed of before this volume was loaded");
    for (const job of [...this.urgent.splice(0), ...this.busy.values()]) job.reject(ended);
    await Promise.all(workers.map((worker) => worker.terminate()));
  }

  private start(): void {
    while (!this.disposed && (this.idle.length > 0 || this.busy.size < this.limits.workers)) {
      const job = this.urgent.shift() ?? this.nextPlanned();
      if (job === undefined) return;
      job.state = "running";
      const worker = this.idle.pop() ?? this.newWorker();
      this.busy.set(worker, job);
      worker.ref();
      worker.postMessage({ request: job.request, ...this.options } satisfies VolumeTask);
    }
  }

  private nextPlanned(): Job | undefined {
    const next = this.planned.find(({ state }) => state === "waiting");
    const started = this.planned.filter(({ state }) => state !== "waiting").length;
    return started < this.limits.ahead ? next : undefined;
  }

  private newWorker(): Worker {
    const worker = new Worker(this.program);
    worker.on("message", (answer: VolumeAnswer) => {
      const job = this.busy.get(worker);
      this.busy.delete(worker);
      this.idle.push(worker);
      worker.unref();
      if (job !== undefined) {
        job.state = "finished";
        if (answer.kind === "failed") job.reject(new Error(`${job.request.path}: ${answer.problem}`));
        else job.resolve(answer.result);
      }
      if (answer.kind === "done") this.notKept ??= answer.uncached;
      this.start();
    });
    let reason = "";
    worker.on("error", (error) => {
      reason = `: ${error instanceof Error ? error.message : String(error)}`;
    });
    worker.on("exit", () => {
      const job = this.busy.get(worker);
      this.busy.delete(worker);
      const at = this.idle.indexOf(worker);
      if (at >= 0) this.idle.splice(at, 1);
      if (job !== undefined) {
        job.state = "finished";
        job.reject(new Error(`${job.request.path}: the thread that loaded it ended${reason}`));
      }
      this.start();
    });
    return worker;
  }
}

function newJob(name: string, request: VolumeRequest): Job {
  const { promise, resolve, reject } = withResolvers();
  // A result that nobody asked for yet may be an error all the same.
  promise.catch(() => undefined);
  return { name, request, result: promise, resolve, reject, state: "waiting" };
}

/** Requests of the same name are for the same values. */
function nameOf({ path, metadata: { slope, intercept, xySpacing, zSpacing } }: VolumeRequest): string {
  return JSON.stringify([path, slope, intercept, xySpacing, zSpacing]);
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
