import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fixtureIn, specOfSmall, type Tensors, writeTensors } from "./peft-fixture.ts";

export const fixture = "test/fixtures/peft-kinds";

const networks = readFileSync(`${fixture}/network.vlm`, "utf8");

export const below = fixtureIn(fixture);

const linear = "vision.first, vision.second, vision.last";
const convolutions = "vision.stem, vision.grouped, vision.point";

/** The adapters that PEFT made for the fixture, by their folders, as a spec places them. */
export const placements: Readonly<Record<string, readonly string[]>> = {
  "pair-loha": [
    "loha(rank = 3, alpha = 5) on vision.first",
    "loha(rank = 2, alpha = 5) on vision.second",
    "loha(rank = 3, alpha = 7) on vision.last",
  ],
  "pair-lokr": [`lokr(rank = 2, alpha = 5) on ${linear}`],
  "pair-both": [`lokr(rank = 1, alpha = 2, decompose_both = true) on ${linear}`],
  "pair-factor": [`lokr(rank = 2, alpha = 5, decompose_both = true, decompose_factor = 6) on ${linear}`],
  "pair-norm": ["ln_tuning() on vision.norm"],
  "pair-oft": [`oft(block = 6) on ${linear}`],
  "pair-terms": [`oft(block = 6, terms = 7) on ${linear}`],
  "pair-cayley": [`oft(block = 3, neumann = false) on ${linear}`],
  "pair-shared": [`oft(block = 6, neumann = false, share = true) on ${linear}`],
  "pair-boft": [`boft(block = 6) on ${linear}`],
  "pair-factors": ["boft(block = 6, factors = 2) on vision.first, vision.last"],
  "pair-levels": ["boft(block = 2, factors = 3) on vision.first, vision.last"],
  "pair-beft": ["beft() on vision.first, vision.last"],
  "pair-vera": ["vera(rank = 5) on vision.first, vision.last"],
  "pair-pvera": ["pvera(rank = 5) on vision.first, vision.last"],
  "pair-poly": [`poly(rank = 3, tasks = 3, splits = 2, task = 1) on ${linear}`],
  "pair-hira": [`hira(rank = 3) on ${linear}`],
  "pair-miss": [`miss(rank = 6) on ${linear}`],
  "pair-padded": [`miss(rank = 5) on ${linear}`],
  "pair-hra": [`hra(rank = 4) on ${linear}`],
  "pair-delora": [
    "delora(rank = 3, length = 5) on vision.first",
    "delora(rank = 2, length = 5) on vision.second",
    "delora(rank = 3, length = 7) on vision.last",
  ],
  "pair-road": ["road(group = 6) on vision.first, vision.second"],
  "pair-angles": [`road(group = 6, variant = "road_2") on ${linear}`],
  "pair-columns": [`road(group = 6, variant = "road_4") on ${linear}`],
  "pair-blocks": [`gralora(rank = 4, alpha = 5) on ${linear}`],
  "pair-hybrid": [`gralora(rank = 3, blocks = 3, alpha = 5, hybrid = 2) on ${linear}`],
  "pair-circulant": [`c3a(block = 6) on ${linear}`],
  "pair-glora": [`glora(rank = 3) on ${linear}`],
  "pair-vectors": [`glora(rank = 8, weight = "vector", input = "vector", bias = "vector") on ${linear}`],
  "pair-constants": [`glora(rank = 8, weight = "constant", input = "none", bias = "none") on ${linear}`],
  "pair-shifts": ['glora(rank = 2, weight = "none") on vision.first, vision.last'],
  "pair-peanut": [`peanut(rank = 4) on ${linear}`],
  "pair-deep": [`peanut(rank = 4, depth = 2, activation = "gelu", scale = 0.5) on ${linear}`],
  "pair-deft": [`deft(rank = 4, alpha = 6) on ${linear}`],
  "pair-qr": [`deft(rank = 4, decomposition = "qr") on ${linear}`],
  "pair-square": [`deft(rank = 20, decomposition = "qr") on vision.first`],
  "pair-randlora": ["randlora(rank = 4, alpha = 5) on vision.first, vision.last"],
  "pair-bank": [`vblora(rank = 3, vectors = 12, length = 6) on ${linear}`],
  "pair-para": [`deft(rank = 3, decomposition = "qr", para = true) on ${linear}`],
  "pair-fourier": [
    "fourierft(count = 40, seed = 5) on vision.first, vision.last",
    "fourierft(count = 30, seed = 5) on vision.second",
  ],
  "pair-shira": [`shira(rank = 3, seed = 7) on ${linear}`],
  "pair-wavelet": [
    "waveft(count = 40, scaling = 4, seed = 5) on vision.first, vision.last",
    "waveft(count = 30, scaling = 4, seed = 5) on vision.second",
  ],
  "pair-symlet": [`waveft(count = 60, scaling = 4, wavelet = "sym4") on ${linear}`],
  "pair-coefficients": [`waveft(count = 40, scaling = 2, transform = false) on ${linear}`],
  "pair-osf": ["osf(kept = 11) on vision.first, vision.last", "osf(kept = 14) on vision.second"],
  "pair-super": [`supertuning(sparsity = 0.9) on ${linear}`],
  "pair-supra": [`supra(rank = 3, alpha = 5, sparsity = 0.95, largest = false) on ${linear}`],
  "pair-tiny": [`tinylora(length = 5, tying = 0.3) on ${linear}`],
  "pair-tied": ["tinylora(rank = 1, length = 3, tying = 1) on vision.first, vision.last"],
  "pair-uni": [`unilora(rank = 3, length = 40, seed = 5) on ${linear}`],
  "line-loha": [`loha(rank = 3, alpha = 5) on ${convolutions}`],
  "line-lokr": [`lokr(rank = 2, alpha = 5) on ${convolutions}`],
  "flat-loha": [`loha(rank = 3, alpha = 5) on ${convolutions}`],
  "flat-lokr": [`lokr(rank = 1, alpha = 5, decompose_both = true) on ${convolutions}`],
};

