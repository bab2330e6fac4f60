import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { elementsOf, readSafetensors } from "../../runtime/weights/index.ts";
import { runHere } from "../cli/medctc.ts";
import { check, pythonWithPeft } from "./environment.ts";

const fixtures = "test/fixtures/ctclip-small";
const folder = mkdtempSync(join(tmpdir(), "medctc-peft-forms-"));
afterAll(() => rmSync(folder, { recursive: true }));

beforeAll(() => {
  check(pythonWithPeft(), "make_peft_forms.py", fixtures, folder);
}, 600_000);

const caseFile = v.object({ spec: v.array(v.string()), options: v.array(v.string()) });

describe("adapters that PEFT wrote give PEFT's logits, whatever they were saved of and are called", () => {
  test("each form", async () => {
    const cases = readdirSync(folder).filter((name) => statSync(join(folder, name)).isDirectory());
    expect(cases.length).toBeGreaterThan(30);
    const wrong: string[] = [];
    for (const name of cases) {
      const { spec: placements, options } = v.parse(
        caseFile,
        JSON.parse(readFileSync(join(folder, name, "case.json"), "utf8")),
      );
      const spec = join(folder, name, "spec.vlm");
      writeFileSync(spec, specWith(placements));
      const out = join(folder, name, "forward.safetensors");
      const weights = options.includes("--weights") ? [] : ["--weights", join(fixtures, "weights.safetensors")];
      const allowed = options.filter(
        (each, place) => each !== "--allow-missing" && options[place - 1] !== "--allow-missing",
      );
      const run = await runHere([
        ...["run", spec, "forward", "--feeds", join(fixtures, "batch.safetensors"), "-o", out],
        ...[...weights, ...allowed],
      ]);
      if (run.code !== 0) {
        wrong.push(`${name}: ${run.err}`);
        continue;
      }
      const expected = tensor(join(folder, name, "logits.safetensors"), "logits");
      const [image, report, [scale = 0] = []] = ["image", "report", "scale"].map((each) => tensor(out, each));
      const size = Math.sqrt(expected.length);
      const width = (image?.length ?? 0) / size;
      let largest = 0;
      for (let row = 0; row < size; row++)
        for (let column = 0; column < size; column++) {
          let sum = 0;
          for (let at = 0; at < width; at++)
            sum += (report?.[row * width + at] ?? 0) * (image?.[column * width + at] ?? 0);
          largest = Math.max(largest, Math.abs(sum * scale - (expected[row * size + column] ?? Number.NaN)));
        }
      process.stdout.write(`${name}: logits differ by at most ${largest.toExponential(1)}\n`);
      if (!(largest < 1e-5)) wrong.push(`${name}: logits differ by ${largest}`);
    }
    expect(wrong).toEqual([]);
  }, 600_000);
});

function tensor(file: string, name: string): Float64Array {
  const found = readSafetensors(file, readFileSync(file)).get(name);
  if (found === undefined) throw new Error(`there is ${name} in ${file}`);
  return elementsOf(found);
}

function specWith(lines: readonly string[]): string {
  const libraries = ["dora", "ia3"].map((name) => `import "std/${name}"\n`).join("");
  return readFileSync("specs/medct-small.vlm", "utf8")
    .replace('import "std/lora"\n', `import "std/lora"\n${libraries}`)
    .replace("lora(rank = 4, alpha = 8) on vision.attn.qkv, text.attn.q,v", lines.join("\n  "))
    .replaceAll(/\n {2}expect [^\n]*/g, "");
}
