import {
  buildProgram,
  type Compiled,
  elementCount,
  firstValuesOf,
  type ProgramName,
  type TensorData,
  whyNoProgram,
} from "../../compiler/index.ts";
import { hasErrors } from "../../grammar/index.ts";
import { chooseBackend, modelOf, type ProgramBackend, programBackends, runOnce } from "../backends/index.ts";
import { SpecError } from "./specs.ts";

export interface RunOptions {
  /** The program's inputs by name, as `medctc compile --emit` lists them. */
  readonly inputs: ReadonlyMap<string, TensorData>;
  /** Parameters by path, and what an optimizer keeps for them; a parameter that is left out has its first value. */
  readonly parameters?: ReadonlyMap<string, TensorData>;
  /** `auto`, the default, takes the fastest that is there. */
  readonly backend?: "auto" | ProgramBackend["name"];
}

/**
 * Runs one program of a compiled spec once and gives its outputs by name and its updates by path. Throws a SpecError for a
 * spec with mistakes, and an Error for a program, an input or a backend that is not there.
 */
export async function run(
  compiled: Compiled,
  name: ProgramName,
  { inputs, parameters = new Map(), backend: wanted = "auto" }: RunOptions,
): Promise<ReadonlyMap<string, TensorData>> {
  const { spec, diagnostics } = compiled;
  if (spec === null || hasErrors(diagnostics)) throw new SpecError(diagnostics);
  const built = buildProgram(spec, name);
  if (built === null) throw new Error(`there is no program ${name}: ${whyNoProgram(spec, name)}`);
  const chosen = chooseBackend(wanted, programBackends, (each) => each.load());
  if (chosen.kind === "unavailable") throw new Error(`${chosen.reason}; run: ${chosen.repair}`);
  const program = chosen.backend.optimise(built, spec);
  for (const { operation, type } of program.graph.nodes) {
    if (operation.op !== "input") continue;
    const found = inputs.get(operation.name)?.data.length ?? 0;
    if (found !== elementCount(type)) {
      throw new Error(`the input ${operation.name} has ${found} elements; [${type.shape.join(", ")}] are expected`);
    }
  }
  const piecesOf = firstValuesOf(spec.parameters, spec.settings.seed, (path) => {
    const given = parameters.get(path);
    return given === undefined ? null : [Float32Array.from(given.data)];
  });
  const known = new Set(spec.parameters.map(({ path }) => path));
  const state = new Map(
    [...parameters].flatMap(([path, { data }]) => (known.has(path) ? [] : [[path, Float32Array.from(data)] as const])),
  );
  return runOnce(chosen.backend, modelOf(spec, [program]), { inputs, piecesOf, state });
}
