import { spawnSync } from "node:child_process";
import { existsSync, openSync, readdirSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { prepareProgram } from "./medctc.ts";
import { SmallTraining } from "./small-training.ts";

const small = new SmallTraining();
beforeAll(prepareProgram);

const { spec } = small;
const output = small.path("out");
const sweep = small.write(
  "sweep.yaml",
  "spec: tiny.vlm\ndata: ct\nsteps: 1\nplacements:\n  ia3: ia3() on text.attn.kv\n",
);

const fixture = "test/fixtures/ctclip-small";
const trained = ["--weights", `${fixture}/weights.safetensors`, "--adapter", `${fixture}/lora.safetensors`];

/** Commands that write, by what they are asked for. */
const writing: Readonly<Record<string, readonly string[]>> = {
  "data synth": ["data", "synth", output, "--pairs", "1", "--valid", "1"],
  compile: ["compile", spec, "--target", "tensorflow", "-o", output],
  "export --onnx": ["export", spec, "--onnx", output],
  "export --safetensors": ["export", spec, "--safetensors", output],
  "export --peft": ["export", spec, "--peft", output],
  run: ["run", spec, "init", "-o", output],
  graph: ["graph", spec, "-o", `${output}.svg`],
  train: small.arguments("train", "--steps", "1", "-o", output),
  eval: small.arguments("eval", "-o", output),
  bench: ["bench", spec, "--steps", "1", "--warmup", "0", "--backend", "onnx"],
  "adapter merge": ["adapter", "merge", "specs/medct-small.vlm", ...trained, "-o", output],
  sweep: ["sweep", sweep, "-o", output],
};

interface Limits {
  /** Commands of bash before the program starts, such as `ulimit -n 32`. */
  readonly before?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Where standard output goes. */
  readonly stdout?: number | "pipe";
}

interface End {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the program with small limits, into a folder that is not there; what hangs is ended. */
function limited(words: readonly string[], { before = ":", env = {}, stdout = "pipe" }: Limits): End {
  for (const path of [output, `${output}.svg`]) rmSync(path, { recursive: true, force: true });
  const command = [process.execPath, resolve("dist/medctc.js"), ...words];
  const ended = spawnSync("bash", ["-c", `${before}; exec "$@"`, "bash", ...command], {
    stdio: ["ignore", stdout, "pipe"],
    env: { ...process.env, ...env },
    encoding: "utf8",
    timeout: 120_000,
    killSignal: "SIGKILL",
  });
  return { code: ended.status, signal: ended.signal, out: stdout === "pipe" ? ended.stdout : "", err: ended.stderr };
}

/** An end with what is wrong, where, and the next step. */
function expectRefused({ code, signal, err }: End, reason: RegExp, help: RegExp): void {
  expect({ code, signal, err }).toMatchObject({ code: 1, signal: null });
  expect(err).toMatch(reason);
  expect(err).toMatch(help);
  expectPlain(err);
}

/** No stack, none of the system's names of errors, as which the random end of a temporary folder's name may look. */
function expectPlain(said: string): void {
  const plain = said.replaceAll(/\/(medctc-[a-z-]+)-\w{6}(?=\/)/g, "/$1");
  expect(plain).not.toMatch(/internal error| {4}at |\bE[A-Z]{3,}\b/);
}

/** Files whose names say that they are parts of others. */
function parts(): readonly string[] {
  if (!existsSync(output) || !statSync(output).isDirectory()) return [];
  const names = readdirSync(output, { recursive: true, encoding: "utf8" });
  return names.filter((name) => /(^|\/)\.|\.(part|new|tmp)$/.test(name));
}

describe.runIf(process.platform === "linux")("where no file may become larger than 2 KiB, as on a full disk", () => {
  const cases = Object.entries(writing).filter(([name]) => name !== "graph" && name !== "sweep");

  test.each(cases)("%s says so and leaves nothing half written", (_, words) => {
    const end = limited(words, { before: "ulimit -f 2" });
    expectRefused(
      end,
      /: the file is larger than the disk or its limit allows$/m,
      /help: use a folder on a disk that takes larger files/,
    );
    expect(parts()).toEqual([]);
  });

  test("a picture is not there", () => {
    const end = limited(writing["graph"] ?? [], { before: "ulimit -f 2" });
    expectRefused(end, /the file is larger than the disk or its limit allows/, /help: use a folder/);
    expect(existsSync(`${output}.svg`)).toBe(false);
  });

  test("a sweep says so of its training too", () => {
    const end = limited(writing["sweep"] ?? [], { before: "ulimit -f 2" });
    expectRefused(end, /^error: ia3, seed 1: exit status 1$/m, /help: /);
  });
});

describe.runIf(existsSync("/dev/full"))("where what is printed finds no room", () => {
  const printing: Readonly<Record<string, readonly string[]>> = {
    check: ["check", spec],
    params: ["params", spec],
    "params --json": ["params", spec, "--json"],
    "compile --emit": ["compile", spec, "--emit", "step"],
    doctor: ["doctor"],
  };

  test.each(Object.entries(printing))("%s says so", (_, words) => {
    const end = limited(words, { stdout: openSync("/dev/full", "w") });
    expectRefused(end, /^error: standard output: the disk is full$/m, /help: free some space/);
  });

  test("a training has saved what it found", () => {
    const end = limited(writing["train"] ?? [], { stdout: openSync("/dev/full", "w") });
    expectRefused(end, /^error: standard output: the disk is full$/m, /help: free some space/);
    expect(existsSync(join(output, "adapter.safetensors"))).toBe(true);
  });
});

describe.runIf(process.platform === "linux")("with few files open at a time", () => {
  // With fewer than these Node cannot read the program itself.
  test.each(["train", "eval", "bench", "sweep"])("%s ends with what to raise", (name) => {
    const end = limited(writing[name] ?? [], { before: "ulimit -n 28" });
    expectRefused(
      end,
      /: this program has too many files open$/m,
      /help: raise the limit of open files \(`ulimit -n`\)/,
    );
    expect(parts()).toEqual([]);
  });

  test.each(Object.entries(writing))("64 are enough for %s", (_, words) => {
    expect(limited(words, { before: "ulimit -n 64" })).toMatchObject({ code: 0 });
  });
});

const isTraced = spawnSync("strace", ["-V"]).status === 0;

describe.runIf(isTraced)("where the system starts no more threads and processes", () => {
  /** A training whose first process may start that many. */
  function trainWith(threads: number): End {
    const calls = "clone,clone3,vfork";
    const tracing = `strace -f --seccomp-bpf -qq -o /dev/null -e trace=${calls} -e inject=${calls}:error=EAGAIN:when=${threads + 1}+`;
    return limited(writing["train"] ?? [], { before: `set -- ${tracing} "$@"` });
  }

  test("a training ends with what to do, wherever it was", () => {
    const ends = Array.from({ length: 14 }, (_, index) => trainWith(6 + index));
    // Node itself ends where it does not get the threads that it starts with.
    const started = ends.filter(({ code, signal }) => signal !== "SIGABRT" && code !== 134);
    const refused = started.filter(({ code }) => code !== 0);
    expect(refused.length).toBeGreaterThanOrEqual(3);
    for (const end of refused) {
      expectRefused(
        end,
        /^error: .*the system cannot start more processes or threads for this user$/m,
        /help: end other programs, or raise the limit \(`ulimit -u`\)/,
      );
    }
  });
});

describe("without a place for what is kept", () => {
  const file = small.write("a file", "");
  const unkept = (home: string) => ({ HOME: home, MEDCTC_CACHE: "", XDG_CACHE_HOME: "" });

  test.each(["sweep", "doctor"])("a user without a home folder is told by %s to name one", (name) => {
    const end = limited(writing[name] ?? [name], { env: unkept("") });
    expectRefused(end, /^error: ~: this user has no home folder$/m, /help: .*export MEDCTC_CACHE=FOLDER/);
  });

  test("a home that is a file costs a training the cache and nothing else", () => {
    const words = (writing["train"] ?? []).filter((word) => word !== "--cache" && word !== small.path("cache"));
    const { code, err } = limited(words, { env: unkept(file) });
    expect({ code, err }).toMatchObject({ code: 0 });
    expect(err).toMatch(/^note: preprocessed volumes are not kept: /m);
  });

  test("a home that is a file is what doctor finds", () => {
    const { code, out, err } = limited(["doctor"], { env: unkept(file) });
    expect(code).toBe(1);
    expect(out).toMatch(/^cache +broken .* is not a folder; repair: export MEDCTC_CACHE=FOLDER$/m);
    expectPlain(out + err);
  });

  test.each([
    ["is not there", small.path("nowhere")],
    ["is a file", file],
  ])("a TMPDIR that %s is said by bench", (_, TMPDIR) => {
    const end = limited(writing["bench"] ?? [], { env: { TMPDIR } });
    expectRefused(end, /: temporary files cannot be written there$/m, /help: .*export TMPDIR=FOLDER/);
  });
});