const libraries = [
  "beft",
  "boft",
  "c3a",
  "deft",
  "delora",
  "fourierft",
  "glora",
  "gralora",
  "hira",
  "hra",
  "ln_tuning",
  "loha",
  "lokr",
  "lora",
  "lora_fa",
  "mica",
  "miss",
  "oft",
  "olora",
  "osf",
  "peanut",
  "pissa",
  "poly",
  "pvera",
  "randlora",
  "road",
  "shira",
  "supertuning",
  "tinylora",
  "unilora",
  "vblora",
  "vera",
  "waveft",
];

/** A spec of a network of the fixture with some placements. */
export function specOf(network: string, placed: readonly string[], optimizer?: string): string {
  const model = { libraries, networks, network: `${network}()`, encoder: "vision", placed, batch: 2 } as const;
  return specOfSmall(optimizer === undefined ? model : { ...model, optimizer });
}

/** The weights of a network of the fixture. */
export function weightsOf(network: string): Tensors {
  const own = [...below(`${network}.`)];
  return new Map(
    own.filter(([key]) => key !== "x" && !/^\w+\.(?:output$|grad\.|merged\.|start\.|change\.|end\.)/.test(key)),
  );
}

/** LoRA that starts from the weights. */
export const fromWeights: Readonly<Record<string, string>> = {
  "pair-pissa": `pissa(rank = 3, alpha = 5) on ${linear}`,
  "pair-olora": `olora(rank = 3, alpha = 5) on ${linear}`,
  "pair-whole": `olora(rank = 18) on ${linear}`,
  "pair-mica": `mica(rank = 3, alpha = 5) on ${linear}`,
};

/** Writes a spec of a network of the fixture, and the network's weights. */
export function writeCase(
  folder: string,
  name: string,
  placed = placements[name] ?? [],
): { readonly spec: string; readonly weights: string } {
  const [network = ""] = name.split("-");
  const spec = join(folder, `${name}.vlm`);
  writeFileSync(spec, specOf(network, placed));
  const weights = join(folder, `${network}.safetensors`);
  writeTensors(weights, weightsOf(network));
  return { spec, weights };
}
