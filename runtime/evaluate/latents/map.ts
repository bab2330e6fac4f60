import { setImmediate as letOthersRun } from "node:timers/promises";
import { at } from "../../at.ts";
import { generator } from "../../random.ts";
import { printCount } from "../../text/index.ts";
import { nearestOthers } from "./nearest.ts";
import { principalPlane } from "./principal-plane.ts";

/** Where volumes are on a map of their latents, on which near latents are near each other. */
export interface LatentMap {
  readonly kind: "map";
  /** The rows of the volumes that are on it, in ascending order: all, but where they are more than a map shows. */
  readonly rows: readonly number[];
  /** A place for each of these. */
  readonly places: readonly (readonly [x: number, y: number])[];
  /** The nearest others of each of these by latents and not by places, nearest first: positions in `rows`. */
  readonly nearest: readonly (readonly number[])[];
}

/** Hears how far a map is, and says whether to stop. */
export interface MapWatch {
  /** How many volumes have their neighbours, and then how many rounds of placing them are done, each of how many in all. */
  readonly tell: (doing: "neighbours" | "placing", done: number, total: number) => void;
  readonly isStopped: () => boolean;
}

export type MappedLatents = LatentMap | { readonly kind: "none"; readonly why: string };

/** Fewer have no neighbourhoods to keep. */
const fewest = 10;
/** Some twenty seconds of work; of more, as many are drawn. */
const usualMost = 5000;
/** As umap-learn has them by default. */
const neighbours = 15;
const nearestDistance = 0.1;
/** As both implementations have them for so few vectors. */
const epochs = 500;
const epochsAtOnce = 10;
/** How far the first places reach, as umap-learn has them. */
const reach = 10;

/**
 * Places of latents by UMAP (McInnes et al., arXiv 1802.03426), of which the neighbours are exact and by cosine, and which starts from
 * the principal components. The same latents and seed give the same places. 3,000 latents of 512 numbers take about 10 s, during which
 * signals are heard; "stopped" where the watch says so.
 */
export async function mapLatents(
  latents: readonly ArrayLike<number>[],
  seed: number,
  watch: MapWatch,
  most = usualMost,
): Promise<MappedLatents | "stopped"> {
  if (latents.length < fewest) {
    return none(`${printCount(latents.length)} ${latents.length === 1 ? "volume is" : "volumes are"} too few for one`);
  }
  const random = generator(seed);
  const rows = drawn(latents.length, most, random);
  const unit = rows.map((row) => unitOf(at(latents, row)));
  const wrong = unit.indexOf(null);
  const vectors = unit.filter((each) => each !== null);
  if (wrong >= 0) return none(`the latent of volume ${at(rows, wrong) + 1} is zero or not finite`);
  const [first] = vectors;
  if (vectors.every((each) => each.every((value, index) => value === first?.[index]))) {
    return none("all volumes have the same latent");
  }
  const hasToStop = async (...far: Parameters<MapWatch["tell"]>): Promise<boolean> => {
    watch.tell(...far);
    await letOthersRun();
    return watch.isStopped();
  };
  const near = await nearestOthers(vectors, Math.min(neighbours, vectors.length - 1) - 1, (done) =>
    hasToStop("neighbours", done, vectors.length),
  );
  if (near === "stopped") return near;
  // A bundle gives what is CommonJS as its default alone.
  const { default: library } = await import("umap-js");
  const umap = new library.UMAP({ nNeighbors: neighboursOf(near), minDist: nearestDistance, nEpochs: epochs, random });
  // A vector is the first of its own neighbours.
  umap.setPrecomputedKNN(
    near.indices.map((indices, row) => [row, ...indices]),
    near.distances.map((distances) => [0, ...distances]),
  );
  // It looks at how many there are, and at their neighbours.
  umap.initializeFit(vectors.map(() => []));
  const places = umap.getEmbedding();
  begin(places, principalPlane(vectors, random), random);
  for (let epoch = 0; epoch < epochs; epoch++) {
    umap.step();
    if (epoch % epochsAtOnce === 0 && (await hasToStop("placing", epoch, epochs))) return "stopped";
  }
  return { kind: "map", rows, places: places.map((place) => [at(place, 0), at(place, 1)]), nearest: near.indices };
}

function none(why: string): MappedLatents {
  return { kind: "none", why };
}

function neighboursOf({ indices }: { readonly indices: readonly (readonly number[])[] }): number {
  return at(indices, 0).length + 1;
}

/** All rows, or as many as a map shows (Floyd's sample). */
function drawn(count: number, most: number, random: () => number): readonly number[] {
  if (count <= most) return Array.from({ length: count }, (_, row) => row);
  const rows = new Set<number>();
  for (let last = count - most; last < count; last++) {
    const row = Math.floor(random() * (last + 1));
    rows.add(rows.has(row) ? last : row);
  }
  return [...rows].sort((a, b) => a - b);
}

function unitOf(latent: ArrayLike<number>): Float32Array | null {
  const numbers = Float64Array.from(latent);
  const length = Math.sqrt(numbers.reduce((sum, value) => sum + value * value, 0));
  return length > 0 && Number.isFinite(length) ? Float32Array.from(numbers, (value) => value / length) : null;
}

/** Puts first places into an embedding: a little beside the given ones, since equal places would stay together. */
function begin(places: readonly number[][], plane: readonly (readonly [number, number])[], random: () => number): void {
  const farthest = plane.reduce((largest, [x, y]) => Math.max(largest, Math.abs(x), Math.abs(y)), 0);
  for (const [row, place] of places.entries()) {
    const given = at(plane, row);
    for (const axis of [0, 1] as const) place[axis] = (reach * given[axis]) / farthest + 1e-3 * (random() - 0.5);
  }
}
