import { join } from "node:path";
import { at } from "../../at.ts";
import { readTable } from "../../data/index.ts";
import { toCsv } from "../../evaluate/index.ts";
import { attempt, kindOfPath, writeAtomically } from "../../files/index.ts";
import type { Result } from "../../text/index.ts";

/** How near latents of exported models are to those that they are held against. */
export interface LatentCosines {
  readonly names: readonly string[];
  /** Of each volume. */
  readonly cosines: readonly number[];
}

/** The latents of a run. */
interface Latents {
  readonly names: readonly string[];
  readonly images: readonly Float32Array[];
}

const cosinesFile = "latent-cosines.csv";

/** Cosines of the latents of volumes that both have. */
export function latentCosines(own: Latents, others: Latents): LatentCosines {
  const known = new Map(others.names.map((name, place) => [name, at(others.images, place)]));
  const found = own.names.flatMap((name, place) => {
    const other = known.get(name);
    return other === undefined ? [] : [[name, cosine(at(own.images, place), other)] as const];
  });
  return { names: found.map(([name]) => name), cosines: found.map(([, value]) => value) };
}

function cosine(a: Float32Array, b: Float32Array): number {
  let [product, squareA, squareB] = [0, 0, 0];
  for (const [place, value] of a.entries()) {
    const other = at(b, place);
    product += value * other;
    squareA += value ** 2;
    squareB += other ** 2;
  }
  return product / Math.sqrt(squareA * squareB);
}

/** `mean 0.9998713, least 0.9995121` */
export function printCosines({ cosines }: Pick<LatentCosines, "cosines">): string {
  const mean = cosines.reduce((sum, value) => sum + value, 0) / cosines.length;
  return `mean ${mean.toFixed(7)}, least ${Math.min(...cosines).toFixed(7)}`;
}

/** Writes the cosine of each volume into a folder of results. */
export function saveCosines(folder: string, { names, cosines }: LatentCosines): Result<void> {
  const path = join(folder, cosinesFile);
  const rows = names.map((name, place) => [name, String(at(cosines, place))]);
  return attempt(path, () => writeAtomically(path, toCsv([["VolumeName", "Cosine"], ...rows])));
}

/** Reads them again; null where a folder has none. */
export async function readCosines(folder: string): Promise<readonly number[] | null> {
  const path = join(folder, cosinesFile);
  if (kindOfPath(path) !== "file") return null;
  const cosines: number[] = [];
  let column = -1;
  await readTable(path, {
    wanted: ["Cosine"],
    header: (columns) => {
      column = columns.indexOf("Cosine");
      return column >= 0;
    },
    row: (cells) => {
      const value = Number(cells[column]);
      if (Number.isFinite(value)) cosines.push(value);
      return true;
    },
  });
  return cosines.length === 0 ? null : cosines;
}
