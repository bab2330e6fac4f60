import { Worker } from "node:worker_threads";
import { bundledFile } from "../files/index.ts";
import type { Documents, OpenDocument } from "./documents.ts";
import type { MemoryAnswer, MemoryTask } from "./memory-messages.ts";

/** How long typing pauses before a step is built for its memory. */
const pauseMs = 800;

/** The memory of the steps of specs, found one after the other in a thread of its own when typing pauses. */
export class MemoryFacts {
  private readonly taskOf: (uri: string) => MemoryTask | null;
  private readonly found: () => void;
  private worker: Worker | null = null;
  private timer: NodeJS.Timeout | null = null;
  private asked: { readonly uri: string; readonly task: MemoryTask } | null = null;
  private readonly pending = new Set<string>();
  private readonly answers = new Map<string, { readonly whole: string; readonly answer: MemoryAnswer }>();

  /** `taskOf` gives the open question of a document by then, or null; `found` is told when an answer is there. */
  constructor(taskOf: (uri: string) => MemoryTask | null, found: () => void) {
    this.taskOf = taskOf;
    this.found = found;
  }

  /** What was found of a document; null while it is not known, or of other texts. */
  of(uri: string, whole: string): MemoryAnswer | null {
    const known = this.answers.get(uri);
    return known?.whole === whole ? known.answer : null;
  }

  /** Asks once nobody has asked for a while. What is being found then waits: keys want the processor. */
  askSoon(uri: string): void {
    this.pending.add(uri);
    if (this.asked !== null) {
      this.pending.add(this.asked.uri);
      void this.worker?.terminate();
      this.worker = null;
      this.asked = null;
    }
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = setTimeout(() => this.give(), pauseMs);
    this.timer.unref();
  }

  forget(uri: string): void {
    this.answers.delete(uri);
    this.pending.delete(uri);
  }

  private give(): void {
    for (const uri of this.pending) {
      this.pending.delete(uri);
      const task = this.taskOf(uri);
      if (task === null || this.of(uri, task.whole) !== null) continue;
      this.asked = { uri, task };
      this.worker ??= this.start();
      this.worker.postMessage(task);
      return;
    }
  }

  private start(): Worker {
    const worker = new Worker(bundledFile("memory-worker.js"));
    // An editor that leaves does not wait for it.
    worker.unref();
    worker.on("message", (answer: MemoryAnswer) => {
      const { asked } = this;
      if (worker !== this.worker || asked === null) return;
      this.answers.set(asked.uri, { whole: asked.task.whole, answer });
      this.asked = null;
      this.found();
      this.give();
    });
    // A step that cannot be built has no number; what comes next is tried in a new thread.
    worker.on("error", () => {
      if (worker !== this.worker) return;
      this.asked = null;
      this.worker = null;
    });
    return worker;
  }
}

/** A document's text and those of what it imports, of which its memory is. */
export function wholeOf({ spec }: OpenDocument): string {
  return spec.program.files.map(({ source }) => source.text).join("\0");
}

/** What is asked of a document; nothing of one that does not compile. */
export function memoryTaskOf(document: OpenDocument, documents: Documents): MemoryTask | null {
  const { spec } = document;
  if (spec.compiled.spec === null) return null;
  const { name, text } = spec.source;
  return { path: name, text, whole: wholeOf(document), open: documents.texts() };
}
