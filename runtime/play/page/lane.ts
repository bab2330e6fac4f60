import type { Answers, Opening, Reply, Request, RequestOf, Texts } from "./protocol.ts";

/** How a request ended; a later one of its kind takes the place of one that waits. */
export type Outcome<Value> = Reply<Value> | { readonly kind: "superseded" };

interface Waiting {
  readonly start: (worker: Worker) => void;
  readonly supersede: () => void;
}

/**
 * A worker with one request under way. Of each kind the newest waits and the others are dropped, so that fast typing asks for
 * no more than is shown.
 */
export class Lane {
  private readonly texts: Texts;
  private worker: Worker | null = null;
  private current: Waiting | null = null;
  private readonly waiting = new Map<Request["kind"], Waiting>();

  constructor(texts: Texts) {
    this.texts = texts;
  }

  /** Starts the worker before the first request, where that comes soon. */
  prepare(): void {
    this.worker ??= this.start();
  }

  ask<Kind extends Request["kind"]>(request: RequestOf<Kind>): Promise<Outcome<Answers[Kind]>> {
    return new Promise((resolve) => {
      const waiting: Waiting = {
        start: (worker) => {
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = ({ data }: MessageEvent<Reply<Answers[Kind]>>) => {
            port1.close();
            this.current = null;
            resolve(data);
            this.next();
          };
          worker.postMessage(request, [port2]);
        },
        supersede: () => resolve({ kind: "superseded" }),
      };
      this.waiting.get(request.kind)?.supersede();
      this.waiting.set(request.kind, waiting);
      this.next();
    });
  }

  /** The same, given up after some time: a program may take more memory than a browser has, whose page would end with it. */
  async askWithin<Kind extends Request["kind"]>(
    limitMs: number,
    request: RequestOf<Kind>,
  ): Promise<Outcome<Answers[Kind]> | { readonly kind: "late" }> {
    const watch: { isLate: boolean } = { isLate: false };
    const timer = window.setTimeout(() => {
      watch.isLate = true;
      this.interrupt();
    }, limitMs);
    const outcome = await this.ask(request);
    window.clearTimeout(timer);
    return watch.isLate ? { kind: "late" } : outcome;
  }

  /** Ends what is under way, which cannot be ended but with its worker, and drops what waits. */
  interrupt(): void {
    for (const waiting of this.waiting.values()) waiting.supersede();
    this.waiting.clear();
    if (this.current === null) return;
    this.worker?.terminate();
    this.worker = null;
    this.current.supersede();
    this.current = null;
  }

  private next(): void {
    if (this.current !== null) return;
    const [first] = this.waiting;
    if (first === undefined) return;
    const [kind, waiting] = first;
    this.waiting.delete(kind);
    this.current = waiting;
    this.worker ??= this.start();
    waiting.start(this.worker);
  }

  private start(): Worker {
    const worker = new Worker(new URL("worker.js", document.baseURI), { type: "module" });
    const opening: Opening = { kind: "open", texts: this.texts };
    worker.postMessage(opening);
    return worker;
  }
}
