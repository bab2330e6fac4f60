import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect, test } from "vitest";
import { elementsOf, writeSafetensors } from "../../runtime/weights/index.ts";
import { medctc, prepareProgram } from "../cli/medctc.ts";
import { outputOf } from "../command.ts";
import { fixture, ownMatrix, placements, writeCase } from "../parity/peft-attention-cases.ts";
import { readTensors } from "../parity/peft-fixture.ts";
import { pythonWith, pythonWithPeft } from "./environment.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-peft-attention-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** open_clip beside the PyTorch of another environment, and what it imports. */
function openClip(): string {
  const needed = ["timm==1.0.22", "torchvision==0.29.2", "pillow==13.0.0", "ftfy==6.3.1", "wcwidth==0.9.4"];
  const packages = ["--no-deps", "open_clip_torch==3.3.0", ...needed, "regex==2026.11.19"];
  const python = pythonWith("open_clip_torch==3.3.0-torchvision==0.29.2", packages);
  return outputOf(python, ["-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).trim();
}

/** PEFT's adapters as medctc trains and stores them: with the names and the values of the spec. */
function ownAdapter(into: string, name: string, wanted: (matrix: string) => boolean): string {
  const file = join(into, "own.safetensors");
  const stored = [...readTensors(join(fixture, name, "adapter_model.safetensors"))].map(([key, each]) => {
    const own = ownMatrix(key);
    return [
      own.name,
      { shape: each.shape, data: Float32Array.from(elementsOf(each), (value) => own.times * value) },
    ] as const;
  });
  writeFileSync(file, writeSafetensors(new Map(stored.filter(([key]) => wanted(key)))));
  return file;
}

test("PEFT loads adapters of attentions that medctc wrote into open_clip's and transformers' own code", () => {
  prepareProgram();
  const cases = [
    ...Object.keys(placements).map((name) => ({
      into: name,
      name,
      placed: placements[name] ?? [],
      wanted: () => true,
    })),
    {
      into: "clip-attention-only",
      name: "clip-attention",
      placed: ["lora(rank = 4, alpha = 8) on vision.attn.qkv, text.attn.qkv"],
      wanted: (matrix: string) => !matrix.includes("out_proj"),
    },
  ];
  const folders = cases.map(({ into, name, placed, wanted }) => {
    const at = join(folder, into);
    mkdirSync(at);
    const adapter = ownAdapter(at, name, wanted);
    const spec = writeCase(at, name, placed);
    const { code, err } = medctc(["export", spec, "--peft", join(at, "adapter"), "--adapter", adapter]);
    expect([code, err]).toEqual([0, expect.not.stringContaining("error")]);
    return at;
  });
  const words = ["test/python/check_peft_attention.py", resolve(fixture), ...folders];
  process.stdout.write(outputOf(pythonWithPeft(), words, { env: { PYTHONPATH: openClip() } }));
});
