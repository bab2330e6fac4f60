import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { ProcessError } from "../engine-error.ts";
import type { Launch } from "../launch.ts";
import type { Frame } from "./frames.ts";
import { type Hello, type Link, type LinkedWorker, listen } from "./link.ts";
import type { FromWorker, LinkTensors, ToWorker } from "./messages.ts";
import type { Processes } from "./processes.ts";

/** Rows of a step that a worker asks for. */
export type RowsRequest = Omit<Extract<FromWorker, { readonly kind: "rows" }>, "kind">;

/** What it gets: the rows, or word to stop the step. */
export type RowsAnswer =
  | { readonly kind: "rows"; readonly tensors: LinkTensors }
  | { readonly kind: "stop"; readonly reason: string };

/** How the workers of this machine are had. */
export interface Crew {
  readonly launch: Launch;
  /** Starts them, for a socket that they connect to; null where somebody else does. */
  readonly start: ((socket: string) => Promise<Processes>) | null;
  /** That long they may take until they are all there. */
  readonly patienceMs: number;
}

/** Paths of sockets have at most 103 bytes on macOS, and a few more on Linux. */
const longestSocket = 100;

/** While workers are waited for, it is asked that often whether to stop. */
const askMs = 250;

/** After a worker was lost, what it or torchrun still has to say of it comes soon. */
const lastWordsMs = 1500;

interface Question {
  readonly resolve: (frame: Frame) => void;
  readonly reject: (error: Error) => void;
}

/** The workers of this machine, from when all of them are there until `end`. */
export class Workers {
  /** How each introduced itself, by ranks. */
  hellos: readonly Hello[] = [];
  private readonly crew: Crew;
  private readonly joined = new Map<number, LinkedWorker>();
  private readonly folder: string | null;
  private link: Link | null = null;
  private processes: Processes | null = null;
  private giveRows: ((request: RowsRequest) => Promise<RowsAnswer>) | null = null;
  private question: Question | null = null;
  private failure: Error | null = null;
  private isEnding = false;
  private readonly watchers = new Set<() => void>();

  private constructor(crew: Crew) {
    this.crew = crew;
    this.folder = crew.launch.by.kind === "attached" ? null : privateFolder();
  }

  /** Starts them, or waits for them. Rejects with a `ProcessError` when they do not come, and leaves nothing behind. */
  static async start(crew: Crew): Promise<Workers> {
    const workers = new Workers(crew);
    try {
      await workers.open();
      return workers;
    } catch (error) {
      await workers.end();
      throw error;
    }
  }

  private async open(): Promise<void> {
    const { launch, start, patienceMs } = this.crew;
    const path = launch.by.kind === "attached" ? launch.by.socket : join(this.folder ?? "", "link");
    this.link = await listen(path, {
      joined: (worker) => this.join(worker),
      said: (worker, frame) => this.hear(worker, frame),
      lost: (worker, error) => this.lose(worker, error),
    });
    if (start !== null) {
      const processes = await start(path);
      this.processes = processes;
      void processes.ended.then(({ isWell, how }) => {
        const isExpected = this.isEnding || (isWell && this.isFollowing);
        if (!isExpected) this.fail(new ProcessError(`its processes ended: ${how}`, processes.lines()));
      });
    }
    const deadline = performance.now() + patienceMs;
    await this.until(() => this.joined.size === launch.processes, deadline);
    // Nobody else may come in, and nothing is left behind if this process is killed.
    this.shut();
    this.hellos = [...this.joined.values()].map(({ hello }) => hello).sort((a, b) => a.rank - b.rank);
  }

