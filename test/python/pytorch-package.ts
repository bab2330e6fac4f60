import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "vitest";
import {
  buildForward,
  buildStep,
  compileSpec,
  elementCount,
  firstValuesOf,
  nameOf,
  optimise,
  type Plan,
  runProgram,
  type SpecChanges,
  type TensorData,
  type TracedSpec,
  valueNamed,
} from "../../compiler/index.ts";
import { removeDropout } from "../../compiler/passes/lower-draws.ts";
import { createSource } from "../../grammar/index.ts";
import { packageFiles } from "../../runtime/backends/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { type FloatTensor, writeSafetensors } from "../../runtime/weights/index.ts";
import { Random } from "../random.ts";
import { libraryAdapters } from "./pytorch-adapters.ts";

/** Writes the package of a spec for two rows into a folder, with weights, inputs and what the evaluator computes from them. */
export function prepare(into: string, name: string, text: string, changes: SpecChanges = {}): string {
  const path = `specs/${name}.vlm`;
  const small = { precision: "f32", microBatch: 2, batch: 2, ...changes } as const;
  const compiled = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path), small);
  const errors = compiled.diagnostics.filter(({ severity }) => severity === "error");
  expect(errors.map(({ message }) => message)).toEqual([]);
  const { spec, plan } = compiled;
  if (spec === null || plan === null) throw new Error("the spec compiles");
  writePackage(into, spec);
  const random = new Random(7);
  const weights = randomWeights(spec, random);
  const feeds = randomFeeds(spec, random);
  const stored = new Map([...plan.parameters, ...plan.buffers].map(({ path: own, checkpoint }) => [own, checkpoint]));
  save(join(into, "weights"), new Map([...weights].map(([own, data]) => [stored.get(own) ?? own, data])));
  save(join(into, "feeds"), new Map([...feeds].filter(([, { type }]) => type.dtype !== "i32")));
  save(join(into, "ids"), new Map([...feeds].filter(([, { type }]) => type.dtype === "i32")));
  save(join(into, "expected"), expectedOf(spec, plan, weights, feeds));
  save(join(into, "first"), firstOf(spec, plan, weights));
  return into;
}

/** The first values that follow from weights alone, by their names in checkpoints. */
function firstOf(spec: TracedSpec, plan: Plan, weights: Tensors): Tensors {
  const planned = [...plan.parameters, ...plan.buffers];
  const ofModel = new Set(planned.flatMap(({ path, ofAdapter }) => (ofAdapter ? [] : [path])));
  const given = (path: string): readonly Float32Array[] | null => {
    const data = ofModel.has(path) ? weights.get(path)?.data : undefined;
    return data === undefined ? null : [Float32Array.from(data)];
  };
  const seeds = [0, 1].map((seed) => firstValuesOf(spec.parameters, seed, given));
  const computed = new Set(spec.parameters.flatMap(({ path, initial }) => (initial.kind === "computed" ? [path] : [])));
  return new Map(
    planned.flatMap(({ path, checkpoint, shape, dtype, ofAdapter }) => {
      if (!ofAdapter || !computed.has(path)) return [];
      const [first = [], other = []] = seeds.map((pieces) => [...pieces(path)].flatMap((piece) => [...piece]));
      const isDrawn = first.some((value, place) => value !== other[place]);
      const type = { dtype: dtype === "i32" ? "i32" : "f32", shape } as const;
      const tensor = { type, data: Float32Array.from(first) };
      return isDrawn ? [] : [[checkpoint, tensor] as const];
    }),
  );
}

/** Writes the package of a spec into a folder. */
export function writePackage(into: string, spec: TracedSpec): void {
  const files = packageFiles(spec);
  if ("span" in files) throw new Error(`the spec is written: ${files.message}`);
  for (const { name: file, content } of files) {
    mkdirSync(dirname(join(into, file)), { recursive: true });
    writeFileSync(join(into, file), content);
  }
}

type Tensors = ReadonlyMap<string, TensorData>;

function save(path: string, tensors: Tensors): void {
  const floats = [...tensors].map(([name, { type, data }]): readonly [string, FloatTensor] => [
    name,
    { shape: type.shape, data: Float32Array.from(data), isWhole: type.dtype === "i32" },
  ]);
  writeFileSync(`${path}.safetensors`, writeSafetensors(new Map(floats)));
}

function between(random: Random, low: number, high: number): number {
  return low + ((high - low) * random.below(1_000_000)) / 1_000_000;
}

