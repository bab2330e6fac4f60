import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TensorData } from "../../compiler/index.ts";
import { fixtureIn, specOfSmall, type Tensors, tensorOf, writeTensors } from "./peft-fixture.ts";
import { inputOf } from "./peft-run.ts";

/** A fixture of PEFT's with one network, whose weights have no prefix in its tensors. */
interface FixtureOfOne {
  readonly fixture: string;
  readonly libraries: readonly string[];
  /** The call of its network. */
  readonly network: string;
  readonly encoder: "vision" | "text";
  readonly isWeight: (name: string) => boolean;
  /** Its input in the spec. */
  readonly input: { readonly name: string; readonly dtype: "f32" | "i32" };
  /** The adapters that PEFT made for the fixture, by their folders, as a spec places them. */
  readonly placements: Readonly<Record<string, readonly string[]>>;
}

/** What tests ask of such a fixture. */
export function fixtureOfOne({ fixture, placements, input, ...model }: FixtureOfOne) {
  const networks = readFileSync(`${fixture}/network.vlm`, "utf8");
  const below = fixtureIn(fixture);
  /** The network's own weights. */
  const weights: Tensors = new Map([...below("")].filter(([name]) => model.isWeight(name)));
  /** A spec of the network with some placements. */
  const specOf = (placed: readonly string[]): string => specOfSmall({ ...model, networks, placed, batch: 4 });
  return {
    below,
    weights,
    specOf,
    inputs: (): ReadonlyMap<string, TensorData> =>
      new Map([[input.name, inputOf(tensorOf(below(""), "x"), input.dtype)]]),
    /** Writes a spec of the network, and its weights. */
    writeCase: (
      folder: string,
      name: string,
      placed = placements[name] ?? [],
    ): { readonly spec: string; readonly weights: string } => {
      const spec = join(folder, `${name}.vlm`);
      writeFileSync(spec, specOf(placed));
      const file = join(folder, "weights.safetensors");
      writeTensors(file, weights);
      return { spec, weights: file };
    },
  };
}
