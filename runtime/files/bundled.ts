import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** A bundled file: beside the bundle's chunks, or in dist/ where the sources themselves are run, as tests do. */
export function bundledFile(name: string): string {
  const places = [`./${name}`, `../${name}`, `../../dist/${name}`];
  const files = places.map((place) => fileURLToPath(new URL(place, import.meta.url)));
  const found = files.find((file) => existsSync(file));
  if (found === undefined) throw new Error(`dist/${name} is missing; run npm run build`);
  return found;
}
