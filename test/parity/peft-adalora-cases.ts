import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fixtureIn, specOfSmall, type Tensors, writeTensors } from "./peft-fixture.ts";

export const fixture = "test/fixtures/peft-adalora";
export const below = fixtureIn(fixture);
const networks = readFileSync("test/fixtures/peft-kinds/network.vlm", "utf8");

/** The adapters that PEFT made for the fixture, by their folders, as a spec places them. */
export const placements: Readonly<Record<string, readonly string[]>> = {
  "pair-ranks": [
    "adalora(rank = 3, alpha = 5, initial = 4) on vision.first",
    "adalora(rank = 2, alpha = 5, initial = 4) on vision.second",
    "adalora(rank = 1, alpha = 5, initial = 4) on vision.last",
  ],
  "pair-gone": [
    "adalora(rank = 2, alpha = 5, initial = 3) on vision.first",
    "adalora(rank = 0, alpha = 5, initial = 3) on vision.second",
    "adalora(rank = 3, alpha = 5) on vision.last",
  ],
  "flat-whole": ["adalora(rank = 3, alpha = 5) on vision.stem, vision.point"],
};

/** A spec of a network with some placements, whose loss has the regularisation of the paper. */
export function specOf(name: string, placed = placements[name] ?? []): string {
  const [network = ""] = name.split("-");
  const losses = ["0.5 * orthogonality(adalora.placed)"];
  const model = { libraries: ["adalora"], networks, network: `${network}()`, encoder: "vision", placed } as const;
  return specOfSmall({ ...model, batch: 2, losses });
}

/** The weights of a network of the fixture. */
export function weightsOf(network: string): Tensors {
  const isOwn = (key: string): boolean => /^\w+\.(weight|bias)$/.test(key);
  return new Map([...below(`${network}.`)].filter(([key]) => isOwn(key)));
}

/** Writes a spec of a network of the fixture, and the network's weights. */
export function writeCase(
  folder: string,
  name: string,
  placed = placements[name] ?? [],
): { readonly spec: string; readonly weights: string } {
  const [network = ""] = name.split("-");
  const [spec, weights] = [join(folder, `${name}.vlm`), join(folder, `${network}.safetensors`)];
  writeFileSync(spec, specOf(name, placed));
  writeTensors(weights, weightsOf(network));
  return { spec, weights };
}
