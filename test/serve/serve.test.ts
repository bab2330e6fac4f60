import { spawn } from "node:child_process";
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import * as v from "valibot";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { type ServedRuns, serveRuns } from "../../runtime/serve/index.ts";
import type { RunDetails, RunSummary, RunsChange } from "../../runtime/serve/wire.ts";
import { type RunEnd, type RunRecord, writeRecord } from "../../runtime/train/index.ts";
import { medctc, prepareProgram } from "../cli/medctc.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-serve-"));
const closers: (() => Promise<void>)[] = [];
let roots = 0;

beforeAll(prepareProgram);
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});
afterAll(() => rmSync(folder, { recursive: true }));

const record: Omit<RunRecord, "end"> = {
  ...{ medctc: "0.1.0", spec: "small.vlm", backend: "onnx", precision: "f32", seed: 1, batch: 8 },
  text: "train {\n  lr = 1e-3\n}\n",
  ...{ steps: 10, stepsPerEpoch: 5, parameters: null, times: null, startedAt: "2026-01-01T00:00:00.000Z" },
};

/** A folder with runs, each of which has some steps and what its record says. */
function rootOf(runs: Readonly<Record<string, { steps?: number; record?: RunRecord | null; lock?: object }>>): string {
  const root = join(folder, String(roots++));
  mkdirSync(root);
  for (const [name, { steps = 3, record: own = null, lock }] of Object.entries(runs)) {
    const run = join(root, name);
    mkdirSync(run, { recursive: true });
    writeFileSync(join(run, "metrics.jsonl"), linesOf(1, steps));
    if (own !== null) writeRecord(run, own);
    if (lock === undefined) continue;
    mkdirSync(join(run, "run.lock"));
    writeFileSync(join(run, "run.lock/holder.json"), JSON.stringify(lock));
  }
  return root;
}

function linesOf(from: number, to: number): string {
  const steps = Array.from({ length: to - from + 1 }, (_, at) => from + at);
  return steps
    .map((step) => `{"step":${step},"epoch":0,"loss":${1 / step},"seconds":2,"learning_rate":0.001}\n`)
    .join("");
}

function ended(kind: RunEnd["kind"], ...messages: readonly string[]): RunRecord {
  const problems = messages.map((message) => ({ subject: "", message, help: null }));
  return { ...record, end: { kind, at: record.startedAt, problems } };
}

async function served(root: string): Promise<ServedRuns> {
  const failures: unknown[] = [];
  const started = await serveRuns([root], 0, (error) => failures.push(error));
  if (started.kind === "failed") throw new Error(started.problem.message);
  closers.push(async () => {
    await started.value.close();
    expect(failures).toEqual([]);
  });
  return started.value;
}

async function json<Value>(address: string): Promise<Value> {
  const response = await fetch(address);
  expect(response.status).toBe(200);
  return v.parse(
    v.custom<Value>(() => true),
    JSON.parse(await response.text()),
  );
}

async function runsOf({ address }: ServedRuns): Promise<ReadonlyMap<string, RunSummary>> {
  const { runs } = await json<RunsChange>(`${address}runs.json`);
  return new Map(runs.map((run) => [run.name, run]));
}

const here = { pid: process.pid, host: hostname(), started: null };

test("runs are told with their states, where they are, and how long they still take", async () => {
  const root = rootOf({
    running: { record: { ...record, end: null }, lock: here },
    elsewhere: { record: { ...record, end: null }, lock: { pid: 1, host: "node7\u202e", started: null } },
    killed: { record: { ...record, end: null }, lock: { ...here, pid: 2 ** 22 + 1 } },
    stopped: { record: ended("stopped") },
    failed: { record: ended("failed", "the disk is full", "the run stopped because it could not be saved") },
    done: { steps: 10, record: ended("done") },
    "before/records": {},
  });
  const runs = await runsOf(await served(root));
  const states = [...runs].map(([name, { state, note }]) => [name, state, note]);
  expect(new Map(states.map(([name, ...rest]) => [name, rest]))).toEqual(
    new Map([
      ["done", ["finished", ""]],
      ["elsewhere", ["running", "on node7\\u{202e}"]],
      ["failed", ["failed", "the run stopped because it could not be saved"]],
      ["killed", ["failed", "its process was ended from outside; continue it with --resume"]],
      ["running", ["running", ""]],
      ["stopped", ["stopped", "continue it with --resume"]],
      ["before/records", ["stopped", ""]],
    ]),
  );
  expect(runs.get("running")).toMatchObject({
    ...{ step: 3, steps: 10, secondsPerStep: 2, examplesPerSecond: 4, secondsLeft: 14, learningRate: 0.001 },
    loss: 1 / 3,
  });
  expect(runs.get("done")).toMatchObject({ step: 10, secondsLeft: null });
  expect(runs.get("before/records")).toMatchObject({ step: 3, steps: null, examplesPerSecond: null });
});

