import { readFileSync, writeFileSync } from "node:fs";
import { elementsOf, readSafetensors, type StoredTensor, writeSafetensors } from "../../runtime/weights/index.ts";

/** What a script made with PEFT, in one file: weights, what is fed, and what PEFT computes with adapters. */
export type Tensors = ReadonlyMap<string, StoredTensor>;

export function readTensors(file: string): Tensors {
  return readSafetensors(file, readFileSync(file));
}

/** What the fixture in a folder has behind a name. */
export function fixtureIn(folder: string): (prefix: string) => Tensors {
  const tensors = readTensors(`${folder}/tensors.safetensors`);
  return (prefix) =>
    new Map(
      [...tensors].flatMap(([name, each]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), each]] : [])),
    );
}

export function tensorOf(tensors: Tensors, name: string): StoredTensor {
  const found = tensors.get(name);
  if (found === undefined) throw new Error(`the fixture has ${name}`);
  return found;
}

export function floats(stored: StoredTensor): Float32Array {
  return Float32Array.from(elementsOf(stored));
}

export function writeTensors(file: string, tensors: Tensors): void {
  const stored = [...tensors].map(([key, each]) => [key, { shape: each.shape, data: floats(each) }] as const);
  writeFileSync(file, writeSafetensors(new Map(stored)));
}

/** The largest absolute difference of a tensor, divided by a number, from another over the largest absolute value of that. */
export function relative(found: ArrayLike<number> | undefined, expected: StoredTensor, times = 1): number {
  const values = [...elementsOf(expected)];
  const errors = values.map((value, place) => Math.abs(value - (found?.[place] ?? Number.NaN) / times));
  return Math.max(...errors) / Math.max(...values.map(Math.abs));
}

/** A network of a fixture with some placements. */
interface SmallModel {
  /** Files of the library that the placements are from. */
  readonly libraries: readonly string[];
  /** The declarations of the fixture's networks, and the call of one of them. */
  readonly networks: string;
  readonly network: string;
  readonly encoder: "vision" | "text";
  readonly placed: readonly string[];
  readonly batch: number;
  readonly optimizer?: string;
  /** Losses beside the mean of the squared outputs. */
  readonly losses?: readonly string[];
}

/** A spec whose loss is the mean of the squared outputs, and others that are given. */
export function specOfSmall(model: SmallModel): string {
  const { encoder } = model;
  return `${model.libraries.map((name) => `import "std/${name}"`).join("\n")}
${model.networks}
loss squared(values) {
  return mean(values * values)
}

model small {
  encoder ${encoder} = ${model.network} named "*"
  let logits = ${encoder}.logits
  freeze ${encoder}
  ${model.placed.join("\n  ")}
  ${["squared(logits)", ...(model.losses ?? [])].map((loss) => `loss ${loss}`).join("\n  ")}
}

train {
  batch = ${model.batch}
  optimizer = ${model.optimizer ?? "sgd(lr = 0.1)"}
}
`;
}
