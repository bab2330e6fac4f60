import { lstatSync, rmSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { specialPaths } from "../files/special-files.ts";
import { prepareProgram, runHere } from "./medctc.ts";
import { SmallTraining } from "./small-training.ts";

const small = new SmallTraining();
beforeAll(prepareProgram);

const { spec, data } = small;
const volume = "train_1_a_1.nii.gz";
const adapter = small.path("trained/adapter.safetensors");
const sweep = small.write(
  "sweep.yaml",
  "spec: tiny.vlm\ndata: ct\nsteps: 1\nplacements:\n  ia3: ia3() on text.attn.kv\n",
);
const paths = specialPaths(small.path("special"));
const output = (): string => {
  rmSync(small.path("out"), { recursive: true, force: true });
  return small.path("out");
};
const training = (path: string, option: string): readonly string[] =>
  small.arguments("train", "--steps", "1", "-o", output(), option, path);

/** A command line for a path in each place that takes one. */
const read: Readonly<Record<string, (path: string) => readonly string[]>> = {
  check: (path) => ["check", path],
  "check --json": (path) => ["check", "--json", path],
  fmt: (path) => ["fmt", path],
  "fmt --check": (path) => ["fmt", "--check", path],
  expand: (path) => ["expand", path],
  compile: (path) => ["compile", path],
  graph: (path) => ["graph", path, "-o", small.path("model.svg")],
  params: (path) => ["params", path],
  explain: (path) => ["explain", path, "text.attn.q"],
  place: (path) => ["place", path, "--budget", "1000"],
  "diff, before": (path) => ["diff", path, spec],
  "diff, after": (path) => ["diff", spec, path],
  golden: (path) => ["golden", path, "--update"],
  bench: (path) => ["bench", path],
  "weights inspect": (path) => ["weights", "inspect", path],
  "weights check": (path) => ["weights", "check", spec, path],
  "adapter diff": (path) => ["adapter", "diff", adapter, path],
  "adapter diff --for": (path) => ["adapter", "diff", "--for", path, adapter, adapter],
  "adapter spec": (path) => ["adapter", "spec", path],
  "adapter merge --weights": (path) => ["adapter", "merge", spec, "--weights", path, "-o", output()],
  "data check": (path) => ["data", "check", path],
  "data check --spec": (path) => ["data", "check", data, "--spec", path],
  "data show": (path) => ["data", "show", path, "-o", small.path("volume.png")],
  "data show --data": (path) => ["data", "show", volume, "--data", path, "-o", small.path("volume.png")],
  "init, the model": (path) => ["init", path, "-o", small.path("new.vlm")],
  "run --weights": (path) => ["run", spec, "forward", "--weights", path, "-o", output()],
  "run --adapter": (path) => ["run", spec, "forward", "--adapter", path, "-o", output()],
  "run --feeds": (path) => ["run", spec, "forward", "--feeds", path, "-o", output()],
  "export --weights": (path) => ["export", spec, "--onnx", output(), "--weights", path],
  "export --adapter": (path) => ["export", spec, "--peft", output(), "--adapter", path],
  "train, the spec": (path) => ["train", path, "--data", data, "-o", output()],
  "train --data": (path) => training(path, "--data"),
  "train --weights": (path) => training(path, "--weights"),
  "train --adapter": (path) => training(path, "--adapter"),
  "train --vocab": (path) => training(path, "--vocab"),
  "eval --data": (path) => small.arguments("eval", "--data", path),
  "eval --weights": (path) => small.arguments("eval", "--weights", path),
  sweep: (path) => ["sweep", path, "-o", output()],
  "sweep collect": (path) => ["sweep", "collect", path],
};

const written: Readonly<Record<string, (path: string) => readonly string[]>> = {
  "run -o": (path) => ["run", spec, "init", "-o", path],
  "init -o": (path) => ["init", "medct_small", "--force", "-o", path],
  "expand -o": (path) => ["expand", spec, "-o", path],
  "compile -o": (path) => ["compile", spec, "--target", "tensorflow", "-o", path],
  "export --onnx": (path) => ["export", spec, "--onnx", path, "--program", "encode_text"],
  "export --safetensors": (path) => ["export", spec, "--safetensors", path],
  "export --peft": (path) => ["export", spec, "--peft", path],
  "adapter merge -o": (path) => ["adapter", "merge", spec, "-o", path],
  "data show -o": (path) => ["data", "show", volume, "--data", data, "--spec", spec, "-o", path],
  "data synth": (path) => ["data", "synth", path, "--pairs", "1", "--valid", "1"],
  "train -o": (path) => small.arguments("train", "--data", small.path("no data"), "-o", path),
  "eval --cache": (path) => small.arguments("eval", "--cache", path),
  "eval -o": (path) => small.arguments("eval", "-o", path),
  "sweep -o": (path) => ["sweep", sweep, "-o", path, "--emit-jobs", "slurm"],
};

/** What each path is now, by its kind alone. */
function kinds(): readonly string[] {
  return [...paths].map(([name, path]) => `${name}: ${kindOf(path)}`);
}

function kindOf(path: string): string {
  try {
    return (lstatSync(path).mode & 0o170000).toString(8);
  } catch {
    return "nothing";
  }
}

const regular = "100000";

/** What no message has, whatever a path is called and the system says about it. */
function expectPlain(said: string): void {
  // A cache that cannot be used is said in the system's words, and costs nothing but time.
  const about = said.replace(/^note: preprocessed volumes are not kept: .*$/m, "");
  expect(about).not.toMatch(/internal error| {4}at |\bE[A-Z]{3,}:/);
  expect(said).not.toContain("\u001b");
}

const kept = kinds();

describe.each([...paths])("%s", (_name, path) => {
  test.each(Object.entries(read))("read by %s", async (_, commandLine) => {
    const { code, out, err } = await runHere(commandLine(path));
    expectPlain(out + err);
    // An empty folder may be where files are looked for; all else is said to be wrong.
    expect([1, 2]).toContain(code);
    expect(out + err).not.toBe("");
    expect(kinds()).toEqual(kept);
  });
});

describe.each([...paths].filter(([name]) => !name.startsWith("another file") && name !== "an empty folder"))(
  "%s",
  (name, path) => {
    test.each(Object.entries(written))("written to by %s", async (_, commandLine) => {
      const { code, out, err } = await runHere(commandLine(path));
      expectPlain(out + err);
      expect([0, 1, 2]).toContain(code);
      if (code !== 0) expect(err).toMatch(/^error|^ *(= )?help: /m);
      // What was not there may be now.
      if (name.startsWith("a name with") || name === "nothing") rmSync(path, { recursive: true, force: true });
      else expect(kindOf(path) === regular).toBe(name.includes("sparse"));
      expect(kinds().filter((kind) => !kind.startsWith(name))).toEqual(kept.filter((kind) => !kind.startsWith(name)));
    });
  },
);
