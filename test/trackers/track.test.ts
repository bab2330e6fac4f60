import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Ended, Reporter } from "../../runtime/app/reporter.ts";
import { type Tracked, type TrackRequest, trackRuns } from "../../runtime/app/track.ts";
import { writeRecord } from "../../runtime/train/index.ts";
import { firstSeconds, goOn, lineOf, makeRun, makeSweep, record } from "./made-run.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-track-"));
afterAll(() => rmSync(folder, { recursive: true }));
let made = 0;

function fresh(): string {
  made += 1;
  const path = join(folder, String(made));
  mkdirSync(path);
  return path;
}

const trackers = ["mlflow", "wandb"] as const;

/** Tracks runs, and gives how that ended and what was said. */
function track(
  folders: readonly string[],
  to: (typeof trackers)[number],
  output: string,
  more: Partial<TrackRequest> = {},
): { readonly ended: Ended<Tracked>; readonly said: readonly string[] } {
  const said: string[] = [];
  const reporter: Reporter = {
    problem: ({ subject, message }) => void said.push(`${subject}: ${message}`),
    diagnostics: () => undefined,
    note: (text) => void said.push(text),
    warning: (text) => void said.push(text),
    info: (text) => void said.push(text),
    progress: () => undefined,
    progressEnd: () => undefined,
  };
  const ended = trackRuns({ folders, to, output, experiment: "chest", files: null, ...more }, reporter);
  return { ended, said };
}

/** Tracks one run, and gives the folder that was written for it. */
function tracked(run: string, to: (typeof trackers)[number], output: string): string {
  const { ended, said } = track([run], to, output);
  expect(said).toEqual([]);
  if (ended.kind !== "done") throw new Error(ended.kind);
  return ended.value.runs[0]?.folder ?? "";
}

/** All files below a folder with their bytes. */
function filesBelow(path: string): ReadonlyMap<string, string> {
  const names = readdirSync(path, { recursive: true, encoding: "utf8" }).sort();
  return new Map(
    names.flatMap((name) => {
      const file = join(path, name);
      return statSync(file).isFile() ? [[name, readFileSync(file, "latin1")] as const] : [];
    }),
  );
}

describe.each(trackers)("%s", (to) => {
  test("the same run gives the same bytes, wherever its folder is, and nothing is left beside them", () => {
    const [root, output] = [fresh(), fresh()];
    const run = makeRun(join(root, "run"), { steps: 3 });
    tracked(run, to, output);
    const before = filesBelow(output);
    expect([...before.keys()].filter((name) => name.includes("tmp"))).toEqual([]);
    tracked(run, to, output);
    expect(filesBelow(output)).toEqual(before);
    mkdirSync(join(root, "moved"));
    renameSync(run, join(root, "moved/run"));
    tracked(join(root, "moved/run"), to, output);
    expect(filesBelow(output)).toEqual(before);
  });

  test("a run that goes on keeps its place, and its steps are added", () => {
    const output = fresh();
    const run = makeRun(join(fresh(), "run"), { steps: 3, record: { ...record, end: null } });
    const first = tracked(run, to, output);
    appendFileSync(join(run, "metrics.jsonl"), '{"step":4,"lo');
    expect(tracked(run, to, output)).toBe(first);
    writeFileSync(join(run, "metrics.jsonl"), [1, 2, 3].map((step) => lineOf(step)).join(""));
    // A process that resumes it says that it began now.
    writeRecord(run, { ...record, startedAt: "2027-01-01T00:00:00.000Z", end: null });
    goOn(run, 4, 6);
    expect(tracked(run, to, output)).toBe(first);
    expect(readdirSync(to === "mlflow" ? join(first, "..") : output)).toHaveLength(to === "mlflow" ? 2 : 1);
    if (to === "wandb") return;
    expect(readFileSync(join(first, "metrics/train/loss"), "utf8")).toBe(
      [1, 2, 3, 4, 5, 6]
        .map((step) => {
          const seconds = step < 4 ? firstSeconds + 2 * (step - 1) : firstSeconds + 4000 + 2 * (step - 4);
          return `${seconds * 1000} ${1 / step} ${step}\n`;
        })
        .join(""),
    );
  });

  test("what is no run, and a run without a step, are refused by name", () => {
    const output = fresh();
    const empty = makeRun(join(fresh(), "empty"), { steps: 0, evaluated: [] });
    expect(track([empty], to, output)).toMatchObject({
      ended: { kind: "refused" },
      said: [`${empty}: no step is done yet`],
    });
    expect(track([folder], to, output)).toMatchObject({
      ended: { kind: "refused" },
      said: [`${folder}: it is not the folder of a run or a sweep`],
    });
  });

  test("a copy of a run is one of its own where its folder has another name, and is refused where it has the same", () => {
    const [root, output] = [fresh(), fresh()];
    const copies = ["a/run", "b/run", "b/copy"].map((name) => makeRun(join(root, name), { steps: 2 }));
    const [first = "", same = "", other = ""] = copies;
    expect(track([first, other], to, output)).toMatchObject({ ended: { kind: "done" }, said: [] });
    expect(track([first, other, same], to, output)).toMatchObject({
      ended: { kind: "refused" },
      said: [`${same}: it is the same run as ${first}, or a copy of it with the same name`],
    });
  });

  test("a name that is none of an experiment or a project is refused", () => {
    const run = makeRun(join(fresh(), "run"), { steps: 1 });
    const { ended, said } = track([run], to, fresh(), { experiment: " " });
    expect([ended.kind, said[0]?.startsWith("--experiment: ")]).toEqual(["refused", true]);
  });

  test("a sweep's runs say so, and those that are missing are counted", () => {
    const output = fresh();
    const sweep = makeSweep(join(fresh(), "placements"));
    const { ended, said } = track([sweep], to, output);
    expect(said).toEqual([`${sweep}: 1 of 4 runs have done no step yet`]);
    if (ended.kind !== "done") throw new Error(ended.kind);
    const names = ended.value.runs.map(({ name }) => name);
    const runs = ["card, seed 1", "card, seed 2", "low, seed 1"];
    expect(names).toEqual(to === "mlflow" ? ["placements", ...runs] : runs);
    if (to === "wandb") return;
    const [parent = "", child = ""] = ended.value.runs.map((each) => each.folder);
    expect(readFileSync(join(child, "tags/mlflow.parentRunId"), "utf8")).toBe(parent.split("/").at(-1));
    expect(readFileSync(join(child, "params/sweep.placement"), "utf8")).toBe("card");
    expect(readFileSync(join(parent, "artifacts/results.csv"), "utf8")).toBe("name,seed\n");
  });

  test("which files are kept can be chosen", () => {
    const run = makeRun(join(fresh(), "run"), { steps: 1 });
    for (const [files, expected] of [
      [
        null,
        to === "mlflow" ? ["adapter.safetensors", "report.html", "spec.vlm"] : ["adapter.safetensors", "spec.vlm"],
      ],
      [["report"], ["report.html"]],
      [[], []],
    ] as const) {
      const output = fresh();
      const { ended } = track([run], to, output, { files });
      if (ended.kind !== "done") throw new Error(ended.kind);
      const kept = join(ended.value.runs[0]?.folder ?? "", to === "mlflow" ? "artifacts" : "files");
      expect(existsSync(kept) ? readdirSync(kept).sort() : []).toEqual(expected);
    }
  });
});

