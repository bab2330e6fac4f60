import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { environmentFolder, pythonIn } from "../../runtime/backends/pytorch/environment.ts";
import { findPython, probeTorch } from "../../runtime/backends/pytorch/python.ts";
import { outputOf } from "../command.ts";
import { type FakePythons, fakePythons } from "./fake-python.ts";

let fakes: FakePythons;
beforeEach(() => {
  fakes = fakePythons();
  vi.stubEnv("MEDCTC_CACHE", join(fakes.folder, "cache"));
  vi.stubEnv("MEDCTC_PYTHON", "");
  vi.stubEnv("PATH", `${fakes.folder}/bin:/bin:/usr/bin`);
  fakes.withTorch("bin/python3", null);
});
afterEach(() => {
  vi.unstubAllEnvs();
  fakes.remove();
});

/** The environment that medctc installs, with a stand-in for its Python. */
function installed(torch: string): string {
  return fakes.withTorch(pythonIn(environmentFolder()).slice(fakes.folder.length + 1), torch);
}

const install = "medctc backend install pytorch";

describe("which Python is found", () => {
  test("the one that is wanted, then MEDCTC_PYTHON's, then the installed one, then python3", () => {
    const onPath = fakes.withTorch("bin/python3", "2.14.1", "13.2");
    expect(findPython(null)).toEqual({ kind: "ready", python: onPath, torch: "2.14.1", cuda: "13.2" });
    const own = installed("2.15.0+cpu");
    expect(findPython(null)).toEqual({ kind: "ready", python: own, torch: "2.15.0+cpu", cuda: null });
    const named = fakes.withTorch("named", "2.15.1");
    vi.stubEnv("MEDCTC_PYTHON", named);
    expect(findPython(null)).toMatchObject({ python: named });
    const wanted = fakes.withTorch("wanted", "2.15.0");
    expect(findPython(wanted)).toMatchObject({ python: wanted });
  });

  test("python3, where the installed one is broken; where there is no other, what is wrong with that", () => {
    writeFileSync(installed("2.15.0"), "#!/bin/sh\necho 'no libpython' >&2\nexit 127\n");
    expect(findPython(null)).toEqual({
      kind: "unavailable",
      reason: `${pythonIn(environmentFolder())} cannot be used: no libpython`,
      repair: install,
      isBroken: true,
    });
    fakes.withTorch("bin/python3", "2.15.0");
    expect(findPython(null)).toMatchObject({ kind: "ready" });
  });
});

describe("what is said where there is none", () => {
  const upgrade = (name: string): string => `${join(fakes.folder, name)} -m pip install torch==2.15.0`;

  test("python3 has no PyTorch, or cannot be started", () => {
    const nothing = {
      kind: "unavailable",
      reason: "there is no Python with PyTorch",
      repair: install,
      isBroken: false,
    };
    expect(findPython(null)).toEqual(nothing);
    vi.stubEnv("PATH", fakes.folder);
    expect(findPython(null)).toEqual(nothing);
  });

  test.each(["2.13.0", "2.16.0.dev20261101", "1.2.14", "unknown"])("its PyTorch is %s", (torch) => {
    const python = fakes.withTorch("bin/python3", torch);
    expect(findPython(null)).toEqual({
      kind: "unavailable",
      reason: `${python} has PyTorch ${torch}, and medctc supports 2.14 and 2.15`,
      repair: install,
      isBroken: false,
    });
    expect(findPython(python)).toMatchObject({ repair: upgrade("bin/python3") });
  });

  test("a Python that was named has no PyTorch: it gets one, and no other Python is taken", () => {
    fakes.withTorch("bin/python3", "2.15.0");
    const python = fakes.withTorch("mine", null);
    const reason = `${python} (Python 3.12.1) has no PyTorch`;
    expect(findPython(python)).toEqual({ kind: "unavailable", reason, repair: upgrade("mine"), isBroken: true });
    vi.stubEnv("MEDCTC_PYTHON", python);
    expect(findPython(null)).toMatchObject({ reason: `${reason} (MEDCTC_PYTHON)`, repair: upgrade("mine") });
  });

  test.each([
    ["is no program", null, "there is no such program"],
    ["fails", "echo 'Traceback' >&2; echo 'ImportError: no zlib' >&2; exit 1", "ImportError: no zlib"],
    ["is killed", "kill -SEGV $$", "its process was ended by SIGSEGV"],
    ["says something else", "echo found:{}", "it does not answer as a Python does"],
    ["ends with a status and says nothing", "exit 3", "its process ended with 3"],
  ])("a Python that was named %s", (_, script, reason) => {
    const python = script === null ? join(fakes.folder, "none") : fakes.write("named", script);
    const expected = { kind: "unavailable", reason: `${python} cannot be used: ${reason}` };
    expect(findPython(python)).toMatchObject({ ...expected, repair: "the same command with another --python" });
    vi.stubEnv("MEDCTC_PYTHON", python);
    expect(findPython(null)).toMatchObject({ repair: "unset MEDCTC_PYTHON" });
  });
});

describe("a real Python", () => {
  const python = outputOf("python3", ["-c", "import sys; print(sys.executable)"]).trim();

  /** A folder that has a PyTorch of some version, as far as a look at it goes: to import it fails. */
  function torchIn(folder: string, version: string): string {
    mkdirSync(join(fakes.folder, folder, "torch"), { recursive: true });
    writeFileSync(join(fakes.folder, folder, "torch/__init__.py"), 'raise ImportError("libcudart.so.13 is missing")\n');
    writeFileSync(join(fakes.folder, folder, "torch/version.py"), `__version__ = "${version}"\ncuda = "13.2"\n`);
    return join(fakes.folder, folder);
  }

  test("is asked where its PyTorch is without importing it, and says why it cannot be imported when it is tried", () => {
    vi.stubEnv("PYTHONPATH", torchIn("site", "2.15.0+cu132"));
    const found = findPython(python);
    expect(found).toEqual({ kind: "ready", python, torch: "2.15.0+cu132", cuda: "13.2" });
    if (found.kind !== "ready") throw new Error(found.reason);
    expect(probeTorch(found)).toEqual({ kind: "fails", reason: "ImportError: libcudart.so.13 is missing" });
  });

  test("does not take a folder of the working folder for PyTorch", () => {
    vi.stubEnv("PYTHONPATH", torchIn("site", "2.15.0"));
    const outside = process.cwd();
    process.chdir(torchIn("here", "2.13.0"));
    try {
      expect(findPython(python)).toMatchObject({ kind: "ready", torch: "2.15.0" });
    } finally {
      process.chdir(outside);
    }
  });
});
