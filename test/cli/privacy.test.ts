import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { cacheFolder } from "../../runtime/machine/index.ts";
import { makeRun } from "../trackers/made-run.ts";
import { prepareProgram } from "./medctc.ts";
import { backends, SmallTraining } from "./small-training.ts";

const small = new SmallTraining();
beforeAll(prepareProgram);

/** ONNX Runtime is silent where one of these is set, so that a process of a test, or of CI, would prove nothing. */
const silencing = ["CI", "ORT_DISABLE_TELEMETRY", "ORT_RUNNING_UNIT_TESTS"];

const isTraced = spawnSync("strace", ["-V"]).status === 0;

/** What one process with its threads and children did: the files in its home folder, and its calls to the network. */
async function watch(name: string, commandLine: readonly string[]): Promise<{ home: string[]; network: string[] }> {
  const home = small.path(`home-${name}`);
  mkdirSync(home);
  const trace = small.path(`trace-${name}`);
  const kept = Object.entries(process.env).filter(([variable]) => !silencing.includes(variable));
  const tracing = ["strace", "-f", "--seccomp-bpf", "-qq", "-o", trace, "-e", "trace=network,open,openat"];
  const [command = "", ...rest] = [
    ...(isTraced ? tracing : []),
    process.execPath,
    resolve("dist/medctc.js"),
    ...commandLine,
  ];
  const child = spawn(command, rest, {
    // What medctc itself keeps is elsewhere.
    env: { ...Object.fromEntries(kept), HOME: home, MEDCTC_CACHE: cacheFolder(), XDG_CACHE_HOME: "" },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let err = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    err += text;
  });
  const code = await new Promise((settle) => child.on("close", settle));
  expect({ code, err }).toMatchObject({ code: 0 });
  // A pair of sockets, or one of this machine, is how parts of one program speak with each other.
  const calls = isTraced ? readFileSync(trace, "utf8").split("\n") : [];
  const network = calls.filter((call) => /AF_INET|nscd|\/etc\/(resolv\.conf|hosts)/.test(call));
  return { home: readdirSync(home, { recursive: true, encoding: "utf8" }), network };
}

describe("nothing of a user leaves the machine, and nothing is kept in the home folder", () => {
  const silent = { home: [], network: [] };

  test.each(backends)("in a training on %s", async (backend) => {
    const folder = small.path(`run-${backend}`);
    const commandLine = small.arguments("train", "--backend", backend, "--steps", "2", "-o", folder);
    expect(await watch(`train-${backend}`, commandLine)).toEqual(silent);
  });

  test.each([...backends, "evaluator"])("in a bench on %s, whose process is one of its own", async (backend) => {
    const commandLine = ["bench", small.spec, "--backend", backend, "--steps", "1", "--warmup", "0"];
    expect(await watch(`bench-${backend}`, commandLine)).toEqual(silent);
  });

  test.each([
    ["check", ["check", small.spec]],
    ["compile", ["compile", small.spec, "--target", "tensorflow", "-o", small.path("compiled")]],
    ["run", ["run", small.spec, "init", "-o", small.path("first.safetensors")]],
    ["eval", small.arguments("eval", "-o", small.path("evaluated"))],
    ["export", ["export", small.spec, "--onnx", small.path("exported")]],
    ["params", ["params", small.spec]],
    ["data check", ["data", "check", small.data]],
  ])("in %s", async (name, commandLine) => {
    expect(await watch(name, commandLine)).toEqual(silent);
  });

  test.each(["mlflow", "wandb"])("when a run is written for %s", async (tracker) => {
    const run = makeRun(small.path(`tracked-by-${tracker}`), { steps: 2 });
    const commandLine = ["track", run, "--to", tracker, "-o", small.path(`of-${tracker}`)];
    expect(await watch(`track-${tracker}`, commandLine)).toEqual(silent);
  });

  test("in a sweep, which starts trainings", async () => {
    const placements = "placements:\n  q: lora(rank = 2) on text.attn.q, heads.image\n";
    const sweep = small.write("sweep.yaml", `spec: tiny.vlm\ndata: ct\nsteps: 1\n${placements}`);
    const commandLine = [
      "sweep",
      sweep,
      "-o",
      small.path("sweep"),
      "--cache",
      small.path("cache"),
      "--backend",
      "onnx",
    ];
    expect(await watch("sweep", commandLine)).toEqual(silent);
  });
});