test("MLflow: what others added to a run stays, and an experiment that MLflow made is used", () => {
  const output = fresh();
  const run = makeRun(join(fresh(), "run"), { steps: 2 });
  mkdirSync(join(output, "123456789012345678"));
  const meta = "artifact_location: file:///elsewhere\nexperiment_id: '123456789012345678'\nname: chest\n";
  writeFileSync(join(output, "123456789012345678/meta.yaml"), meta);
  const written = tracked(run, "mlflow", output);
  expect(written).toBe(join(output, "123456789012345678", written.split("/").at(-1) ?? ""));
  writeFileSync(join(written, "tags/mlflow.note.content"), "the good one");
  writeFileSync(join(written, "artifacts/more.txt"), "more");
  // A metric that is not measured any more goes.
  rmSync(join(run, "evaluations"), { recursive: true });
  tracked(run, "mlflow", output);
  expect(readFileSync(join(written, "tags/mlflow.note.content"), "utf8")).toBe("the good one");
  expect(existsSync(join(written, "artifacts/more.txt"))).toBe(true);
  expect(readdirSync(join(written, "metrics"))).toEqual(["train"]);
});

test("MLflow: a metric whose name is too long is refused, and a long setting is cut with a note", () => {
  const long = "a".repeat(250);
  const run = makeRun(join(fresh(), "run"), { steps: 1, names: [long] });
  expect(track([run], "mlflow", fresh())).toMatchObject({
    ended: { kind: "refused" },
    said: [`run: the name of the metric \`train/${long}\` takes 256 characters; MLflow takes 250`],
  });
  const classes = `[${Array.from({ length: 1000 }, (_, place) => `"class ${place}"`).join(", ")}]`;
  const text = `${record.text}eval {\n  classes = ${classes}\n}\n`;
  const other = makeRun(join(fresh(), "run"), { steps: 1, record: { ...record, text } });
  const { ended, said } = track([other], "mlflow", fresh());
  expect(said).toEqual([
    `run: \`eval.classes\` has ${classes.length} characters, of which MLflow takes 6000; spec.vlm has all of it`,
  ]);
  if (ended.kind !== "done") throw new Error(ended.kind);
  const kept = readFileSync(join(ended.value.runs[0]?.folder ?? "", "params/eval.classes"), "utf8");
  expect(kept).toBe(`${classes.slice(0, 5999)}…`);
});

test("W&B: a run that was uploaded is uploaded again only where there is more of it", () => {
  const output = fresh();
  const run = makeRun(join(fresh(), "run"), { steps: 2 });
  const written = tracked(run, "wandb", output);
  const log = join(written, readdirSync(written).find((name) => name.endsWith(".wandb")) ?? "");
  writeFileSync(`${log}.synced`, "");
  tracked(run, "wandb", output);
  expect(existsSync(`${log}.synced`)).toBe(true);
  goOn(run, 3, 3);
  tracked(run, "wandb", output);
  expect(existsSync(`${log}.synced`)).toBe(false);
});

test("W&B: a name that is no text is refused", () => {
  const run = makeRun(join(fresh(), "run"), { steps: 1, names: ["\ud800"] });
  const { ended, said } = track([run], "wandb", fresh());
  expect(ended.kind).toBe("refused");
  expect(said[0]).toMatch(/is not valid Unicode$/);
});
