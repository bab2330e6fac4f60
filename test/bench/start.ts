import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { print } from "../print.ts";
import { emptyMs, measureCommand } from "./measure.ts";
import { turnsOf } from "./turns.ts";

/** Wall times and memory of the command as a user starts it, beside the time of an empty Node program. */
const baseMs = emptyMs();
time("check specs/medct.vlm", 10, ["check", "specs/medct.vlm"], "limit 300 ms");
time("compile specs/medct.vlm", 10, ["compile", "specs/medct.vlm"], "limit 1500 ms and 300 MiB");
time("compile specs/medct.vlm --emit passes", 5, ["compile", "specs/medct.vlm", "--emit", "passes"], "limit 3000 ms");
const large = cached("large.vlm", largeSpec(1024 ** 2));
time("check of 1 MB", 3, ["check", large], "limit 2000 ms");
time("fmt --check of 1 MB", 3, ["fmt", "--check", large], "no limit");
for (let layers = 8; layers <= 1024; layers *= 2) {
  const { ms, peakMiB } = measureCommand(3, ["compile", cached("layers.vlm", deepSpec(layers))]);
  const each = ((ms - baseMs) / layers).toFixed(2);
  print(`compile of ${layers} layers: ${ms.toFixed(0)} ms, ${each} ms a layer, ${peakMiB.toFixed(0)} MiB`);
}

function time(name: string, runs: number, args: readonly string[], limit: string): void {
  const { ms, peakMiB } = measureCommand(runs, args);
  const median = `median of ${turnsOf(runs)} is ${ms.toFixed(0)} ms, ${peakMiB.toFixed(0)} MiB, ${limit}`;
  print(`medctc ${name}: ${median}; node -e 0: ${baseMs.toFixed(0)} ms; ratio ${(ms / baseMs).toFixed(2)}`);
}

function cached(name: string, text: string): string {
  const path = join(".cache", name);
  writeFileSync(path, text);
  return path;
}

function largeSpec(bytes: number): string {
  let text = "";
  for (let index = 0; text.length < bytes; index++) {
    text += `function gelu_${index}(x, scale = ${index}) {\n  let y = erf(x / sqrt(2)) + scale * [1, 2, 3][0]\n`;
    text += `  return 0.5 * x * (1 + y) |> rearrange("b (h d) -> b h d", h = 4)\n}\n\n`;
  }
  return `${text.trimEnd()}\n`;
}

/** A text encoder with LoRA in every layer. */
function deepSpec(layers: number): string {
  const imports = ["bert", "contrastive", "heads", "lora"].map((name) => `import "std/${name}"\n`).join("");
  return `${imports}
model deep {
  encoder text = bert(vocab = 100, dim = 32, layers = ${layers}, heads = 4, ff = 64, positions = 16)
  let latent = text.hidden |> cls |> l2_normalize
  freeze text
  lora(rank = 4) on text.attn.qkv
  loss contrastive(latent, latent)
  expect count(text.attn.q) = ${layers}
}
`;
}
