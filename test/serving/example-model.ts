import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { promptTexts, type TensorData } from "../../compiler/index.ts";
import { compile, readVolume, run, tokenize } from "../../runtime/api/index.ts";
import { scoreClasses } from "../../runtime/evaluate/zero-shot.ts";
import { elementsOf, readSafetensors } from "../../runtime/weights/index.ts";
import { outputOf, program } from "../command.ts";
import { writeRandomAdapter } from "../onnx/served-model.ts";

/** A small model that is served with two adapters, and one volume, as the examples take them. */
export const spec = "specs/medct-small.vlm";
export const vocabulary = "test/fixtures/ctrate-small/vocab.txt";
export const volume = "test/fixtures/volumes-small/LPS.nii.gz";
const weights = "test/fixtures/ctclip-small/weights.safetensors";

export interface ExampleModel {
  readonly folder: string;
  /** What `prepare.mjs` wrote. */
  readonly inputs: string;
  /** The files of adapters by the names that they are served under; null for the model without one. */
  readonly adapters: ReadonlyMap<string, string | null>;
}

/** Exports the model into a folder, and prepares the volume and the prompts by the example's own script. */
export function writeExampleModel(into: string): ExampleModel {
  const adapters = new Map<string, string | null>([["base", null]]);
  for (const [name, seed] of [
    ["lung", 11],
    ["heart", 12],
  ] as const) {
    const file = join(into, `${name}.safetensors`);
    writeRandomAdapter(file, spec, seed);
    adapters.set(name, file);
  }
  const named = [...adapters].flatMap(([name, file]) => (file === null ? [] : [`${name}=${file}`]));
  const folder = join(into, "served");
  const words = ["export", spec, "--onnx", folder, "--weights", weights, "--dynamic-batch", "--serve", ...named];
  outputOf(process.execPath, [program, ...words]);
  const inputs = join(into, "inputs.safetensors");
  outputOf(process.execPath, ["examples/serving/prepare.mjs", spec, vocabulary, folder, volume, inputs]);
  return { folder, inputs, adapters };
}

/** The scores of the volume in the reference evaluator, by class. */
export async function expectedScores(adapter: string | null): Promise<ReadonlyMap<string, number>> {
  const compiled = compile(spec, { batch: 1 });
  const { evaluation } = compiled.spec ?? {};
  const [task] = evaluation?.tasks ?? [];
  if (evaluation === undefined || task?.kind !== "zero_shot") throw new Error("the spec has a zero-shot task");
  const { classes } = evaluation;
  const texts = promptTexts({ classes, prompts: task.prompts });
  const forTexts = compile(spec, { batch: texts.length });
  const parameters = parametersOf(adapter);
  const image = await run(compiled, "encode_image", {
    inputs: await readVolume(compiled, volume),
    parameters,
    backend: "evaluator",
  });
  const text = await run(forTexts, "encode_text", {
    inputs: tokenize(compiled, texts, vocabulary),
    parameters,
    backend: "evaluator",
  });
  const all = Float32Array.from(text.get("latent")?.data ?? []);
  const width = all.length / texts.length;
  const latents = new Map(texts.map((each, row) => [each, all.subarray(row * width, (row + 1) * width)]));
  const scale = text.get("scale")?.data[0] ?? 1;
  const latent = Float32Array.from(image.get("latent")?.data ?? []);
  const [scores = []] = scoreClasses([latent], classes, task, { latents, scale });
  return new Map(classes.map((name, place) => [name, scores[place] ?? Number.NaN]));
}

function parametersOf(adapter: string | null): ReadonlyMap<string, TensorData> {
  const { plan, spec: traced } = compile(spec);
  const types = new Map((traced?.parameters ?? []).map(({ path, type }) => [path, type]));
  const stored = [weights, ...(adapter === null ? [] : [adapter])].map((file) =>
    readSafetensors(file, readFileSync(file)),
  );
  const parameters = new Map<string, TensorData>();
  for (const { path, checkpoint } of [...(plan?.parameters ?? []), ...(plan?.buffers ?? [])]) {
    const found = stored.flatMap((file) => file.get(checkpoint) ?? []).at(-1);
    const type = types.get(path);
    if (found !== undefined && type !== undefined)
      parameters.set(path, { type, data: Float32Array.from(elementsOf(found)) });
  }
  return parameters;
}

/** Starts one of the example's servers at a free port; gives the first line that it prints, and what ends it. */
export function startServer(
  ...words: readonly string[]
): Promise<{ readonly line: string; readonly stop: () => void }> {
  const server = spawn(process.execPath, [...words, "0"], { stdio: ["ignore", "pipe", "pipe"] });
  let complaint = "";
  server.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint += text;
  });
  return new Promise((resolve, reject) => {
    server.once("exit", () => reject(new Error(`the server ended: ${complaint}`)));
    server.stdout.setEncoding("utf8").once("data", (line: string) => resolve({ line, stop: () => server.kill() }));
  });
}
