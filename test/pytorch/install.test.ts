import { existsSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { SetupError } from "../../runtime/backends/install/index.ts";
import { environmentFolder, pythonIn } from "../../runtime/backends/pytorch/environment.ts";
import { type EnvironmentWish, installPytorch } from "../../runtime/backends/pytorch/install.ts";
import { findPython } from "../../runtime/backends/pytorch/python.ts";
import { run } from "../../runtime/cli/program.ts";
import { listeningTerminal } from "../cli/listening-terminal.ts";
import { type FakeIndex, type FakePythons, fakeInstaller, fakePythons } from "./fake-python.ts";

let fakes: FakePythons;
beforeEach(() => {
  fakes = fakePythons();
  vi.stubEnv("MEDCTC_CACHE", join(fakes.folder, "cache"));
  vi.stubEnv("MEDCTC_PYTHON", "");
});
afterEach(() => {
  vi.unstubAllEnvs();
  fakes.remove();
});

/** Installs from an index, and gives what was said. */
function install(index: FakeIndex, wish: Partial<EnvironmentWish> = {}): readonly string[] {
  const said: string[] = [];
  const python = fakeInstaller(fakes, index);
  installPytorch({ python, build: null, hasGpu: false, ...wish }, (line) => said.push(line));
  return said;
}

/** What pip was asked for, in order. */
function asked(): readonly string[] {
  const log = join(fakes.folder, "pip.log");
  if (!existsSync(log)) return [];
  return [...readFileSync(log, "utf8").matchAll(/ (torch==\S+) /g)].map(([, requirement = ""]) => requirement);
}

/** What lies beside the link to the environment. */
function beside(): readonly string[] {
  return readdirSync(dirname(environmentFolder())).sort();
}

const both = { has: ["2.15.0", "2.15.0+cpu"] };

describe.runIf(process.platform === "linux")("which build is installed", () => {
  test("without a GPU the one for CPUs alone, which is then found", () => {
    expect(install(both).at(-1)).toContain(`PyTorch 2.15.0+cpu is ready in ${environmentFolder()}, on the CPU`);
    expect(asked()).toEqual(["torch==2.15.0+cpu"]);
    expect(findPython(null)).toEqual({
      kind: "ready",
      python: pythonIn(environmentFolder()),
      torch: "2.15.0+cpu",
      cuda: null,
    });
  });

  test("the one with CUDA where the index has no other, which is said", () => {
    const said = install({ has: ["2.15.0"], cuda: "13.2" });
    expect(asked()).toEqual(["torch==2.15.0+cpu", "torch==2.15.0"]);
    expect(said.join("\n")).toContain("Taking the build with CUDA, which computes on the CPU as well");
  });

  test("with a GPU, or when it is asked for, the one with CUDA", () => {
    install({ ...both, cuda: "13.2" }, { hasGpu: true });
    rmSync(environmentFolder());
    install({ ...both, cuda: "13.2" }, { build: "cuda" });
    expect(asked()).toEqual(["torch==2.15.0", "torch==2.15.0"]);
  });

  test("one that is there is left alone, unless the other is asked for, which takes its place", () => {
    install(both);
    const first = readlinkSync(environmentFolder());
    expect(install(both, { hasGpu: true })).toEqual([`PyTorch 2.15.0+cpu is there already: ${environmentFolder()}`]);
    install({ ...both, cuda: "13.2" }, { build: "cuda" });
    const second = readlinkSync(environmentFolder());
    expect(second).not.toBe(first);
    expect(beside()).toEqual(["torch-2.15.0", second]);
  });

  test.each([
    ["cpu", { has: ["2.15.0"] }, "the package index that pip uses has no PyTorch 2.15.0+cpu"],
    ["cuda", { has: ["2.15.0"] }, "the package index that pip uses gave PyTorch 2.15.0, which is for CPUs alone"],
    [null, { has: ["2.13.0"] }, "the package index that pip uses has no PyTorch 2.15.0 for this Python and machine"],
  ] as const)("%s is refused where the index has none, and what is there stays", (build, index, reason) => {
    const other = build === "cpu" ? { ...both, cuda: "13.2" } : both;
    if (build !== null) install(other, { build: build === "cpu" ? "cuda" : "cpu" });
    const before = findPython(null);
    expect(() => install(index, { build })).toThrow(reason);
    expect(findPython(null)).toEqual(before);
  });
});

describe("an install that does not end well", () => {
  test("is removed by the next one, and never found", () => {
    expect(() => install({ ...both, first: "kill -TERM $$" })).toThrow("(SIGTERM)");
    expect(existsSync(environmentFolder())).toBe(false);
    expect(beside()).toHaveLength(1);
    install(both);
    expect(beside()).toEqual(["torch-2.15.0", readlinkSync(environmentFolder())]);
  });

  test("shows the last lines of pip, and what to look at", () => {
    const first = "echo one >&2; echo two >&2; echo three >&2; echo 'ERROR: 407 Proxy' >&2; exit 1";
    expect(() => install({ ...both, first })).toThrow(
      "could not install torch==2.15.0+cpu:\ntwo\nthree\nERROR: 407 Proxy",
    );
  });

  test("names the Python that is missing, and how to name another", () => {
    const python = join(fakes.folder, "none");
    const wish = { python, build: null, hasGpu: false };
    expect(() => installPytorch(wish, () => undefined)).toThrow(`${python} could not make an environment`);
    try {
      installPytorch(wish, () => undefined);
    } catch (error) {
      expect(error).toBeInstanceOf(SetupError);
      expect(error instanceof SetupError ? error.problem.help : "").toMatch(
        /apt-get install python3-venv.*--python PYTHON/,
      );
    }
  });

  test("leaves an environment that broke, such as by an upgrade of its Python, to be made again", () => {
    install(both);
    writeFileSync(pythonIn(environmentFolder()), "#!/bin/sh\nexit 127\n");
    expect(install(both).at(-1)).toContain("is ready in");
    expect(beside()).toHaveLength(2);
  });
});

test("pip gets its user's settings, and neither the packages of another Python nor another place", () => {
  vi.stubEnv("PYTHONPATH", "/somewhere");
  vi.stubEnv("PIP_TARGET", "/elsewhere");
  vi.stubEnv("PIP_INDEX_URL", "file:///mirror");
  mkdirSync(fakes.folder, { recursive: true });
  const first = `echo "torch==$PIP_INDEX_URL $PIP_TARGET." >> ${fakes.folder}/pip.log`;
  install({ ...both, first });
  expect(readFileSync(join(fakes.folder, "pip.log"), "utf8")).toBe(
    "-m pip install --no-user --disable-pip-version-check torch==2.15.0+cpu PYTHONPATH=\ntorch==file:///mirror .\n",
  );
});

test.each([
  [["--cpu", "--gpu"], "cannot be used with option"],
  [["onnx"], "Allowed choices are tensorflow, pytorch"],
  [["tensorflow", "--python", "python3"], "--python is for pytorch"],
])("`backend install %j` is wrong usage", async (words, message) => {
  const { terminal, said } = listeningTerminal();
  expect(await run(["backend", "install", ...words], terminal)).toBe(2);
  expect(said.err).toContain(message);
});
