import { spawnSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/**
 * The package as its users get it: packed, installed into an empty folder with an empty npm cache, with install scripts and
 * without, and used from there: commands, a training on ONNX Runtime, and a TypeScript program against the library. Prints
 * sizes and start times, which are asserted nowhere.
 */
const root = resolve(import.meta.dirname, "..");
const folder = mkdtempSync(join(tmpdir(), "medctc-release-"));

function run(command, args, cwd, env = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
    env: { ...process.env, ...env },
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${status}\n${stdout}${stderr}`);
  return stdout;
}

const program = `import { check, compile, type Diagnostic, plan, run, type TensorData } from "medctc";
import { compileSpec, createSource, type Library, type Plan } from "medctc/compiler";

const diagnostics: readonly Diagnostic[] = check("tiny.vlm");
if (diagnostics.length > 0) throw new Error("the spec is right");
const found: Plan = plan("tiny.vlm");
const { spec } = compile("tiny.vlm");
if (spec === null) throw new Error("the spec compiles");
const inputs = new Map<string, TensorData>();
for (const { operation, type } of spec.graph.nodes) {
  if (operation.op !== "input") continue;
  inputs.set(operation.name, { type, data: new Float32Array(type.shape.reduce((a, b) => a * b, 1)) });
}
const outputs = await run(compile("tiny.vlm"), "forward", { inputs, backend: "onnx" });
const loss = outputs.get("loss")?.data[0] ?? Number.NaN;
if (!Number.isFinite(loss)) throw new Error("the loss is " + loss);
const none: Library = { read: () => ({ kind: "missing" }), names: () => [] };
if (compileSpec(createSource("empty", ""), none).plan !== null) throw new Error("an empty text has no plan");
console.log("as a library: " + found.totals.trainable + " trainable, the first loss is " + loss.toPrecision(6));
`;

/** Installs the tarball as a user does, and uses it. */
function use(tarball, name, flags) {
  const place = join(folder, name);
  mkdirSync(place);
  writeFileSync(join(place, "package.json"), `${JSON.stringify({ private: true, type: "module" })}\n`);
  run(
    "npm",
    ["install", ...flags, "--cache", join(folder, `${name}-cache`), "--no-audit", "--no-fund", tarball],
    place,
    {
      npm_config_ignore_scripts: undefined,
    },
  );
  const installed = readdirSync(join(place, "node_modules")).filter((each) => !each.startsWith("."));
  if (installed.join() !== "medctc") throw new Error(`installed beside it: ${installed.join(", ")}`);
  const medctc = (...args) => run("npx", ["medctc", ...args], place, { MEDCTC_CACHE: join(place, "cache") });
  copyFileSync(join(root, "test/train/tiny.vlm"), join(place, "tiny.vlm"));
  medctc("check", "tiny.vlm");
  medctc("compile", "tiny.vlm", "-o", "compiled");
  // A model of several files, whose parts are beside it in the package.
  medctc("init", "colipri");
  medctc("check", "my_colipri.vlm");
  medctc("data", "synth", "ct", "--pairs", "8", "--valid", "6");
  medctc("train", "tiny.vlm", "--data", "ct", "-o", "run", "--backend", "onnx", "--workers", "1");
  if (!existsSync(join(place, "run/report.html"))) throw new Error("the training left no report");
  console.log(`${name}: ${mebibytes(sizeOf(join(place, "node_modules")))} installed; checked, compiled and trained`);
  return place;
}

const pictureSpec = `import "std/vit"

model m {
  input labels: f32[batch, 2] = table(columns = ["a", "b"])
  encoder vision = vit(size = 16, patch = 8, dim = 8, layers = 1, heads = 1, outputs = 2)
  loss mean((vision.latent - labels) * (vision.latent - labels))
}

train {
  batch = 2
  steps = 1
}
`;

/** Trains on pictures: told what is missing before sharp is installed beside, and right after. */
function trainOnPictures(place) {
  const pictures = ["rgb.png", "grey.jpg"];
  for (const name of pictures) copyFileSync(join(root, "test/fixtures/open-clip/images", name), join(place, name));
  writeFileSync(join(place, "pictures.csv"), `filepath,a,b\n${pictures.map((name) => `${name},0,1\n`).join("")}`);
  writeFileSync(join(place, "pictures.vlm"), pictureSpec);
  const args = ["medctc", "train", "pictures.vlm", "--data", "pictures.csv", "--backend", "onnx"];
  const env = { ...process.env, MEDCTC_CACHE: join(place, "cache") };
  const refused = spawnSync("npx", [...args, "-o", "refused"], { cwd: place, encoding: "utf8", env });
  if (refused.status !== 1 || !refused.stderr.includes("npm install sharp")) throw new Error(refused.stderr);
  const { version } = JSON.parse(readFileSync(join(root, "node_modules/sharp/package.json"), "utf8"));
  run("npm", ["install", "--no-audit", "--no-fund", `sharp@${version}`], place);
  run("npx", [...args, "-o", "pictures"], place, { MEDCTC_CACHE: join(place, "cache") });
  if (!existsSync(join(place, "pictures/report.html"))) throw new Error("the training on pictures left no report");
  console.log(`with sharp ${version}: trained on pictures`);
}

/** Type-checks a program against the library, its declarations too, and runs it. */
function typeCheck(place) {
  writeFileSync(join(place, "program.mts"), program);
  const options = ["--strict", "--module", "nodenext", "--target", "es2023", "--lib", "es2023,dom"];
  run(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), ...options, "program.mts"], place);
  process.stdout.write(run(process.execPath, ["program.mjs"], place));
}

function sizeOf(path) {
  if (!statSync(path).isDirectory()) return statSync(path).size;
  return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
}

function mebibytes(bytes) {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

/** Milliseconds of the median of nine runs. */
function medianMs(command, args, cwd) {
  const times = Array.from({ length: 9 }, () => {
    const start = performance.now();
    run(command, args, cwd);
    return performance.now() - start;
  });
  return times.sort((a, b) => a - b)[4];
}

try {
  run("npm", ["pack", "--pack-destination", folder], root);
  const packed = readdirSync(folder).find((name) => name.endsWith(".tgz"));
  const tarball = join(folder, packed);
  console.log(`${packed}: ${mebibytes(statSync(tarball).size)}`);
  const place = use(tarball, "with-scripts", ["--ignore-scripts=false"]);
  use(tarball, "without-scripts", ["--ignore-scripts"]);
  typeCheck(place);
  trainOnPictures(place);
  const node = medianMs(process.execPath, ["-e", "0"], place);
  const check = ["node_modules/medctc/dist/medctc.js", "check", "node_modules/medctc/specs/medct.vlm"];
  for (const [what, command, args] of [
    ["node -e 0", process.execPath, ["-e", "0"]],
    ["medctc check specs/medct.vlm", process.execPath, check],
    ["npx medctc --version", "npx", ["medctc", "--version"]],
    ["npx medctc check specs/medct.vlm", "npx", ["medctc", ...check.slice(1)]],
  ]) {
    const ms = medianMs(command, args, place);
    console.log(`${what}: ${ms.toFixed(0)} ms, ${(ms / node).toFixed(1)} times node -e 0`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
