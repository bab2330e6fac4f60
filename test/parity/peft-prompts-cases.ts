import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fixtureIn, readTensors, type Tensors, writeTensors } from "./peft-fixture.ts";

export const fixture = "test/fixtures/peft-prompts";
export const below = fixtureIn(fixture);

const encoders = {
  bert: "bert(vocab = 30, dim = 16, layers = 2, heads = 2, ff = 24, positions = 12, length = 7, pooler = false)",
  qwen3:
    "qwen3(vocab = 30, dim = 16, layers = 2, heads = 4, groups = 2, ff = 24, length = 7, dim_head = 6, theta = 10_000)",
  llama: "llama(vocab = 30, dim = 16, layers = 3, heads = 4, groups = 4, ff = 24, length = 7)",
  mistral:
    "llama(vocab = 30, dim = 16, layers = 2, heads = 4, groups = 2, ff = 24, length = 7, theta = 5000, eps = 1e-6)",
} as const;

interface PromptCase {
  readonly encoder: keyof typeof encoders;
  /** What the encoder gives. */
  readonly output: string;
  readonly placed: string;
  /** What shows that only some layers are meant. */
  readonly expects?: string;
}

/** What PEFT made for the fixture, by its folders, as a spec places it. */
export const cases: Readonly<Record<string, PromptCase>> = {
  prompt: { encoder: "bert", output: "hidden", placed: "prompt(tokens = 4) on text.embeddings" },
  prefix: { encoder: "bert", output: "hidden", placed: "prefix(tokens = 4) on text" },
  zero: { encoder: "bert", output: "hidden", placed: 'prefix(tokens = 4, start = "zero") on text' },
  projected: { encoder: "bert", output: "hidden", placed: "prefix(tokens = 4) on text" },
  grouped: { encoder: "qwen3", output: "normed", placed: "prefix(tokens = 4) on text" },
  encoded: { encoder: "bert", output: "hidden", placed: "p_tuning(tokens = 4) on text.embeddings" },
  recurrent: { encoder: "bert", output: "hidden", placed: "p_tuning(tokens = 4) on text.embeddings" },
  cartridge: { encoder: "bert", output: "hidden", placed: "cartridge(tokens = 4, frozen = 2) on text" },
  tasks: {
    encoder: "bert",
    output: "hidden",
    placed: "multitask_prompt(tokens = 4, tasks = 3, rank = 2, task = 1) on text.embeddings",
  },
  sink: { encoder: "qwen3", output: "normed", placed: "cartridge(tokens = 4) on text" },
  adaption: {
    encoder: "llama",
    output: "normed",
    placed: "adaption_prompt(tokens = 4) on text.layers[1..].attention",
    expects: "count(text.layers[1..].attention) = 2",
  },
  gated: { encoder: "mistral", output: "normed", placed: "adaption_prompt(tokens = 3) on text.attention" },
};

export function caseNamed(name: string): PromptCase {
  const found = cases[name];
  if (found === undefined) throw new Error(`${name} is a case`);
  return found;
}

/** The file of the library that a placement is from. */
export function libraryOf(placed: string): string {
  const [kind = ""] = placed.split("(");
  const files: Readonly<Record<string, string>> = {
    p_tuning: "prompt",
    multitask_prompt: "prompt",
    cartridge: "prefix",
  };
  return files[kind] ?? kind;
}

/** A spec whose loss is that of the fixture. */
export function specOf(name: string): string {
  const { encoder, output, placed, expects } = caseNamed(name);
  return `import "std/${encoder === "mistral" ? "llama" : encoder}"
import "std/${libraryOf(placed)}"

function weighted(values) {
  return mean(values * values * reshape(0.5 + cast(iota(16), f32) / 15, [1, 1, 16]))
}

model small {
  encoder text = ${encoders[encoder]} named "*"
  let output = text.${output}
  freeze text
  ${placed}
  loss weighted(output)${expects === undefined ? "" : `\n  expect ${expects}`}
}

train {
  batch = 3
  optimizer = sgd(lr = 0.1)
}
`;
}

/** The encoder's own weights. */
export function weightsOf(name: string): Tensors {
  return below(`${caseNamed(name).encoder}.`);
}

/** The folder that PEFT wrote, and its tensors. */
export function adapterOf(name: string): { readonly folder: string; readonly tensors: Tensors } {
  const folder = join(fixture, name);
  return { folder, tensors: readTensors(join(folder, "adapter_model.safetensors")) };
}

/** Writes a spec and the encoder's weights. */
export function writeCase(folder: string, name: string): { readonly spec: string; readonly weights: string } {
  const [spec, weights] = [join(folder, `${name}.vlm`), join(folder, `${name}.safetensors`)];
  writeFileSync(spec, specOf(name));
  writeTensors(weights, weightsOf(name));
  return { spec, weights };
}
