import { basename, resolve } from "node:path";
import { type DataSettings, defaultData } from "../../../compiler/index.ts";
import { drawPlanes, type Example, openDataset, preprocessVolume, unpack, unstatedMetadata } from "../../data/index.ts";
import { attempt, encodePng, writeAtomically } from "../../files/index.ts";
import { failed, ok, type Result } from "../../text/index.ts";
import { compileReported } from "../compiled-spec.ts";
import { done, type Ended, type Reporter, refuse, refused } from "../reporter.ts";
import { settleData } from "./contract.ts";

export interface DataShowRequest {
  /** A NIfTI file or a folder of DICOM slices. */
  readonly volume: string;
  /** A spec whose `data` block says how it is preprocessed; null for CT-CLIP's own preprocessing. */
  readonly spec: string | null;
  /** Assignments that hold instead of what it says. */
  readonly set: readonly string[];
  /** A data set with the volume's metadata; null takes what the volume's own files say. */
  readonly data: string | null;
  readonly output: string;
}

/** What was drawn. */
export interface DataShow {
  /** Of the network's input. */
  readonly size: DataSettings["size"];
  readonly width: number;
  readonly height: number;
  readonly lowest: number;
  readonly highest: number;
}

/** Draws the middle slices of a volume as the network sees them. */
export async function showVolume(request: DataShowRequest, reporter: Reporter): Promise<Ended<DataShow>> {
  const { spec, data, output } = request;
  const compiled = spec === null ? null : compileReported({ spec, set: request.set }, reporter);
  if (spec !== null && compiled === null) return refused;
  const settings = compiled?.spec.data ?? defaultData;
  const found =
    data === null
      ? ok({ file: request.volume, metadata: unstatedMetadata, units: "stored" } as const)
      : await listedVolume(request.volume, data, settings, reporter);
  if (found === null) return refused;
  if (found.kind === "failed") return refuse(found.problem, reporter);
  const { file, metadata, units } = found.value;
  if (metadata === null) {
    const help = "draw the volume that it was made of";
    return refuse(
      { subject: file, message: "it was preprocessed before, and has no slices of its own", help },
      reporter,
    );
  }
  const packed = await preprocessVolume(file, metadata, { ...settings, units });
  if (packed.kind === "failed") return refuse(packed.problem, reporter);
  const values = unpack(packed.value, settings.size, settings);
  const picture = drawPlanes(values, settings.size, settings.range);
  const written = attempt(output, () => writeAtomically(output, encodePng(picture)));
  if (written.kind === "failed") return refuse(written.problem, reporter);
  const lowest = values.reduce((a, b) => Math.min(a, b));
  const highest = values.reduce((a, b) => Math.max(a, b));
  return done({ size: settings.size, width: picture.width, height: picture.height, lowest, highest });
}

/** A volume, and what its values are. */
type ShownVolume = Pick<Example, "file" | "metadata"> & Pick<DataSettings, "units">;

/** A volume of a data set, by its name or its path. */
async function listedVolume(
  volume: string,
  data: string,
  settings: DataSettings,
  reporter: Reporter,
): Promise<Result<ShownVolume> | null> {
  const needs = { files: [null], texts: [], labels: null, split: "all" } as const;
  const dataset = await openDataset(data, settings, needs);
  const { examples, problems } = dataset;
  const found = examples.find(({ name, file }) => name === volume || resolve(file) === resolve(volume));
  if (found !== undefined) {
    const volumeInput = { kind: "volume", name: "", file: 0, shape: [1, ...settings.size] } as const;
    const settled = await settleData(settings, [dataset], { inputs: [volumeInput] }, true, reporter);
    return settled === null ? null : ok({ ...found, units: settled.settings.units });
  }
  const own = problems.find(({ subject }) => basename(subject) === volume || resolve(subject) === resolve(volume));
  const missing = {
    subject: data,
    message: `it contains no volume \`${volume}\` with metadata`,
    help: `\`medctc data check ${data}\` lists what is missing`,
  };
  return failed(own ?? (examples.length === 0 ? problems[0] : undefined) ?? missing);
}
