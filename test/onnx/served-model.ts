import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as v from "valibot";
import { elementCount } from "../../compiler/index.ts";
import { type Manifest, manifestSchema } from "../../runtime/app/export/served/manifest.ts";
import { OnnxSession } from "../../runtime/backends/onnx/index.ts";
import { type SentTensor, sentTensor } from "../../runtime/backends/onnx/messages.ts";
import { generator } from "../../runtime/random.ts";
import { compilePath } from "../../runtime/specs/index.ts";
import { elementsOf, type FloatTensor, readSafetensors, writeSafetensors } from "../../runtime/weights/index.ts";
import { fixture } from "../parity/ctclip-fixture.ts";

/** What CT-CLIP's small fixture was given, as ONNX Runtime takes it. */
export const smallInputs = new Map(
  [...fixture("batch.safetensors")].map(([name, stored]): readonly [string, SentTensor] => {
    const { shape, dtype } = stored;
    return dtype === "I64"
      ? [name, { dtype: "int32", shape, data: Int32Array.from(elementsOf(stored)) }]
      : [name, { dtype: "float32", shape, data: Float32Array.from(elementsOf(stored)) }];
  }),
);

/** The largest absolute difference of two lists of numbers. */
export function apart(a: ArrayLike<number>, b: ArrayLike<number>): number {
  return Array.from(a).reduce((largest, value, place) => Math.max(largest, Math.abs(value - (b[place] ?? NaN))), 0);
}

/** Writes a file with random values for everything that a spec's adapters have, by its names in checkpoints. */
export function writeRandomAdapter(file: string, spec: string, seed: number, set: readonly string[] = []): void {
  const { plan, spec: traced } = compilePath(spec, { set });
  const types = new Map((traced?.parameters ?? []).map(({ path, type }) => [path, type]));
  const random = generator(seed);
  const tensors = new Map<string, FloatTensor>();
  for (const { path, checkpoint, ofAdapter } of [...(plan?.parameters ?? []), ...(plan?.buffers ?? [])]) {
    const type = types.get(path);
    if (!ofAdapter || type === undefined) continue;
    const isWhole = type.dtype === "i32";
    // Whole numbers are places, of which each axis has these two.
    const draw = (): number => (isWhole ? Math.floor(2 * random()) : 0.4 * (random() - 0.5));
    tensors.set(checkpoint, {
      shape: type.shape,
      data: Float32Array.from({ length: elementCount(type) }, draw),
      isWhole,
    });
  }
  if (tensors.size === 0) throw new Error(`${spec} has no adapters`);
  writeFileSync(file, writeSafetensors(tensors));
}

/** The manifest of a folder of served programs. */
export function manifestOf(folder: string): Manifest {
  return v.parse(manifestSchema, JSON.parse(readFileSync(join(folder, "adapters.json"), "utf8")));
}

/** The tensors of an adapter of such a folder, as its programs take them. */
export function adapterOf(folder: string, name: string): ReadonlyMap<string, SentTensor> {
  const { adapters } = manifestOf(folder);
  const file = adapters[name]?.safetensors.file ?? "";
  const stored = readSafetensors(file, readFileSync(join(folder, file)));
  return new Map(
    [...stored].map(([path, each]) => [
      path,
      sentTensor(each.dtype === "I32" ? "int32" : "float32", each.shape, elementsOf(each)),
    ]),
  );
}

/** One session of a served program, which is given an adapter at each run. */
export class ServedProgram {
  private readonly folder: string;
  private readonly name: string;
  private readonly session: OnnxSession;

  private constructor(folder: string, name: string, session: OnnxSession) {
    this.folder = folder;
    this.name = name;
    this.session = session;
  }

  static async open(folder: string, name: string): Promise<ServedProgram> {
    return new ServedProgram(folder, name, await OnnxSession.load(join(folder, `${name}.onnx`)));
  }

  async run(adapter: string, inputs: ReadonlyMap<string, SentTensor>, output: string): Promise<Float32Array> {
    const program = manifestOf(this.folder).base.programs[this.name];
    const tensors = adapterOf(this.folder, adapter);
    const given = new Map([...tensors].filter(([path]) => program?.adapter_inputs.includes(path)));
    const results = await this.session.run(new Map([...inputs, ...given]), [output]);
    return Float32Array.from(results.get(output)?.data ?? []);
  }

  dispose(): Promise<void> {
    return this.session.dispose();
  }
}
