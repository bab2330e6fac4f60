import {
  cpSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { withLock } from "../../runtime/backends/install/lock.ts";
import { SetupError } from "../../runtime/backends/install/setup-error.ts";
import { inspectNative } from "../../runtime/backends/tensorflow/native/inspect.ts";
import { installNative } from "../../runtime/backends/tensorflow/native/install.ts";
import { hasKernels, kernelsAddon } from "../../runtime/backends/tensorflow/native/kernels.ts";
import { type NativeFiles, nativeFiles } from "../../runtime/backends/tensorflow/native/native-files.ts";

const installed = nativeFiles();

/** The installed TensorFlow once more, its libraries by links. */
function copyOfInstalled(cache: string): NativeFiles {
  const files = nativeFiles("cpu", cache);
  const libraries = [installed.library, installed.framework];
  cpSync(installed.folder, files.folder, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !libraries.includes(path),
  });
  symlinkSync(installed.library, files.library);
  symlinkSync(installed.framework, files.framework);
  return files;
}

describe.runIf(inspectNative(installed).kind === "ready")("an install that broke is mended", () => {
  const cache = mkdtempSync(join(tmpdir(), "medctc-install-"));
  let files: NativeFiles;
  beforeAll(() => {
    files = copyOfInstalled(cache);
  });
  afterAll(() => rmSync(cache, { recursive: true }));

  function mended(): readonly string[] {
    const said: string[] = [];
    installNative(files, (line) => said.push(line));
    expect(inspectNative(files).kind).toBe("ready");
    expect(existsSync(join(files.folder, "installing"))).toBe(false);
    return said;
  }

  test("and one that is whole is left alone", () => {
    expect(mended()).toEqual([`Native TensorFlow is there already: ${files.folder}`]);
  });

  test("and one without operations of our own gets them", () => {
    rmSync(kernelsAddon(files));
    expect(mended()).toContain("Building operations of medctc's own, which make training faster ...");
    expect(hasKernels(files)).toBe(true);
  });

  test("and one that opens models as TensorFlow does is compiled anew", () => {
    const record = readFileSync(files.record, "utf8");
    const before = record.replace(/ *"sessionOptions": .*\n/, "");
    expect(before).not.toBe(record);
    writeFileSync(files.record, before);
    expect(mended()[0]).toBe("Mending what is there ...");
    expect(readFileSync(files.addon, "latin1")).toContain("MedctcSessionOptions");
    expect(mended()).toEqual([`Native TensorFlow is there already: ${files.folder}`]);
  }, 120_000);

  test("without a download where its record is cut off, and where a clone that it links to is gone", () => {
    truncateSync(files.record, 20);
    const link = join(files.modules, "@tensorflow/tfjs");
    rmSync(link);
    symlinkSync(join(cache, "gone"), link);
    expect(mended()[0]).toBe("Mending what is there ...");
  }, 120_000);

  test("without a download where its addon is truncated", () => {
    truncateSync(files.addon, 1000);
    expect(mended()[0]).toBe("Mending what is there ...");
  }, 120_000);
});

describe("what an install refuses", () => {
  test("a machine without a TensorFlow, with what medctc does without it", () => {
    const files = nativeFiles("gpu", join(tmpdir(), "medctc-never"));
    const { platform } = process;
    Object.defineProperty(process, "platform", { value: "sunos" });
    try {
      expect(() => installNative(files, () => undefined)).toThrow(SetupError);
    } finally {
      Object.defineProperty(process, "platform", { value: platform });
    }
    expect(existsSync(files.folder)).toBe(false);
  });
});

describe("one install at a time", () => {
  const folder = mkdtempSync(join(tmpdir(), "medctc-lock-"));
  const lock = join(folder, "installing");
  afterAll(() => rmSync(folder, { recursive: true }));

  test("the lock of a process that is gone is taken over", () => {
    writeFileSync(lock, String(2 ** 22 + 1));
    const done: string[] = [];
    withLock(
      folder,
      (line) => done.push(line),
      () => done.push("worked"),
    );
    expect(done).toEqual(["worked"]);
    expect(existsSync(lock)).toBe(false);
  });

  test("the lock is given back where the work fails", () => {
    expect(() =>
      withLock(
        folder,
        () => undefined,
        () => {
          throw new SetupError("no compiler", "get one");
        },
      ),
    ).toThrow("no compiler");
    expect(existsSync(lock)).toBe(false);
  });
});
