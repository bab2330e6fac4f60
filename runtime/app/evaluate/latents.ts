import { mkdirSync } from "node:fs";
import { dirname, extname } from "node:path";
import { contractKey } from "../../data/index.ts";
import {
  type EncodedVolumes,
  type KeptLatents,
  latentsToParquet,
  latentsToSafetensors,
  type MapWatch,
  mapLatents,
} from "../../evaluate/index.ts";
import { attempt, sha256Of, writeAtomically } from "../../files/index.ts";
import { version } from "../../machine/index.ts";
import type { LatentsReport } from "../../report/index.ts";
import { ok, type Result } from "../../text/index.ts";
import { fileIdentity } from "../train/identity.ts";
import { adapterFile } from "../weights/adapter-file.ts";

/** What can be written, by the endings of files. */
const formats: Readonly<Record<string, (kept: KeptLatents) => Uint8Array | Promise<Uint8Array>>> = {
  ".safetensors": latentsToSafetensors,
  ".parquet": latentsToParquet,
};

/** Endings of files that latents are written into. */
export const latentsEndings: readonly string[] = Object.keys(formats);

/** What latents are of. */
export interface LatentsOrigin {
  /** The text of the spec, with those of the files that it imports. */
  readonly spec: string;
  /** What the network takes, as adapters record it. */
  readonly contract: string;
  /** Paths as they were given. */
  readonly weights: string | null;
  readonly adapter: string | null;
}

/**
 * Writes latents into a file, as its ending says, with what they are of; gives its path. Of several runs each has a file of its own, whose
 * name has the run's label behind it.
 */
export async function saveLatents(
  file: string,
  label: string | null,
  volumes: EncodedVolumes,
  origin: LatentsOrigin,
): Promise<Result<string>> {
  const { images } = volumes;
  const ending = extname(file);
  const write = formats[ending];
  if (write === undefined || images === null)
    throw new Error("invariant: --latents was looked at before volumes were encoded");
  const path = label === null ? file : `${file.slice(0, -ending.length)}-${label}${ending}`;
  const content = await write({ ...volumes, images, about: aboutOf(origin) });
  const saved = attempt(path, () => {
    mkdirSync(dirname(path), { recursive: true });
    writeAtomically(path, content);
  });
  return saved.kind === "failed" ? saved : ok(path);
}

function aboutOf({ spec, contract, weights, adapter }: LatentsOrigin): ReadonlyMap<string, string> {
  return new Map([
    ["medctc.version", version],
    ["medctc.spec_sha256", sha256Of(spec)],
    [contractKey, contract],
    ...(weights === null ? [] : [["medctc.weights", weights] as const]),
    ...(adapter === null
      ? []
      : ([
          ["medctc.adapter", adapter],
          ["medctc.adapter_sha256", fileIdentity(adapterFile(adapter))],
        ] as const)),
  ]);
}

/** A map of the latents of volumes, for a report, which goes without one where it is stopped; null where no latents are known. */
export async function mapOf(
  { images, names, classes, labels }: EncodedVolumes,
  watch: MapWatch,
): Promise<LatentsReport | null> {
  if (images === null) return null;
  const mapped = await mapLatents(images, mapSeed, watch);
  return { mapped: mapped === "stopped" ? stopped : mapped, names, classes, labels };
}

const stopped = { kind: "none", why: "the evaluation was stopped before it was whole" } as const;

/** Of all maps, so that the same latents are in the same places on every page. */
const mapSeed = 0;
