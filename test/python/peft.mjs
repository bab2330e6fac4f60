import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { prepare, root } from "../../runtime/setup/prepare.mjs";
import { pythonWithPeft, run } from "./environment.mjs";

const fixtures = join(root, "test/fixtures/ctclip-small");
const steps = 3;

/** Placements for the small model, each trained by medctc for some steps. */
const placements = {
  lora: ["lora(rank = 4, alpha = 8) on vision.attn.qkv, text.attn.q,v"],
  ranks: [
    "lora(rank = 4, alpha = 8) on vision.spatial.attn.qkv",
    "lora(rank = 2, alpha = 3) on vision.temporal.attn.q, text.layers[1].attn.qkv,o",
    "lora(rank = 1, alpha = 8) on text.ff.up,down, vision.ff.up,down, heads.*",
  ],
  stabilised: ["lora(rank = 6, alpha = 7, rank_stabilised = true) on vision.attn.qkv,o, text.attn.qkv"],
  dora: ["dora(rank = 4, alpha = 8) on vision.attn.qkv,o, text.attn.qkv"],
  ia3: ["ia3() on vision.attn.kv, text.attn.kv", "ia3(on_inputs = true) on vision.ff.down, text.ff.down"],
};

/** PEFT loads adapters that medctc trained, and PyTorch then gives the same logits. */
await prepare();
const python = pythonWithPeft();
const folder = mkdtempSync(join(tmpdir(), "medctc-peft-"));
try {
  const folders = Object.entries(placements).map(([name, lines]) => trained(name, lines));
  run(python, [join(root, "test/python/check_peft.py"), fixtures, ...folders], "inherit");
} finally {
  rmSync(folder, { recursive: true });
}

/** Trains adapters and exports them; gives the folder that has them, with what medctc computes with them. */
function trained(name, lines) {
  const into = join(folder, name);
  mkdirSync(into);
  const spec = join(into, "spec.vlm");
  writeFileSync(spec, specWith(lines));
  const weights = join(fixtures, "weights.safetensors");
  const given = ["--weights", weights];
  const feeds = ["--feeds", join(fixtures, "batch.safetensors")];
  const first = join(into, "first.safetensors");
  const adapter = join(into, "trained.safetensors");
  medctc("run", spec, "init", "-o", first);
  for (let step = 0; step < steps; step++) {
    // First values are of the whole model; of two files that have a weight the second counts.
    const from = step === 0 ? ["--weights", first, "--adapter", weights] : [...given, "--adapter", adapter];
    medctc("run", spec, "step", ...from, ...feeds, "--step", String(step), "-o", adapter);
  }
  medctc("run", spec, "forward", ...given, "--adapter", adapter, ...feeds, "-o", join(into, "forward.safetensors"));
  medctc("export", spec, "--peft", join(into, "adapter"), ...given, "--adapter", adapter);
  return into;
}

/** The small spec with other placements and a high rate, so that few steps change the logits. */
function specWith(lines) {
  const libraries = ["dora", "ia3"].map((name) => `import "std/${name}"\n`).join("");
  return readFileSync(join(root, "specs/medct-small.vlm"), "utf8")
    .replace('import "std/lora"\n', `import "std/lora"\n${libraries}`)
    .replace("lora(rank = 4, alpha = 8) on vision.attn.qkv, text.attn.q,v", lines.join("\n  "))
    .replace("lr = 1e-3", "lr = 3e-2")
    .replaceAll(/\n {2}expect [^\n]*/g, "");
}

function medctc(...args) {
  const { status, stderr } = spawnSync(process.execPath, [join(root, "dist/medctc.js"), ...args], { encoding: "utf8" });
  if (status === 0) return;
  process.stderr.write(`medctc ${args.join(" ")} ended with ${status}\n${stderr}`);
  process.exit(1);
}
