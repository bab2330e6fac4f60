import { join, resolve } from "node:path";
import { imageOutputs, type TracedSpec, textOutputs } from "../../../compiler/index.ts";
import { ProblemError } from "../../text/index.ts";
import type { WeightPieces } from "../../weights/index.ts";
import type { Engine, ModelBackend, WrittenSpec } from "../backend.ts";
import type { StepResult, StepSize, Values, Whole } from "../engine.ts";
import { inPhase } from "../engine-error.ts";
import type { Frame } from "./frames.ts";
import type { FromWorker, LinkTensor, LinkTensors } from "./messages.ts";
import { StepRows } from "./rows.ts";
import { KeptShapes, ModelInputs, WireNames } from "./tensors.ts";
import type { Workers } from "./workers.ts";
import { writeWeights } from "./write-files.ts";

/** Workers that lead, and what they are to run. */
export interface Opening {
  readonly backend: ModelBackend;
  readonly model: WrittenSpec;
  readonly workers: Workers;
  readonly threads: number;
}

/** Gives workers their weights. The engine's `dispose` ends them; so does a failure here. */
export async function openEngine(opening: Opening, piecesOf: WeightPieces, folder: string): Promise<Engine> {
  const { backend, model, workers } = opening;
  const { title } = backend;
  const { spec, programs, checkpoints } = model;
  const read = new Set(
    programs.flatMap(({ graph }) =>
      graph.nodes.flatMap(({ operation }) => (operation.op === "parameter" ? [operation.path] : [])),
    ),
  );
  const names = new WireNames(checkpoints, read);
  const inputs = new ModelInputs(spec);
  const shapes = new KeptShapes(spec);
  /** What workers do with rows that they ask for meanwhile. */
  const withRows = <Result>(run: (size: StepSize) => Promise<Ended<Result>>): Whole<Result> => {
    return async (given, size, isStopped) => {
      const rows = new StepRows(given, inputs, { ...size, isStopped });
      workers.serve((request) => rows.answer(request));
      try {
        const ended = await run(size);
        rows.throwProblem();
        if (ended.kind === "done") return ended.result;
        if (isStopped()) return null;
        const help = "see what that machine says";
        throw new ProblemError({ subject: "", message: `another machine stopped the step: ${ended.reason}`, help });
      } finally {
        workers.serve(null);
      }
    };
  };
  try {
    await inPhase(title, "load the weights", () => giveWeights(opening, read, piecesOf, folder));
  } catch (error) {
    await workers.end();
    throw error;
  }
  return {
    backend,
    device: deviceOf(workers),
    run: (program, given) =>
      inPhase(title, `run ${program}`, async () => {
        const outputs = outputsOf(program, spec);
        const asked = { kind: "encode", outputs: [...new Set(outputs.values())] } as const;
        const { tensors } = valuesOf(await workers.ask(asked, inputs.tensorsOf(given)));
        return new Map([...outputs].map(([output, name]) => [output, floatsOf(tensors, name)]));
      }),
    whole: {
      step: withRows((size) => inPhase(title, "run step", () => makeStep(workers, size))),
      measure: withRows((size) => inPhase(title, "run validate", () => measure(workers, size))),
    },
    read: () =>
      inPhase(title, "run read", async () => {
        const { tensors } = valuesOf(await workers.ask({ kind: "read" }));
        return new Map(
          [...tensors].flatMap(([wire, { data }]): readonly (readonly [string, Float32Array])[] => {
            const path = names.fromWire(wire);
            return path === null ? [] : [[path, asFloats(data)]];
          }),
        );
      }),
    store: (values, step = 0) =>
      inPhase(title, "load the weights", async () => {
        const sent = [...values].flatMap(([path, data]): readonly (readonly [string, LinkTensor])[] => {
          const wire = names.toWire(path);
          return wire === null ? [] : [[wire, { shape: shapes.shapeOf(path), data }]];
        });
        expectDone(await workers.ask({ kind: "store", step }, new Map(sent)));
      }),
    timeParts: (what, size, runs) =>
      inPhase(title, "run time", async () => {
        const { message } = await workers.ask({ kind: "time", what, size, runs });
        if (message.kind !== "timed") throw unexpected(message);
        return message;
      }),
    processes: () => workers.running(),
    dispose: () => workers.end(),
  };
}