test("what came since is all that is read and told, whatever half lines and damage are between", async () => {
  const root = rootOf({ run: { record: { ...record, end: null }, lock: here } });
  const server = await served(root);
  const first = (await runsOf(server)).get("run");
  const log = join(root, "run/metrics.jsonl");
  appendFileSync(
    log,
    `not JSON\n{"step":"x"}\n{"step":-1}\n\u0000\n{"step":4,"loss":null}\n${linesOf(5, 5)}{"step":6,"lo`,
  );
  const later = await until(server, "run", ({ step, version }) => {
    return step === 5 && version > (first?.version ?? 0);
  });
  const details = await json<RunDetails>(`${server.address}run.json?id=${later.id}&generation=1&step=3&width=1`);
  expect(details).toMatchObject({ from: 3, generation: 1 });
  expect(details.series.find(({ name }) => name === "loss")?.buckets.map(([step]) => step)).toEqual([3, 5]);
  // A training that is resumed writes the log anew up to its checkpoint.
  writeFileSync(log, linesOf(1, 2));
  await until(server, "run", ({ step }) => step === 2);
  const anew = await json<RunDetails>(`${server.address}run.json?id=${later.id}&generation=1&step=5&width=1`);
  expect(anew).toMatchObject({ from: 0, generation: 2 });
  expect(anew.series.find(({ name }) => name === "loss")?.buckets.map(([step]) => step)).toEqual([1, 2]);
});

test("evaluations, settings, problems and pages are told of a run that is chosen", async () => {
  const root = rootOf({ "sweep/runs/a/seed-1": { record: ended("failed", "the loss of step 4 is NaN") } });
  const run = join(root, "sweep/runs/a/seed-1");
  mkdirSync(join(run, "evaluations"));
  const scores = {
    classes: ["A"],
    volumes: [0.2, 0.9].map((score, at) => ({ name: `v${at}`, scores: [score], labels: [at] })),
  };
  const validation = {
    examples: 2,
    values: [
      ["loss", 0.5],
      ["nan", null],
    ],
  };
  writeFileSync(join(run, "evaluations/step-00000003.json"), JSON.stringify({ ...scores, validation }));
  writeFileSync(join(run, "evaluations/step-00000002.json"), "{ half");
  writeFileSync(join(run, "skipped.jsonl"), '{"file":"a.nii.gz","rule":"it is cut off","help":""}\n{"file":"b');
  writeFileSync(join(run, "report.html"), "<!doctype html><title>report</title>");
  writeFileSync(join(root, "sweep/sweep.json"), "{}");
  writeFileSync(join(root, "sweep/index.html"), "<!doctype html><title>sweep</title>");
  const server = await served(root);
  const { id = "", validationLoss } = (await runsOf(server)).get("sweep/runs/a/seed-1") ?? {};
  expect(validationLoss).toBe(0.5);
  const details = await json<RunDetails>(`${server.address}run.json?id=${id}`);
  expect(details.problems).toEqual(["skipped a.nii.gz: it is cut off", "the loss of step 4 is NaN"]);
  expect(details.settings).toContainEqual(["train.lr", "1e-3"]);
  expect(details.evaluations).toHaveLength(1);
  expect(details.evaluations[0]?.values).toEqual(
    expect.arrayContaining([
      ["mean AUROC", 1],
      ["AUROC: A", 1],
      ["loss", 0.5],
      ["nan", null],
    ]),
  );
  expect(details.pages.map(({ title }) => title)).toEqual(["report", "sweep"]);
  for (const { address } of details.pages) {
    const response = await fetch(new URL(address, server.address));
    expect(await response.text()).toContain("<!doctype html>");
    expect(response.headers.get("content-security-policy")).toContain("sandbox");
    expect(response.headers.get("content-security-policy")).not.toContain("script-src");
  }
});

test("new runs appear and others go, as events tell a page that listens", async () => {
  const root = rootOf({ first: {} });
  const server = await served(root);
  const heard = await listen(`${server.address}events`);
  expect(await heard((text) => text.includes('"name":"first"'))).toContain('"isWhole":true');
  mkdirSync(join(root, "second"));
  writeFileSync(join(root, "second/metrics.jsonl"), linesOf(1, 1));
  await heard((text) => text.includes('"name":"second"'));
  rmSync(join(root, "first"), { recursive: true });
  await heard((text) => /"removed":\["[0-9a-f]+"\]/.test(text));
});

