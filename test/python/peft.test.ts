import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, test } from "vitest";
import { succeeds } from "../adapters/peft-files.ts";
import { check, pythonWithPeft } from "./environment.ts";

const fixtures = "test/fixtures/ctclip-small";
const weights = join(fixtures, "weights.safetensors");
const feeds = ["--feeds", join(fixtures, "batch.safetensors")];
const steps = 3;
const folder = mkdtempSync(join(tmpdir(), "medctc-peft-"));
afterAll(() => rmSync(folder, { recursive: true }));

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

test("PEFT loads adapters that medctc trained, and PyTorch then gives the same logits", async () => {
  const python = pythonWithPeft();
  const trained: string[] = [];
  for (const [name, lines] of Object.entries(placements)) trained.push(await trainAndExport(name, lines));
  check(python, "check_peft.py", fixtures, ...trained);
});

/** Trains adapters and exports them; gives the folder that has them, with what medctc computes with them. */
async function trainAndExport(name: string, lines: readonly string[]): Promise<string> {
  const into = join(folder, name);
  mkdirSync(into);
  const spec = join(into, "spec.vlm");
  writeFileSync(spec, specWith(lines));
  const given = ["--weights", weights];
  const first = join(into, "first.safetensors");
  const adapter = join(into, "trained.safetensors");
  await succeeds(["run", spec, "init", "-o", first]);
  for (let step = 0; step < steps; step++) {
    // First values are of the whole model; of two files that have a weight the second counts.
    const from = step === 0 ? ["--weights", first, "--adapter", weights] : [...given, "--adapter", adapter];
    await succeeds(["run", spec, "step", ...from, ...feeds, "--step", String(step), "-o", adapter]);
  }
  const reading = [...given, "--adapter", adapter];
  await succeeds(["run", spec, "forward", ...reading, ...feeds, "-o", join(into, "forward.safetensors")]);
  await succeeds(["export", spec, "--peft", join(into, "adapter"), ...reading]);
  return into;
}

/** The small spec with other placements and a high rate, so that few steps change the logits. */
function specWith(lines: readonly string[]): string {
  const libraries = ["dora", "ia3"].map((name) => `import "std/${name}"\n`).join("");
  return readFileSync("specs/medct-small.vlm", "utf8")
    .replace('import "std/lora"\n', `import "std/lora"\n${libraries}`)
    .replace("lora(rank = 4, alpha = 8) on vision.attn.qkv, text.attn.q,v", lines.join("\n  "))
    .replace("lr = 1e-3", "lr = 3e-2")
    .replaceAll(/\n {2}expect [^\n]*/g, "");
}
