import { join } from "node:path";
import {
  decodeOnnx,
  elementCount,
  inputsOf,
  type Program,
  type StoredModel,
  type StoredValue,
  type TensorType,
} from "../../../compiler/index.ts";
import { at } from "../../at.ts";
import { attempt, readFileBytes } from "../../files/index.ts";
import { failed, ok, type Result } from "../../text/index.ts";
import type { Engine } from "../backend.ts";
import type { Values } from "../engine.ts";
import { inPhase } from "../engine-error.ts";
import { floats } from "../values.ts";
import { onnx } from "./backend.ts";
import { OnnxSession } from "./session.ts";
import { type OnnxSignature, runSignature } from "./signature.ts";
import { onnxFiles } from "./write-model.ts";

/** A graph without its weights; nobody's is larger. */
const largestGraph = 2 ** 28;

/** Exported models that can stand for programs of a spec. */
export interface ExportedModels {
  readonly files: readonly string[];
  /** What is recorded in them, in the order of the programs. */
  readonly metadata: readonly ReadonlyMap<string, string>[];
  readonly open: () => Promise<Engine>;
}

/** A program with how its export is run. */
interface ExportedProgram {
  readonly program: Program;
  /** What ONNX Runtime is given, so many rows at once. */
  readonly signature: OnnxSignature;
  /** The rows that the spec's program takes, and those that the export takes. */
  readonly rows: number;
  readonly ownRows: number;
  /** Inputs and outputs that have a row for each example. */
  readonly batched: ReadonlySet<string>;
}

/** Finds the export of each program in a folder; a problem where one is missing, or takes or gives something else. */
export function findExported(folder: string, programs: readonly Program[]): Result<ExportedModels> {
  const found: ExportedProgram[] = [];
  const metadata: ReadonlyMap<string, string>[] = [];
  const files = programs.map(({ name }) => join(folder, onnxFiles(folder).model(name)));
  for (const [place, program] of programs.entries()) {
    const file = at(files, place);
    const bytes = attempt(file, () => readFileBytes(file, largestGraph));
    if (bytes.kind === "failed") return bytes;
    const model = decodeOnnx(bytes.value);
    if (model === null) return failed({ subject: file, message: "it is not an ONNX model", help: null });
    const matched = matchProgram(program, model);
    if (typeof matched === "string") {
      const help = "export the model of this spec again, with medctc export --onnx DIR";
      return failed({ subject: file, message: matched, help });
    }
    found.push(matched);
    metadata.push(model.metadata);
  }
  return ok({ files, metadata, open: () => open(files, found) });
}

/** How the export of a program is run, or in words what it takes or gives that the program does not. */
function matchProgram(program: Program, model: StoredModel): ExportedProgram | string {
  const inputs = inputsOf(program);
  const stored = new Map(model.inputs.map((input) => [input.name, input]));
  const unknown = model.inputs.find(({ name }) => inputs.every((input) => input.name !== name));
  if (unknown !== undefined) return `it takes ${unknown.name}, which the spec's ${program.name} does not`;
  const batched = new Set<string>();
  const batches = new Set<number>();
  let rows = 1;
  for (const { name, type } of inputs) {
    const own = stored.get(name);
    // What an export leaves out has no effect there.
    if (own === undefined) return `it does not take ${name}`;
    const first = own.sizes[0];
    if (!isSame(own, type)) return `it takes ${name} as ${printStored(own)}, the spec as ${printWanted(type)}`;
    if (type.shape.length === 0 || first === undefined) continue;
    if (typeof first === "number" && first === type.shape[0]) continue;
    batched.add(name);
    rows = at(type.shape, 0);
    batches.add(typeof first === "number" ? first : rows);
  }
  if (batches.size > 1) return `its inputs have different batches, ${[...batches].join(" and ")}`;
  const [ownRows = rows] = batches;
  const outputs: (readonly [string, string])[] = [];
  for (const [name, { type }] of program.outputs) {
    const own = model.outputs.find((output) => output.name === name || output.name === `${name}_output`);
    if (own === undefined) return `it does not give ${name}`;
    outputs.push([name, own.name]);
    if (batched.size > 0 && type.shape[0] === rows) batched.add(name);
  }
  const given = inputs.map(({ name, type: { dtype, shape } }) => ({
    name,
    dtype: dtype === "i32" ? ("int32" as const) : ("float32" as const),
    shape: batched.has(name) ? [ownRows, ...shape.slice(1)] : shape,
  }));
  return { program, signature: { program: program.name, inputs: given, outputs, next: [] }, rows, ownRows, batched };
}

/** Whether a stored value has the type and the sizes of a program's, whatever its batch is. */
function isSame({ dtype, sizes }: StoredValue, type: TensorType): boolean {
  return (
    dtype === type.dtype &&
    sizes.length === type.shape.length &&
    sizes.every((size, axis) => axis === 0 || size === type.shape[axis])
  );
}

function printStored({ dtype, sizes }: StoredValue): string {
  return `${dtype ?? "another type"}[${sizes.join(", ")}]`;
}

function printWanted({ dtype, shape }: TensorType): string {
  return `${dtype}[${["batch", ...shape.slice(1)].slice(0, shape.length).join(", ")}]`;
}

async function open(files: readonly string[], programs: readonly ExportedProgram[]): Promise<Engine> {
  const named = new Map(programs.map(({ program }, place) => [program.name, at(files, place)]));
  const session = await inPhase(onnx.title, "load the model", () => OnnxSession.loadAll(named));
  const byName = new Map(programs.map((each) => [each.program.name, each]));
  return {
    backend: onnx,
    device: "CPU",
    run: (name, inputs) =>
      inPhase(onnx.title, `run ${name}`, async () => {
        const exported = byName.get(name);
        if (exported === undefined) throw new Error(`the engine has no program ${name}`);
        return await runInParts(session, exported, inputs);
      }),
    whole: null,
    read: () => Promise.resolve(new Map()),
    store: () => Promise.resolve(),
    dispose: () => session.dispose(),
  };
}

/** Runs an export on the rows that the spec's program takes, as many at once as it takes itself; the last part is filled with its last row. */
async function runInParts(
  session: OnnxSession,
  { program, signature, rows, ownRows, batched }: ExportedProgram,
  inputs: ReadonlyMap<string, Values>,
): Promise<ReadonlyMap<string, Float32Array>> {
  if (ownRows === rows) return floats(await runSignature(session, signature, inputs));
  const results = new Map<string, Float32Array>();
  for (let from = 0; from < rows; from += ownRows) {
    const some = new Map(
      [...inputs].map(([name, values]) => [name, batched.has(name) ? rowsOf(values, rows, from, ownRows) : values]),
    );
    for (const [name, values] of floats(await runSignature(session, signature, some))) {
      const type = program.outputs.get(name)?.type;
      if (type === undefined || !batched.has(name)) {
        results.set(name, values);
        continue;
      }
      const width = elementCount(type) / rows;
      const all = results.get(name) ?? new Float32Array(elementCount(type));
      all.set(values.subarray(0, Math.min(ownRows, rows - from) * width), from * width);
      results.set(name, all);
    }
  }
  return results;
}

/** So many rows from one on, the last of all again where there are no more. */
function rowsOf(values: Values, rows: number, from: number, count: number): Values {
  const width = values.length / rows;
  const taken = values instanceof Int32Array ? new Int32Array(count * width) : new Float32Array(count * width);
  for (let row = 0; row < count; row++) {
    const source = Math.min(from + row, rows - 1) * width;
    taken.set(values.subarray(source, source + width), row * width);
  }
  return taken;
}
