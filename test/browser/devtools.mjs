import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A Chromium without a window that is driven over its pipe: messages in JSON with a zero byte after each. */
export class Browser {
  #process;
  #profile = mkdtempSync(join(tmpdir(), "medctc-chromium-"));
  #answers = new Map();
  #listeners = new Set();
  #sent = 0;
  #unread = "";

  constructor({ file, env }) {
    const flags = ["--headless", "--disable-gpu", "--hide-scrollbars", "--no-first-run", "--remote-debugging-pipe"];
    // Chromium refuses its own sandbox to root, and in most containers to others; it opens nothing but our own files.
    flags.push("--no-sandbox", "--disable-dev-shm-usage", `--user-data-dir=${this.#profile}`, "about:blank");
    this.#process = spawn(file, flags, {
      stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    let said = "";
    this.#process.stderr.setEncoding("utf8").on("data", (text) => {
      said = (said + text).slice(-2000);
    });
    const end = (why) => {
      for (const { reject } of this.#answers.values()) reject(new Error(`Chromium ended: ${why}\n${said}`));
      this.#answers.clear();
    };
    this.#process.on("error", ({ message }) => end(message));
    this.#process.on("exit", (code) => end(`exit code ${code}`));
    const [, , , commands, replies] = this.#process.stdio;
    commands.on("error", ({ message }) => end(message));
    replies.setEncoding("utf8").on("data", (text) => this.#read(text));
  }

  #read(text) {
    const messages = (this.#unread + text).split("\0");
    this.#unread = messages.pop() ?? "";
    for (const message of messages) {
      const { id, result, error, method, params, sessionId } = JSON.parse(message);
      if (id === undefined) {
        for (const listener of this.#listeners) listener(method, params, sessionId);
        continue;
      }
      const answer = this.#answers.get(id);
      this.#answers.delete(id);
      if (error === undefined) answer?.resolve(result);
      else answer?.reject(new Error(error.message));
    }
  }

  /** Sends a command of the DevTools protocol, and gives its result. */
  send(method, params = {}, sessionId = undefined) {
    const id = ++this.#sent;
    return new Promise((resolve, reject) => {
      this.#answers.set(id, { resolve, reject });
      if (this.#process.exitCode !== null) return reject(new Error("Chromium has ended"));
      this.#process.stdio[3].write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    });
  }

  /** Opens a page in a tab of its own; what it loads and complains of from then on is in the lists that are given. */
  async open(url, { width, height, scheme }) {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" });
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true });
    const tab = { requests: [], problems: [], send: (method, params) => this.send(method, params, sessionId) };
    const loaded = later();
    const listener = (method, params, session) => {
      if (session !== sessionId) return;
      if (method === "Network.requestWillBeSent") tab.requests.push(params.request.url);
      else if (method === "Runtime.exceptionThrown") tab.problems.push(params.exceptionDetails.text);
      else if (method === "Runtime.consoleAPICalled") tab.problems.push(`console.${params.type}`);
      else if (method === "Log.entryAdded") tab.problems.push(`${params.entry.level}: ${params.entry.text}`);
      else if (method === "Page.loadEventFired") loaded.resolve();
    };
    this.#listeners.add(listener);
    for (const domain of ["Network", "Runtime", "Log", "Page"]) await tab.send(`${domain}.enable`);
    await tab.send("Emulation.setDeviceMetricsOverride", { width, height, deviceScaleFactor: 1, mobile: width < 500 });
    const features = [{ name: "prefers-color-scheme", value: scheme }];
    await tab.send("Emulation.setEmulatedMedia", { features });
    await tab.send("Page.navigate", { url });
    await loaded.promise;
    tab.evaluate = async (expression) => {
      const { result, exceptionDetails } = await tab.send("Runtime.evaluate", { expression, returnByValue: true });
      if (exceptionDetails !== undefined)
        throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
      return result.value;
    };
    tab.close = async () => {
      this.#listeners.delete(listener);
      await this.send("Target.closeTarget", { targetId });
    };
    return tab;
  }

  async close() {
    if (this.#process.exitCode === null) {
      const ended = new Promise((resolve) => {
        this.#process.once("exit", resolve);
      });
      this.#process.kill();
      await ended;
    }
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 5 });
  }
}

function later() {
  const made = {};
  made.promise = new Promise((resolve) => {
    made.resolve = resolve;
  });
  return made;
}
