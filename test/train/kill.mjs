// Kills trainings with SIGKILL at random moments and goes on with --resume until they are done; what is left then must be what
// an undisturbed training leaves, byte for byte. Prints a report as JSON; exits with 1 when anything differs.
//   node test/train/kill.mjs [kills] [seed] [training,...]     (trainings: pieces-tensorflow pieces-onnx whole-tensorflow whole-onnx)
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, watch, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = resolve(dirname(fileURLToPath(import.meta.url)), "../..");
const program = join(root, "dist/medctc.js");
const kills = Number(process.argv[2] ?? 100);
const seed = Number(process.argv[3] ?? 1);
const chosen = (process.argv[4] ?? "pieces-tensorflow,pieces-onnx,whole-tensorflow,whole-onnx").split(",");

const folder = mkdtempSync(join(tmpdir(), "medctc-killed-"));
const data = join(folder, "ct");
const cache = join(folder, "cache");
const random = generator(seed);
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

/** The small spec, with dropout: in pieces of two rows, or with the whole batch at once. */
function specOf(name) {
  const text = readFileSync(join(root, "test/train/tiny.vlm"), "utf8");
  const whole = text.replace("  micro_batch = 2\n", "");
  if (whole === text) throw new Error("tiny.vlm is trained in pieces");
  return name === "pieces" ? text : whole;
}

/** mulberry32: numbers from 0 up to 1. */
function generator(start) {
  let state = start >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function argumentsOf({ spec, backend }, output) {
  return [program, "train", spec, "--data", data, "--cache", cache, "--backend", backend, "-o", output];
}

/**
 * Goes on with a training and ends it: one time in ten at any moment of its start, four at any moment after it has begun to
 * compute, and five around a save, whose first file the file system tells of. Gives what it said, and how it ended.
 */
function goOn(training, output) {
  const kind = random();
  const wait = random();
  const saves = 1 + Math.floor(random() * 3);
  return new Promise((settle) => {
    const options = { stdio: ["ignore", "ignore", "pipe"] };
    const child = spawn(process.execPath, [...argumentsOf(training, output), "--resume"], options);
    let said = "";
    let timer = null;
    let watcher = null;
    const killAfter = (milliseconds) => {
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
function watchSaves(path, count, begun) {
  const seen = new Set();
  return watch(path, (_, name) => {
    if (name?.endsWith(".new")) seen.add(name);
    if (seen.size >= count) begun();
  });
}

/** What a process that was ended has left half done. */
function hidden(path) {
  if (!existsSync(path)) return [];
  const names = readdirSync(path, { recursive: true }).map(String);
  return names.filter((name) => /(^|\/)\.[^/]+$/.test(name));
}

/** What must be the same whether or not a training was disturbed: bytes of files, and of metrics all but the seconds. */
function resultOf(path) {
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

function sha256(content) {
  return createHash("sha256").update(content).digest("hex");
}

/** Names of what differs. */
function differences(expected, found) {
  return [...new Set([...expected.keys(), ...found.keys()])].filter((name) => expected.get(name) !== found.get(name));
}

/** Checkpoints that are not what their states say. */
function damaged(path) {
  return readdirSync(join(path, "checkpoints")).filter((name) => {
    const { state } = JSON.parse(readFileSync(join(path, "checkpoints", name, "state.json"), "utf8"));
    return Object.entries(state.files).some(
      ([file, { sha256: hash }]) => sha256(readFileSync(join(path, "checkpoints", name, file))) !== hash,
    );
  });
}

const made = spawnSync(process.execPath, [program, "data", "synth", data, "--pairs", "8", "--valid", "6"]);
if (made.status !== 0) throw new Error(String(made.stderr));
const trainings = chosen.map((name) => {
  const [how = "", backend = ""] = name.split("-");
  const spec = join(folder, `${how}.vlm`);
  writeFileSync(spec, specOf(how));
  return { name, spec, backend };
});
const expected = new Map();
for (const training of trainings) {
  const output = join(folder, `undisturbed ${training.name}`);
  const { status, stderr } = spawnSync(process.execPath, argumentsOf(training, output));
  if (status !== 0) throw new Error(String(stderr));
  expected.set(training, resultOf(output));
}

const report = { kills: 0, withinSave: 0, withTemporary: 0, trainings: 0, problems: [] };
/** Trainings take turns, so that a few kills reach all of them. */
for (let turn = 0; report.kills < kills; turn++) {
  const training = trainings[turn % trainings.length];
  const output = join(folder, `killed ${turn}`);
  // Of few kills each training gets its share.
  const most = Math.ceil(kills / trainings.length);
  for (let killed = 0; ; ) {
    const isLast = killed >= most || report.kills >= kills;
    const { said, code, isKilled } = isLast ? finishUndisturbed(training, output) : await goOn(training, output);
    if (/is not used/.test(said)) report.problems.push(`${training.name}: ${said}`);
    if (!isKilled) {
      if (code !== 0) report.problems.push(`${training.name} ended with ${code}: ${said}`);
      break;
    }
    killed += 1;
    report.kills += 1;
    const parts = hidden(output).filter((name) => !/^\.(work|run\.lock\.\d+\.tmp)/.test(name));
    if (parts.length > 0) report.withTemporary += 1;
    if (parts.some((name) => name.startsWith("checkpoints/"))) report.withinSave += 1;
  }
  report.trainings += 1;
  const stale = [...hidden(output), ...(existsSync(join(output, "run.lock")) ? ["run.lock"] : [])];
  if (stale.length > 0) report.problems.push(`${training.name} leaves ${stale.join(", ")}`);
  const broken = damaged(output);
  if (broken.length > 0) report.problems.push(`${training.name} has damaged checkpoints: ${broken.join(", ")}`);
  const others = differences(expected.get(training), resultOf(output));
  if (others.length > 0) report.problems.push(`${training.name} differs in ${others.join(", ")}`);
  rmSync(output, { recursive: true });
  if (process.stderr.isTTY) process.stderr.write(`\r${report.kills} of ${kills} kills`);
}
process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
process.exitCode = report.problems.length === 0 ? 0 : 1;

function finishUndisturbed(training, output) {
  const { status, stderr } = spawnSync(process.execPath, [...argumentsOf(training, output), "--resume"]);
  return { said: String(stderr), code: status, isKilled: false };
}
