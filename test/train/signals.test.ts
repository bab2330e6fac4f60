import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { StopRequest, type StopSignal } from "../../runtime/machine/signals.ts";
import { bundle } from "../bundle.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-signals-"));
const script = join(folder, "stop-loop.mjs");
beforeAll(() => bundle("test/train/stop-loop.ts", script));
afterAll(() => rmSync(folder, { recursive: true }));

interface Loop {
  readonly child: ChildProcess;
  /** Waits until the loop says a line. */
  readonly says: (line: string) => Promise<void>;
  readonly end: Promise<{ readonly code: number | null; readonly signal: string | null }>;
}

function start(mode: string): Loop {
  const child = spawn(process.execPath, [script, mode], { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  const heard = new Set<() => void>();
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
    for (const listener of heard) listener();
  });
  const says = (line: string): Promise<void> =>
    new Promise((resolve) => {
      const look = (): void => {
        if (said.includes(`${line}\n`)) resolve();
      };
      heard.add(look);
      look();
    });
  const end = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    child.on("close", (code, signal) => resolve({ code, signal })),
  );
  return { child, says, end };
}

describe.each<[StopSignal, number]>([
  ["SIGINT", 130],
  ["SIGTERM", 143],
])("%s", (signal, code) => {
  test("is heard by the loop, which ends by itself", async () => {
    const { child, says, end } = start("polite");
    await says("ready");
    child.kill(signal);
    await says(`asked by ${signal}`);
    expect(await end).toEqual({ code, signal: null });
  });

  test("ends the process at once when it comes a second time, but not when it comes twice at a time", async () => {
    const { child, says, end } = start("stubborn");
    await says("ready");
    child.kill(signal);
    child.kill(signal);
    await says(`asked by ${signal}`);
    await setTimeout(400);
    expect([child.exitCode, child.signalCode]).toEqual([null, null]);
    child.kill(signal);
    expect(await end).toEqual({ code: null, signal });
  });

  test("does what it always does once nobody watches for it", async () => {
    const { child, says, end } = start("disposed");
    await says("ready");
    child.kill(signal);
    await says("disposed");
    child.kill(signal);
    expect(await end).toEqual({ code: null, signal });
  });
});

test("the first request counts, its echo does not, and another signal or a later one is a second", () => {
  const request = new StopRequest();
  expect(request.signal()).toBeNull();
  expect(request.hear("SIGINT", 1000)).toBe(false);
  expect(request.hear("SIGINT", 1199)).toBe(false);
  expect(request.hear("SIGTERM", 1001)).toBe(true);
  expect(request.hear("SIGINT", 1200)).toBe(true);
  expect(request.signal()).toBe("SIGINT");
});
