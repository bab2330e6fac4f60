import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  type FSWatcher,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  watch,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { medctc, program, run } from "../command.ts";
import { print } from "../print.ts";
import { Random } from "../random.ts";

/**
 * Kills trainings with SIGKILL at random moments and resumes them until they are done; what is left then must be what an
 * undisturbed training leaves, byte for byte. Prints a report as JSON; exits with 1 when anything differs:
 * `node test/run.mjs test/train/kill.ts [KILLS] [SEED] [TRAINING,...]`, with trainings as `allTrainings` below.
 */
const allTrainings = "pieces-tensorflow,pieces-onnx,whole-tensorflow,whole-onnx";
const [, , kills = "100", seed = "1", chosen = allTrainings] = process.argv;
const mostKills = Number(kills);

const folder = mkdtempSync(join(tmpdir(), "medctc-killed-"));
const data = join(folder, "ct");
const cache = join(folder, "cache");
const random = new Random(Number(seed));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

interface Training {
  readonly name: string;
  readonly spec: string;
  readonly backend: string;
}

interface End {
  readonly said: string;
  readonly code: number | null;
  readonly isKilled: boolean;
}

const checkpoint = v.object({ state: v.object({ files: v.record(v.string(), v.object({ sha256: v.string() })) }) });

medctc("data", "synth", data, "--pairs", "8", "--valid", "6");
const trainings = chosen.split(",").map((name): Training => {
  const [how = "", backend = ""] = name.split("-");
  const spec = join(folder, `${how}.vlm`);
  writeFileSync(spec, specOf(how));
  return { name, spec, backend };
});
const undisturbed = trainings.map((training) => {
  const output = join(folder, `undisturbed ${training.name}`);
  medctc(...wordsOf(training, output));
  return { training, expected: resultOf(output) };
});

const problems: string[] = [];
const counts = { kills: 0, withinSave: 0, withTemporary: 0, trainings: 0 };
/** Of few kills each training gets its share. */
const mostEach = Math.ceil(mostKills / trainings.length);
/** Trainings take turns, so that a few kills reach all of them. */
while (counts.kills < mostKills) {
  for (const { training, expected } of undisturbed) {
    if (counts.kills >= mostKills) break;
    const output = join(folder, `killed ${counts.trainings}`);
    await killAndResume(training, output);
    counts.trainings += 1;
    const stale = [...hidden(output), ...(existsSync(join(output, "run.lock")) ? ["run.lock"] : [])];
    if (stale.length > 0) problems.push(`${training.name} leaves ${stale.join(", ")}`);
    const broken = damaged(output);
    if (broken.length > 0) problems.push(`${training.name} has damaged checkpoints: ${broken.join(", ")}`);
    const others = differences(expected, resultOf(output));
    if (others.length > 0) problems.push(`${training.name} differs in ${others.join(", ")}`);
    rmSync(output, { recursive: true });
    if (process.stderr.isTTY) process.stderr.write(`\r${counts.kills} of ${mostKills} kills`);
  }
}
print(JSON.stringify({ ...counts, problems }, null, 2));
process.exitCode = problems.length === 0 ? 0 : 1;

/** Kills a training some times, and then lets it end. */
async function killAndResume(training: Training, output: string): Promise<void> {
  for (let killed = 0; ; killed++) {
    const isLast = killed >= mostEach || counts.kills >= mostKills;
    const { said, code, isKilled } = isLast ? finish(training, output) : await resumeAndKill(training, output);
    if (/is not used/.test(said)) problems.push(`${training.name}: ${said}`);
    if (!isKilled) {
      if (code !== 0) problems.push(`${training.name} ended with ${code}: ${said}`);
      return;
    }
    counts.kills += 1;
    const parts = hidden(output).filter((name) => !/^\.(work|run\.lock\.\d+\.tmp)/.test(name));
    if (parts.length > 0) counts.withTemporary += 1;
    if (parts.some((name) => name.startsWith("checkpoints/"))) counts.withinSave += 1;
  }
}

