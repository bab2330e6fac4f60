import { basename, resolve } from "node:path";
import { type DataSettings, defaultData, type TracedSpec } from "../../../compiler/index.ts";
import {
  bindInputs,
  drawPlanes,
  type Example,
  encodePng,
  openDataset,
  plainVolume,
  preprocessVolume,
  type StoredFile,
  storedPath,
  unpack,
  unstatedMetadata,
  type VolumeInput,
} from "../../data/index.ts";
import { attempt, writeAtomically } from "../../files/index.ts";
import { failed, ok, type Result } from "../../text/index.ts";
import { compileReported } from "../compiled-spec.ts";
import { overwriting } from "../overwriting.ts";
import { done, type Ended, problem, type Reporter, refuse, refused } from "../reporter.ts";
import { settleData } from "./contract.ts";

export interface DataShowRequest {
  /** A NIfTI file or a folder of DICOM slices. */
  readonly volume: string;
  /** A spec that says how it is preprocessed; null for CT-CLIP's own preprocessing. */
  readonly spec: string | null;
  /** The model's input that it is taken for; null for the first of volumes. */
  readonly input: string | null;
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
  const { spec, input, data, output } = request;
  const compiled = spec === null ? null : compileReported({ spec, set: request.set }, reporter);
  if (spec !== null && compiled === null) return refused;
  const taken = shownInput(compiled?.spec ?? null, input);
  if (taken.kind === "failed") return refuse(taken.problem, reporter);
  const { settings } = taken.value.volume;
  const found =
    data === null
      ? ok({ file: request.volume, metadata: unstatedMetadata, units: "stored" } as const)
      : await listedVolume(request.volume, data, compiled?.spec.data ?? defaultData, taken.value, reporter);
  if (found === null) return refused;
  if (found.kind === "failed") return refuse(found.problem, reporter);
  const { file, metadata, units } = found.value;
  const over = overwriting([output], [storedPath(file), spec]);
  if (over !== null) return refuse(over, reporter);
  if (metadata === null) {
    const help = "draw the volume that it was made of";
    return refuse(
      { subject: storedPath(file), message: "it was preprocessed before, and has no slices of its own", help },
      reporter,
    );
  }
  const packed = await preprocessVolume(file, metadata, { ...settings, units });
  if (packed.kind === "failed") return refuse(packed.problem, reporter);
  const values = unpack(packed.value, settings);
  const picture = drawPlanes(values, settings.size, settings.range);
  const written = attempt(output, () => writeAtomically(output, encodePng(picture)));
  if (written.kind === "failed") return refuse(written.problem, reporter);
  const lowest = values.reduce((a, b) => Math.min(a, b));
  const highest = values.reduce((a, b) => Math.max(a, b));
  return done({ size: settings.size, width: picture.width, height: picture.height, lowest, highest });
}

/** An input of a model that takes volumes, and the column that has them. */
interface ShownInput {
  readonly volume: VolumeInput;
  readonly column: string | null;
}

/** The input of a name, or the first that takes volumes; where no model says how, they are prepared as the `data` block says. */
function shownInput(spec: TracedSpec | null, name: string | null): Result<ShownInput> {
  const bound = spec === null ? null : bindInputs(spec);
  const inputs = bound?.kind === "ok" ? bound.value : null;
  const volumes = (inputs?.inputs ?? []).filter((each) => each.kind === "volume");
  const volume = volumes.find((each) => name === null || each.name === name);
  if (volume !== undefined) return ok({ volume, column: inputs?.needs.files[volume.file] ?? null });
  if (name !== null) {
    const known = volumes.map((each) => `\`${each.name}\``);
    const help = known.length === 0 ? "add --spec FILE" : `its inputs of volumes are ${known.join(", ")}`;
    return failed(problem(`the spec has no input \`${name}\` that takes volumes`, help));
  }
  return ok({ volume: plainVolume(spec?.data ?? defaultData), column: null });
}

/** A volume, and what its values are. */
type ShownVolume = Pick<Example, "metadata"> & Pick<DataSettings, "units"> & { readonly file: StoredFile };

/** A volume of a data set, by its name or its path. */
async function listedVolume(
  volume: string,
  data: string,
  settings: DataSettings,
  { volume: input, column }: ShownInput,
  reporter: Reporter,
): Promise<Result<ShownVolume> | null> {
  const needs = { files: [column], texts: [], labels: null, split: "all" } as const;
  const dataset = await openDataset(data, settings, needs);
  const { examples, problems } = dataset;
  const found = examples.find(({ name, file }) => name === volume || resolve(file) === resolve(volume));
  if (found !== undefined) {
    const settled = await settleData(settings, [dataset], { inputs: [{ ...input, file: 0 }], needs }, true, reporter);
    const [volumes] = settled?.inputs.inputs ?? [];
    if (volumes?.kind !== "volume") return null;
    const { files, file, metadata } = found;
    return ok({ file: files[0] ?? file, metadata, units: volumes.settings.units });
  }
  const own = problems.find(({ subject }) => basename(subject) === volume || resolve(subject) === resolve(volume));
  const missing = {
    subject: data,
    message: `it contains no volume \`${volume}\` with metadata`,
    help: `\`medctc data check ${data}\` lists what is missing`,
  };
  return failed(own ?? (examples.length === 0 ? problems[0] : undefined) ?? missing);
}