  /** Waits until something holds; rejects when a worker fails before, or time is up. */
  private async until(holds: () => boolean, deadline: number): Promise<void> {
    while (!holds()) {
      if (this.failure !== null) throw await this.withLastWords(this.failure);
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) throw this.tooFew();
      if (this.crew.launch.isStopped?.() === true) throw new ProcessError("stopped while it waited for them", []);
      const changed = new Promise<void>((resolve) => this.watchers.add(resolve));
      const isTimed = Number.isFinite(leftMs);
      await (isTimed ? Promise.race([changed, wait(Math.min(leftMs, askMs))]) : changed);
    }
  }

  /** Whether these workers are led from another machine, and end when that one says so. */
  private get isFollowing(): boolean {
    return this.crew.launch.machines.rank > 0 && this.hellos.length > 0;
  }

  private tooFew(): Error {
    const { launch, patienceMs } = this.crew;
    const seconds = Math.round(patienceMs / 1000);
    const there = `${this.joined.size} of ${launch.processes} processes are there`;
    return new ProcessError(`${there} after ${seconds} seconds`, this.processes?.lines() ?? []);
  }

  private join(worker: LinkedWorker): void {
    const { rank, world } = worker.hello;
    const { processes, machines } = this.crew.launch;
    if (world !== processes * machines.count || this.joined.has(rank) || this.joined.size === processes) {
      const expected = `${processes} processes on each of ${machines.count} machines`;
      this.fail(new ProcessError(`process ${rank} of ${world} came, and there are ${expected}`, []));
      return;
    }
    this.joined.set(rank, worker);
    this.changed();
  }

  private hear(worker: LinkedWorker, frame: Frame): void {
    const { message } = frame;
    switch (message.kind) {
      case "rows":
        void this.answer(worker, message);
        return;
      case "error":
        this.fail(errorOf(worker.hello, message));
        return;
      case "hello":
        this.fail(new ProcessError(`process ${worker.hello.rank} said hello twice`, []));
        return;
      case "done":
      case "stepped":
      case "measured":
      case "timed":
      case "stopped":
      case "values": {
        const { question } = this;
        this.question = null;
        if (question === null) this.fail(new ProcessError(`nobody asked for \`${message.kind}\``, []));
        else question.resolve(frame);
        return;
      }
    }
  }

  private async answer(worker: LinkedWorker, { step, from, count }: RowsRequest): Promise<void> {
    if (this.giveRows === null) {
      this.fail(new ProcessError(`process ${worker.hello.rank} asked for rows outside a step`, []));
      return;
    }
    const answer = await this.giveRows({ step, from, count });
    if (answer.kind === "rows") worker.say({ kind: "rows" }, answer.tensors);
    else worker.say({ kind: "stop", reason: answer.reason });
  }

  private lose({ hello: { rank, world } }: LinkedWorker, error: Error | null): void {
    this.joined.delete(rank);
    this.changed();
    if (this.isEnding || (error === null && this.isFollowing)) return;
    const why = error === null ? "ended" : `cannot be understood: ${error.message}`;
    this.fail(new ProcessError(`process ${rank} of ${world} ${why}`, []));
  }

  /** The first failure counts: others follow from it. */
  private fail(error: Error): void {
    this.failure ??= error;
    this.changed();
    const { question } = this;
    this.question = null;
    if (question !== null) void this.withLastWords(this.failure).then(question.reject);
  }

  /** A failure with what the processes wrote: torchrun says how one ended that said nothing itself. */
  private async withLastWords(failure: Error): Promise<Error> {
    const { processes } = this;
    if (processes === null || !(failure instanceof ProcessError) || failure.written.length > 0) return failure;
    await Promise.race([processes.ended, wait(lastWordsMs, undefined, { ref: false })]);
    const lines = processes.lines();
    const isKilled = lines.some((line) => line.endsWith("was ended by SIGKILL"));
    return new ProcessError(isKilled ? `${failure.message}, most likely out of memory` : failure.message, lines);
  }

  private changed(): void {
    const watchers = [...this.watchers];
    this.watchers.clear();
    for (const each of watchers) each();
  }

  /** Answers requests for rows from now on; null for none. */
  serve(giveRows: ((request: RowsRequest) => Promise<RowsAnswer>) | null): void {
    this.giveRows = giveRows;
  }

  /** Asks the first worker, which leads the others; one question at a time. */
  ask(message: ToWorker, tensors?: LinkTensors): Promise<Frame> {
    const first = this.joined.get(0);
    if (this.failure !== null) return this.withLastWords(this.failure).then((error) => Promise.reject(error));
    if (this.question !== null) return Promise.reject(new Error("a worker is asked one thing at a time"));
    if (first === undefined) return Promise.reject(new Error("the first worker is on another machine"));
    return new Promise((resolve, reject) => {
      this.question = { resolve, reject };
      first.say(message, tensors);
    });
  }

  /** Waits until all of them have ended, as the machine that leads tells them to; rejects where one failed. */
  async over(): Promise<void> {
    await this.until(() => this.joined.size === 0, Number.POSITIVE_INFINITY);
    await this.processes?.ended;
    if (this.failure !== null) throw await this.withLastWords(this.failure);
  }

  /** The processes, with those that started them. */
  running(): readonly number[] {
    return this.processes?.running() ?? [];
  }

  /** Ends them and removes everything; it does so once. */
  async end(): Promise<void> {
    if (this.isEnding) return;
    this.isEnding = true;
    if (this.failure === null) this.joined.get(0)?.say({ kind: "quit" });
    // Each ends when its connection does; those without a failure get the time to end by themselves.
    const { processes } = this;
    if (this.failure !== null) this.link?.close();
    await processes?.end();
    this.link?.close();
    this.shut();
  }

  private shut(): void {
    this.link?.shut();
    if (this.folder !== null) rmSync(this.folder, { recursive: true, force: true });
  }
}

function errorOf(
  { rank, world }: Hello,
  { message, traceback, out_of_memory: isOutOfMemory }: Extract<FromWorker, { readonly kind: "error" }>,
): ProcessError {
  const where = world === 1 ? "" : `process ${rank} of ${world}: `;
  const words = isOutOfMemory ? `out of memory: ${message}` : message;
  return new ProcessError(
    `${where}${words}`,
    traceback.split("\n").filter((line) => line !== ""),
  );
}

/** A folder that only this user can enter, whose path is short enough for a socket in it. */
function privateFolder(): string {
  const name = "medctc-";
  const folder = mkdtempSync(join(tmpdir(), name));
  if (Buffer.byteLength(join(folder, "link")) <= longestSocket) return folder;
  rmSync(folder, { recursive: true });
  return mkdtempSync(join("/tmp", name));
}