async function giveWeights(
  { model, workers, threads }: Opening,
  read: ReadonlySet<string>,
  piecesOf: WeightPieces,
  folder: string,
): Promise<void> {
  const { seed, schedule } = model.spec.settings;
  const weights = join(resolve(folder), "weights.safetensors");
  const { steps, stepsPerEpoch: steps_per_epoch } = schedule;
  // It stays as long as workers may read from it: its pages are their memory.
  writeWeights(weights, model, read, piecesOf);
  expectDone(await workers.ask({ kind: "open", weights, seed, steps, steps_per_epoch, threads }));
}

type Ended<Result> =
  | { readonly kind: "done"; readonly result: Result }
  | { readonly kind: "stopped"; readonly reason: string };

async function makeStep(workers: Workers, { step, batch, microBatch }: StepSize): Promise<Ended<StepResult>> {
  const { message } = await workers.ask({ kind: "step", step, batch, micro: microBatch, gradients: false });
  if (message.kind === "stopped") return message;
  if (message.kind !== "stepped") throw unexpected(message);
  const { loss, gradient_norm: gradientNorm, learning_rate: learningRate, metrics } = message;
  return { kind: "done", result: { loss, gradientNorm, learningRate, metrics: new Map(Object.entries(metrics)) } };
}

/** By the first worker alone, as it encodes. */
async function measure(
  workers: Workers,
  { step, batch, microBatch }: StepSize,
): Promise<Ended<ReadonlyMap<string, number>>> {
  const { message } = await workers.ask({ kind: "measure", step, batch, micro: microBatch });
  if (message.kind === "stopped") return message;
  if (message.kind !== "measured") throw unexpected(message);
  return { kind: "done", result: new Map(Object.entries(message.values)) };
}

/** The lets that a program gives, by the names of its outputs. */
function outputsOf(program: string, { evaluation }: TracedSpec): ReadonlyMap<string, string> {
  const lets = program === "encode_image" ? imageOutputs(evaluation) : textOutputs(evaluation);
  const isEncoder = program === "encode_image" || program === "encode_text";
  if (isEncoder && lets.size > 0) return lets;
  // A package computes by themselves what the `eval` block reads.
  const read = [...imageOutputs(evaluation).values(), ...textOutputs(evaluation).values()];
  if (program === "forward" && read.length > 0) return new Map(read.map((name) => [name, name]));
  throw new Error(`the engine has no program ${program}`);
}

function deviceOf({ hellos }: Workers): string {
  const devices = [...new Set(hellos.map(({ device }) => device))];
  const versions = [...new Set(hellos.map(({ torch }) => torch))];
  const [{ world } = { world: 1 }] = hellos;
  const count = world === 1 ? "" : `, ${world} processes`;
  return `${versions.join(" and ")} on ${devices.join(" and ")}${count}`;
}

function expectDone({ message }: Frame): void {
  if (message.kind !== "done") throw unexpected(message);
}

function valuesOf(frame: Frame): Frame {
  if (frame.message.kind !== "values") throw unexpected(frame.message);
  return frame;
}

function unexpected({ kind }: FromWorker): Error {
  return new Error(`a worker answers \`${kind}\`, which was not asked for`);
}

function floatsOf(tensors: LinkTensors, name: string): Float32Array {
  const tensor = tensors.get(name);
  if (tensor === undefined) throw new Error(`the model gives no ${name}`);
  return asFloats(tensor.data);
}

function asFloats(data: Values): Float32Array {
  return data instanceof Float32Array ? data : Float32Array.from(data);
}
