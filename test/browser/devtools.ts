import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import * as v from "valibot";
import type { Chromium } from "./chromium.ts";

/** What Chromium sends: the answer to a command, or an event. */
const message = v.union([
  v.object({ id: v.number(), error: v.object({ message: v.string() }) }),
  v.object({ id: v.number(), result: v.unknown() }),
  v.object({ method: v.string(), params: v.unknown(), sessionId: v.optional(v.string()) }),
]);

/** The events that are listened to, and what is read of them. */
const request = v.object({ request: v.object({ url: v.string() }) });
const exception = v.object({
  text: v.string(),
  exception: v.optional(v.object({ description: v.optional(v.string()) })),
});
const thrown = v.object({ exceptionDetails: exception });
const consoleCall = v.object({ type: v.string() });
const logEntry = v.object({ entry: v.object({ level: v.string(), text: v.string() }) });

const target = v.object({ targetId: v.string() });
const session = v.object({ sessionId: v.string() });
const evaluated = v.object({
  result: v.object({ value: v.optional(v.unknown()) }),
  exceptionDetails: v.optional(exception),
});

type Parameters = Readonly<Record<string, unknown>>;
type Listener = (method: string, params: unknown, sessionId: string | undefined) => void;

interface Answer {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

export interface View {
  readonly width: number;
  readonly height: number;
  readonly scheme: string;
}

/** A page that is open; what it loads and complains of is in the lists, from its first request on. */
export interface Tab {
  readonly requests: readonly string[];
  readonly problems: readonly string[];
  readonly send: (method: string, params?: Parameters) => Promise<unknown>;
  readonly evaluate: (expression: string) => Promise<unknown>;
  readonly close: () => Promise<void>;
}

/** A Chromium without a window that is driven over its pipe: messages in JSON with a zero byte after each. */
export class Browser {
  private readonly process: ChildProcess;
  private readonly commands: Writable;
  private readonly profile = mkdtempSync(join(tmpdir(), "medctc-chromium-"));
  private readonly answers = new Map<number, Answer>();
  private readonly listeners = new Set<Listener>();
  private sent = 0;
  private unread = "";

  constructor({ file, env }: Chromium) {
    const flags = ["--headless", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--remote-debugging-pipe"];
    // Chromium refuses its own sandbox to root, and in most containers to others; it opens nothing but our own files.
    flags.push("--no-sandbox", "--disable-dev-shm-usage", `--user-data-dir=${this.profile}`, "about:blank");
    this.process = spawn(file, flags, {
      stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    let said = "";
    this.process.stderr?.setEncoding("utf8").on("data", (text) => {
      said = (said + text).slice(-2000);
    });
    const end = (why: string): void => {
      for (const { reject } of this.answers.values()) reject(new Error(`Chromium ended: ${why}\n${said}`));
      this.answers.clear();
    };
    this.process.on("error", (error) => end(error.message));
    this.process.on("exit", (code) => end(`exit code ${code}`));
    const [, , , commands, replies] = this.process.stdio;
    if (!(commands instanceof Writable) || !(replies instanceof Readable)) throw new Error("Chromium has its pipes");
    this.commands = commands.on("error", (error: Error) => end(error.message));
    replies.setEncoding("utf8").on("data", (text) => this.read(String(text)));
  }

  private read(text: string): void {
    const messages = (this.unread + text).split("\0");
    this.unread = messages.pop() ?? "";
    for (const each of messages) {
      const received = v.parse(message, JSON.parse(each));
      if ("method" in received) {
        for (const listener of this.listeners) listener(received.method, received.params, received.sessionId);
        continue;
      }
      const answer = this.answers.get(received.id);
      this.answers.delete(received.id);
      if ("error" in received) answer?.reject(new Error(received.error.message));
      else answer?.resolve(received.result);
    }
  }

  /** Sends a command of the DevTools protocol, and gives its result. */
  send(method: string, params: Parameters = {}, sessionId?: string): Promise<unknown> {
    const id = ++this.sent;
    return new Promise((resolve, reject) => {
      this.answers.set(id, { resolve, reject });
      if (this.process.exitCode !== null) reject(new Error("Chromium has ended"));
      else this.commands.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  /** Opens a page in a tab of its own. */
  async open(url: string, { width, height, scheme }: View): Promise<Tab> {
    const { targetId } = v.parse(target, await this.send("Target.createTarget", { url: "about:blank" }));
    const attached = await this.send("Target.attachToTarget", { targetId, flatten: true });
    const { sessionId } = v.parse(session, attached);
    const send: Tab["send"] = (method, params) => this.send(method, params, sessionId);
    const requests: string[] = [];
    const problems: string[] = [];
    let finish = (): void => undefined;
    const loaded = new Promise<void>((resolve) => {
      finish = () => resolve();
    });
    const listener: Listener = (method, params, from) => {
      if (from !== sessionId) return;
      if (method === "Network.requestWillBeSent") requests.push(v.parse(request, params).request.url);
      else if (method === "Runtime.exceptionThrown") problems.push(v.parse(thrown, params).exceptionDetails.text);
      else if (method === "Runtime.consoleAPICalled") problems.push(`console.${v.parse(consoleCall, params).type}`);
      else if (method === "Log.entryAdded") {
        const { level, text } = v.parse(logEntry, params).entry;
        problems.push(`${level}: ${text}`);
      } else if (method === "Page.loadEventFired") finish();
    };
    this.listeners.add(listener);
    for (const domain of ["Network", "Runtime", "Log", "Page"]) await send(`${domain}.enable`);
    await send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: width < 500 });
    await send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-color-scheme", value: scheme }] });
    await send("Page.navigate", { url });
    await loaded;
    return {
      requests,
      problems,
      send,
      evaluate: async (expression) => {
        const answer = await send("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
        const { result, exceptionDetails: failure } = v.parse(evaluated, answer);
        if (failure !== undefined) throw new Error(failure.exception?.description ?? failure.text);
        return result.value;
      },
      close: async () => {
        this.listeners.delete(listener);
        await this.send("Target.closeTarget", { targetId });
      },
    };
  }

  async close(): Promise<void> {
    if (this.process.exitCode === null) {
      const ended = new Promise((resolve) => this.process.once("exit", resolve));
      this.process.kill();
      await ended;
    }
    rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