/** Weights of a size at which values stay near 1; variances are positive, and whole numbers are places in any table. */
function randomWeights({ parameters }: TracedSpec, random: Random): Tensors {
  return new Map(
    parameters.map(({ path, type }) => {
      const [low, high] = path.endsWith("running_var") ? [0.5, 1.5] : type.shape.length < 2 ? [0.5, 1] : [-0.3, 0.3];
      const element = (): number => (type.dtype === "i32" ? random.below(8) : between(random, low, high));
      const data = Float32Array.from({ length: elementCount(type) }, element);
      return [path, { type, data }];
    }),
  );
}

function randomFeeds({ graph, settings }: TracedSpec, random: Random): Tensors {
  const isExact = settings.precision === "f32";
  return new Map(
    graph.nodes.flatMap(({ operation }) => {
      if (operation.op !== "input") return [];
      const { name, type } = operation;
      const element = (): number =>
        type.dtype === "i32" ? random.below(name.includes("mask") ? 2 : 12) : between(random, -1, 1);
      const data = Float32Array.from({ length: elementCount(type) }, element);
      // The first text has a token; of the last one everything is masked, where that can be compared.
      if (name.includes("mask")) data.fill(1, 0, 1).fill(isExact ? 0 : 1, data.length - (type.shape[1] ?? 1));
      return [[name, { type, data }] as const];
    }),
  );
}

function expectedOf(spec: TracedSpec, { parameters }: Plan, weights: Tensors, inputs: Tensors): Tensors {
  const expected = new Map<string, TensorData>();
  // In 32 bits scores beside the -1e9 of a mask are lost.
  const digits = spec.settings.precision === "f32" ? "f64" : "f32";
  // An adapter stands around its module, which it may not call at all.
  const returned = [...spec.named].flatMap(([name, node]) => {
    const isAdapter = libraryAdapters.has(/\.(\w+)(\[\d+\])?\.return$/.exec(name)?.[1] ?? "");
    const isComputed = spec.graph.nodes[node.id] === node;
    return name.endsWith(".return") && !isAdapter && isComputed ? [name] : [];
  });
  const forward = optimise(buildForward(spec, returned), spec);
  for (const [name, data] of runProgram(forward, { inputs, parameters: weights }, digits)) {
    if (spec.metrics.has(name)) continue;
    if (name === "loss") expected.set(name, data);
    else expected.set(name.endsWith(".return") ? `module:${name.slice(0, -".return".length)}` : `value:${name}`, data);
  }
  const built = buildStep(spec);
  if (built === null) throw new Error("the spec has a loss");
  // Packages are checked as they are outside of training.
  const step = removeDropout(built);
  const { settings } = spec;
  const schedule = { ...settings.schedule, stepsPerEpoch: 2 };
  const program = optimise(step, { ...spec, settings: { ...settings, schedule } });
  const stored = new Map(parameters.map(({ path, checkpoint }) => [path, checkpoint]));
  const state = new Map(weights);
  for (const { operation } of program.graph.nodes) {
    if (operation.op !== "parameter" || state.has(operation.path)) continue;
    const { path, type } = operation;
    state.set(path, { type, data: new Float32Array(elementCount(type)) });
  }
  // Clipping scales gradients, and those of groups that are frozen in a step are zeros in it.
  const unclipped = optimise(step, { ...spec, rules: new Map(), settings: { ...spec.settings, clipNorm: null } });
  const at = (count: number): Tensors =>
    new Map([...inputs, ["step", { type: { dtype: "i32", shape: [] }, data: Float32Array.of(count) }]]);
  for (const [name, data] of runProgram(unclipped, { inputs: at(0), parameters: state }, digits)) {
    const value = valueNamed(name);
    if (value.kind === "metric") expected.set(`compared:${value.name}`, data);
    if (value.kind === "loss-term") expected.set(`compared:loss/${value.name}`, data);
    if (value.kind === "gradient") expected.set(`gradient:${stored.get(value.parameter) ?? value.parameter}`, data);
  }
  for (let count = 0; count < 3; count++) {
    const results = runProgram(program, { inputs: at(count), parameters: state }, digits);
    for (const path of program.updates.keys()) {
      const data = results.get(path);
      if (data !== undefined) state.set(path, data);
    }
  }
  for (const path of program.updates.keys()) {
    const data = state.get(path);
    if (data === undefined) continue;
    const value = valueNamed(path);
    const parameter = value.kind === "slot" ? value.parameter : path;
    const checkpoint = stored.get(parameter) ?? parameter;
    if (value.kind !== "slot") expected.set(`after:${checkpoint}`, data);
    expected.set(`kept:${value.kind === "slot" ? nameOf({ ...value, parameter: checkpoint }) : checkpoint}`, data);
  }
  return expected;
}