describe("what is hostile", () => {
  test("no path leads to a file but those of the page and of reports, and a report that is a link leads nowhere", async () => {
    const root = rootOf({ run: {} });
    symlinkSync("/etc/passwd", join(root, "run/report.html"));
    const server = await served(root);
    const { id = "" } = (await runsOf(server)).get("run") ?? {};
    for (const path of [`pages/${id}.html`, "run/metrics.jsonl", "pages/0000.html", "run.json?id=../run"]) {
      expect([path, (await fetch(new URL(path, server.address))).status]).toEqual([path, expect.toSatisfy(isRefused)]);
    }
  });

  test("names are printable on the wire, and escaped in the frame", async () => {
    const root = rootOf({ "<img src=x>\u202e\n": { record: ended("failed", "\u001b[31m red") } });
    const server = await served(root);
    const [run] = (await runsOf(server)).values();
    expect(run).toMatchObject({ name: "<img src=x>\\u{202e}\\u{a}", note: "\\u{1b}[31m red" });
    const html = await (await fetch(server.address)).text();
    expect(html).not.toContain("<img");
    const named = await served(join(root, "<img src=x>\u202e\n"));
    expect(await (await fetch(named.address)).text()).toContain("&lt;img src=x&gt;\uFFFD");
  });

  test("damaged records, locks and states are as good as missing ones", async () => {
    const root = rootOf({ a: {}, b: {}, c: {} });
    writeFileSync(join(root, "a/run.json"), '{"steps":');
    writeFileSync(join(root, "b/run.json"), JSON.stringify({ ...record, steps: -1, end: null }));
    mkdirSync(join(root, "c/checkpoints/step-00000001"), { recursive: true });
    writeFileSync(join(root, "c/checkpoints/step-00000001/state.json"), "{}");
    writeFileSync(join(root, "c/run.lock"), "a file");
    const runs = await runsOf(await served(root));
    expect([...runs.values()].map(({ state, step, steps }) => [state, step, steps])).toEqual([
      ["stopped", 3, null],
      ["stopped", 3, null],
      ["stopped", 3, null],
    ]);
  });
});

test("a log of a million steps is read in pieces, and told in few", async () => {
  const root = rootOf({ long: { steps: 1 } });
  const lines = Array.from({ length: 100 }, (_, part) => {
    return Array.from({ length: 10_000 }, (__, at) => {
      const step = part * 10_000 + at + 1;
      return `{"step":${step},"epoch":0,"loss":${(1 + Math.sin(step)) / 2},"gradient_norm":1.25,"learning_rate":0.001,"seconds":0.5}\n`;
    }).join("");
  });
  writeFileSync(join(root, "long/metrics.jsonl"), lines.join(""));
  const before = process.memoryUsage().heapUsed;
  const server = await served(root);
  const { id } = await until(server, "long", ({ step }) => step === 1_000_000);
  const response = await fetch(`${server.address}run.json?id=${id}`);
  const text = await response.text();
  expect(text.length).toBeLessThan(500_000);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(300e6);
});

describe("the command", () => {
  test("prints the address, serves the page, and ends with Ctrl-C", async () => {
    const root = rootOf({ run: {} });
    const child = spawn(process.execPath, [resolve("dist/medctc.js"), "serve", root], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    const closed = new Promise((keep) => child.once("close", keep));
    const address = await new Promise<string>((keep) =>
      child.stdout.once("data", (text: Buffer) => keep(String(text).trim())),
    );
    const page = await fetch(address);
    expect(page.headers.get("content-security-policy")).toContain("script-src 'self'; style-src 'self'");
    for (const part of ["page.js", "style.css"]) expect((await fetch(`${address}${part}`)).status).toBe(200);
    // A page that listens does not keep it from ending.
    await listen(`${address}events`);
    child.kill("SIGINT");
    expect(await closed).toBe(130);
  });

  test("a folder that is missing and a port that is taken are problems", async () => {
    expect(medctc(["serve", "missing"])).toMatchObject({
      code: 1,
      err: "error: missing: there is no such folder\n  help: name the folder of `medctc train -o`, or one that has such folders in it\n",
    });
    const server = await served(rootOf({}));
    const { code, err } = medctc(["serve", folder, "--port", String(server.port)]);
    expect({ code, err }).toEqual({
      code: 1,
      err: `error: port ${server.port}: another program listens there\n  help: name another with --port, or leave --port out for any that is free\n`,
    });
    expect(medctc(["serve", folder, "--port", "65536"]).code).toBe(2);
  });
});

test("the page's script asks for nothing but this server's own", () => {
  const script = readFileSync("dist/serve/page.js", "utf8");
  expect(script.match(/https?:\/\/[^"'`\s)]+/g) ?? []).toEqual(["http://www.w3.org/2000/svg"]);
});

function isRefused(status: unknown): boolean {
  return status === 400 || status === 404;
}

async function until(server: ServedRuns, name: string, holds: (run: RunSummary) => boolean): Promise<RunSummary> {
  const end = performance.now() + 20_000;
  for (;;) {
    const run = (await runsOf(server)).get(name);
    if (run !== undefined && holds(run)) return run;
    if (performance.now() > end) throw new Error(`it did not come about: ${JSON.stringify(run)}`);
    await new Promise((keep) => setTimeout(keep, 50));
  }
}

/** Hears events, and gives what waits until some text has come. */
async function listen(address: string): Promise<(holds: (text: string) => boolean) => Promise<string>> {
  const response = await fetch(address, { signal: AbortSignal.timeout(30_000) });
  if (response.body === null) throw new Error("there are no events");
  const pieces = response.body.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  let text = "";
  return async (holds) => {
    while (!holds(text)) {
      const { value, done } = await pieces.next();
      if (done === true) throw new Error(`the events ended: ${text}`);
      text += value;
    }
    return text;
  };
}