/** The small spec, with dropout and with examples changed at random: in pieces of two rows, or with the whole batch at once. */
function specOf(name: string): string {
  const augment = "data {\n  augment = [shift(voxels = [1, 1, 1]), noise, drop_sentences(chance = 0.3)]\n";
  const text = readFileSync("test/train/tiny.vlm", "utf8").replace("data {\n", augment);
  const whole = text.replace("  micro_batch = 2\n", "");
  if (whole === text) throw new Error("tiny.vlm is trained in pieces");
  return name === "pieces" ? text : whole;
}

function wordsOf({ spec, backend }: Training, output: string): readonly string[] {
  return ["train", spec, "--data", data, "--cache", cache, "--backend", backend, "-o", output];
}

function finish(training: Training, output: string): End {
  const { status, stderr } = run(process.execPath, [program, ...wordsOf(training, output), "--resume"]);
  return { said: stderr, code: status, isKilled: false };
}

/**
 * Resumes a training and ends it: one time in ten at any moment of its start, four at any moment after it has begun to
 * compute, and five around a save, whose first file the file system tells of. Gives what it said, and how it ended.
 */
function resumeAndKill(training: Training, output: string): Promise<End> {
  const share = (): number => random.below(2 ** 30) / 2 ** 30;
  const kind = share();
  const wait = share();
  const saves = 1 + random.below(3);
  return new Promise((settle) => {
    const words = [program, ...wordsOf(training, output), "--resume"];
    const child = spawn(process.execPath, words, { stdio: ["ignore", "ignore", "pipe"] });
    let said = "";
    let timer: NodeJS.Timeout | undefined;
    let watcher: FSWatcher | undefined;
    const killAfter = (milliseconds: number): void => {
      timer ??= setTimeout(() => child.kill("SIGKILL"), milliseconds);
    };
    if (kind < 0.1) killAfter(wait * 1000);
    child.stderr.setEncoding("utf8").on("data", (text) => {
      said += text;
      if (!/^(resuming|evaluating|step)/m.test(said)) return;
      if (kind < 0.5) killAfter(wait * 300);
      else watcher ??= watchSaves(join(output, "checkpoints"), saves, () => killAfter(wait * 5));
    });
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      watcher?.close();
      settle({ said, code, isKilled: signal === "SIGKILL" });
    });
  });
}

/** Calls back when so many checkpoints were begun. */
function watchSaves(path: string, count: number, begun: () => void): FSWatcher {
  const seen = new Set<string>();
  return watch(path, (_, name) => {
    if (name?.endsWith(".new")) seen.add(name);
    if (seen.size >= count) begun();
  });
}

/** What a process that was ended has left half done. */
function hidden(path: string): readonly string[] {
  if (!existsSync(path)) return [];
  const names = readdirSync(path, { recursive: true }).map(String);
  return names.filter((name) => /(^|\/)\.[^/]+$/.test(name));
}

/** What must be the same whether or not a training was disturbed: bytes of files, and of metrics all but the seconds. */
function resultOf(path: string): ReadonlyMap<string, string> {
  const checkpoints = readdirSync(join(path, "checkpoints")).sort();
  const last = join("checkpoints", checkpoints.at(-1) ?? "");
  const parts = ["adapter.safetensors", "optimizer.safetensors", "state.json"];
  const names = ["adapter.safetensors", ...parts.map((name) => join(last, name))];
  const evaluations = readdirSync(join(path, "evaluations"))
    .sort()
    .map((name) => join("evaluations", name));
  const result = new Map([...names, ...evaluations].map((name) => [name, sha256(readFileSync(join(path, name)))]));
  result.set("checkpoints", checkpoints.join(" "));
  const metrics = readFileSync(join(path, "metrics.jsonl"), "utf8").replaceAll(/,"seconds":[^,}]*/g, "");
  return result.set("metrics.jsonl", sha256(metrics));
}

function sha256(content: string | Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}

/** Names of what differs. */
function differences(expected: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set([...expected.keys(), ...found.keys()])].filter((name) => expected.get(name) !== found.get(name));
}

/** Checkpoints that are not what their states say. */
function damaged(path: string): readonly string[] {
  return readdirSync(join(path, "checkpoints")).filter((name) => {
    const inside = join(path, "checkpoints", name);
    const { state } = v.parse(checkpoint, JSON.parse(readFileSync(join(inside, "state.json"), "utf8")));
    return Object.entries(state.files).some(
      ([file, { sha256: hash }]) => sha256(readFileSync(join(inside, file))) !== hash,
    );
  });
}
