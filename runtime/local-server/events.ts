import { Readable } from "node:stream";
import { type Answer, plainAnswer } from "./answer.ts";

export interface ChannelLimits {
  /** Pages that listen at once. */
  readonly listeners: number;
  /** Bytes that wait for one listener, which reads too slowly and is let go: its browser connects again by itself. */
  readonly waitingBytes: number;
  /** Between two signs of life, which keep what is between from closing the connection. */
  readonly beatMs: number;
}

const usualLimits: ChannelLimits = { listeners: 32, waitingBytes: 2 ** 20, beatMs: 15_000 };

/** After how long a browser that lost the connection tries anew. */
const retryMs = 2000;

/** Sends what happens to every page that listens, as server-sent events. */
export class EventChannel {
  private readonly listeners = new Set<Readable>();
  private readonly limits: ChannelLimits;
  private readonly beat: NodeJS.Timeout;
  private isClosed = false;

  constructor(limits: Partial<ChannelLimits> = {}) {
    this.limits = { ...usualLimits, ...limits };
    this.beat = setInterval(() => this.write(": \n\n"), this.limits.beatMs);
    this.beat.unref();
  }

  /** Pages that listen now. */
  get size(): number {
    return this.listeners.size;
  }

  /** Lets another page listen; `first` is said to it alone, so that it starts from what is so now. */
  answer(first: () => readonly Event[] = () => []): Answer {
    if (this.isClosed || this.listeners.size >= this.limits.listeners) {
      return { ...plainAnswer(503, "too many pages are open"), headers: { "Retry-After": "5" } };
    }
    const body = (): Readable => {
      const listener = new Readable({ read: () => undefined });
      listener.push(`retry: ${retryMs}\n\n${first().map(eventText).join("")}`);
      this.listeners.add(listener);
      listener.once("close", () => this.listeners.delete(listener));
      return listener;
    };
    return { status: 200, type: "text/event-stream; charset=utf-8", body };
  }

  send(event: Event): void {
    this.write(eventText(event));
  }

  /** Ends every page's connection, and lets none listen any more. */
  close(): void {
    this.isClosed = true;
    clearInterval(this.beat);
    for (const listener of this.listeners) listener.push(null);
  }

  private write(text: string): void {
    for (const listener of this.listeners) {
      if (listener.readableLength > this.limits.waitingBytes) listener.destroy();
      else listener.push(text);
    }
  }
}

/** Something that happened, and a value that JSON has. */
export interface Event {
  readonly name: string;
  readonly data: unknown;
}

/** JSON has no line break of its own, so that one line has all of it. */
function eventText({ name, data }: Event): string {
  return `event: ${name.replace(/[\r\n]/g, " ")}\ndata: ${JSON.stringify(data)}\n\n`;
}
