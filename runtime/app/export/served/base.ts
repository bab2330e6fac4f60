import { statSync } from "node:fs";
import { join } from "node:path";
import { type Place, placeWeights } from "../../../../compiler/index.ts";
import {
  type IntegerWeights,
  measureIntegers,
  type OnnxFiles,
  withComputedOnce,
  withIntegers,
  withIntegersAlong,
  writeOnnx,
} from "../../../backends/onnx/index.ts";
import { kindOfPath, sha256Of } from "../../../files/index.ts";
import { version } from "../../../machine/index.ts";
import { expandedSpec, openSpec } from "../../../specs/index.ts";
import type { Problem } from "../../../text/index.ts";
import type { WeightPieces } from "../../../weights/index.ts";
import type { SpecRequest } from "../../compiled-spec.ts";
import { problem, type Refused, type Reporter, refuse, refuseBy, reportRemark } from "../../reporter.ts";
import { fileIdentity } from "../../train/identity.ts";
import { exportedContract } from "../../weights/contract-agreement.ts";
import { remarkOn } from "../../weights/first-values.ts";
import { type GivenWeights, openWeights } from "../../weights/open.ts";
import { type EmitRequest, type EmittedPrograms, emitPrograms, type ProgramForm } from "../emit-programs.ts";
import { productsInSingle } from "../onnx.ts";
import { bytesIn, bytesOf, differingWeights, type StoredBytes } from "./base-weights.ts";
import { describeBase, graphHash } from "./describe-base.ts";
import type { Manifest, ServedFile } from "./manifest.ts";
import type { ServedTypes } from "./served-types.ts";
import { fileOf } from "./write-adapter.ts";

/** A base that is to be written, or is there. */
export interface BaseRequest extends SpecRequest, ProgramForm, Omit<GivenWeights, "adapter"> {
  readonly asked: EmitRequest;
  readonly emitted: EmittedPrograms;
  /** What adapters give it: paths and types. */
  readonly served: ServedTypes;
  /** Weights of products and tables as 8-bit integers. */
  readonly int8: boolean;
  /** Ranks of placed adapters above the spec's, by their names. */
  readonly raisedRanks: ReadonlyMap<string, number>;
  readonly files: OnnxFiles;
  readonly places: ReadonlyMap<string, Place>;
}

export interface OpenBase {
  readonly kind: "base";
  /** What was asked for, with the programs as they are written in 16 bits. */
  readonly request: BaseRequest;
  readonly stored: StoredBytes;
  /** Weights in the form in which they are stored. */
  readonly asStored: (piecesOf: WeightPieces) => WeightPieces;
  /** What became of each weight in 8 bits; null without these, and where that was decided before. */
  readonly integers: IntegerWeights | null;
  /** First values of what adapters give; null where the folder has them. */
  readonly first: WeightPieces | null;
  /** Writes the base if it is new, and gives what is known of it and of the adapters that it has. Throws what the file system says. */
  readonly manifest: (reporter: Reporter) => Manifest;
  readonly close: () => void;
}

/** Where weights are in the files of a base. */
export function placesOf({ models }: EmittedPrograms, files: OnnxFiles): ReadonlyMap<string, Place> {
  return placeWeights(
    [...models.values()].flatMap((model) => model.weights),
    files,
  );
}

/** A base from the model's weights. */
export async function newBase(asked: BaseRequest, reporter: Reporter): Promise<OpenBase | Refused> {
  const { emitted } = asked;
  const weights = openWeights([...emitted.programs.values()], emitted.compiled, { ...asked, adapter: null });
  if (weights.kind === "wrong") return refuseBy(weights.diagnostics, reporter);
  for (const note of weights.notes) reporter.note(note);
  // That adapters have their first values is what the base is.
  const remark = weights.firstValues.model.first === 0 ? null : remarkOn(weights.firstValues, weights.origin, "export");
  if (remark !== null) reportRemark(remark, reporter);
  const inFloats = asked.half ? await inHalf(asked, weights.piecesOf, reporter) : asked;
  if ("kind" in inFloats) {
    weights.close();
    return inFloats;
  }
  reporter.progress("computing values that depend on weights alone");
  const piecesOf = await withComputedOnce(inFloats.emitted.programs.values(), weights.piecesOf);
  const integers = asked.int8 ? measured(inFloats, piecesOf, reporter) : null;
  const axes = new Map(integers?.integers.map(({ path, axis }) => [path, axis]));
  const request = inIntegers(inFloats, axes);
  const asStored = storedAlong(request, axes);
  const inFile = integers === null ? piecesOf : withIntegers(integers.integers, piecesOf);
  return {
    kind: "base",
    request,
    stored: bytesOf(request.places, asStored(weights.piecesOf)),
    asStored,
    integers,
    first: weights.piecesOf,
    manifest: (hears) => writeBase(request, inFile, axes, hears),
    close: weights.close,
  };
}

/** Which weights are stored in 8 bits; what adapters give is not stored in a base. */
function measured({ emitted, served }: BaseRequest, piecesOf: WeightPieces, reporter: Reporter): IntegerWeights {
  reporter.progress("measuring weights");
  const { integers, left } = measureIntegers([...emitted.programs.values()], emitted.trainable, piecesOf);
  return { integers, left: left.filter(({ path }) => !served.has(path)) };
}

function inIntegers(request: BaseRequest, axes: ReadonlyMap<string, number>): BaseRequest {
  if (axes.size === 0) return request;
  const emitted = { ...request.emitted, models: request.emitted.withIntegers(axes) };
  return { ...request, emitted, places: placesOf(emitted, request.files) };
}

function storedAlong({ emitted }: BaseRequest, axes: ReadonlyMap<string, number>): OpenBase["asStored"] {
  const weights = [...emitted.models.values()].flatMap((model) => model.weights);
  const shapes = new Map(weights.map(({ name, type }) => [name, type.shape]));
  return (piecesOf) => (axes.size === 0 ? piecesOf : withIntegersAlong(axes, shapes, piecesOf));
}

/** The same programs with the products in 32 bits that 16 bits have no room for, measured without an adapter. */
async function inHalf(
  request: BaseRequest,
  piecesOf: WeightPieces,
  reporter: Reporter,
): Promise<BaseRequest | Refused> {
  reporter.progress("measuring which products 16 bits have room for");
  const names = request.asked.wanted.filter((name) => request.emitted.programs.has(name));
  const inSingle = await productsInSingle(request.asked, names, piecesOf, reporter);
  if (inSingle === null) {
    const message = "what 16 bits have room for cannot be measured for any batch size";
    return refuse(problem(message, "set one with --batch"), reporter);
  }
  if ([...inSingle.values()].every(({ size }) => size === 0)) return request;
  const asked = { ...request.asked, inSingle };
  const emitted = emitPrograms(asked, reporter);
  return emitted.kind === "refused"
    ? emitted
    : { ...request, asked, emitted, places: placesOf(emitted, request.files) };
}

function writeBase(
  request: BaseRequest,
  piecesOf: WeightPieces,
  axes: ReadonlyMap<string, number>,
  reporter: Reporter,
): Manifest {
  const { spec: path, set, asked, emitted, served, files, places, half, batch } = request;
  const { compiled, models } = emitted;
  const opened = openSpec(path);
  const spec = opened.kind === "spec" ? (expandedSpec(opened, set).source?.text ?? "") : "";
  const placements = compiled.plan.placements.map((placement) => placement.text);
  const about = { spec, version, placements, contract: exportedContract(compiled.spec, null) };
  writeOnnx(models, files, piecesOf, about, (file) => reporter.progress(`writing ${file}`));
  reporter.progress("hashing the base");
  const written = {
    weights: fileOf(files.folder, files.frozen),
    programs: new Map([...models.keys()].map((name) => [name, fileOf(files.folder, files.model(name))])),
  };
  const singles = [...(asked.inSingle ?? [])].map(([name, found]): [string, number[]] => [name, [...found]]);
  const settings = {
    ...{ spec_sha256: sha256Of(spec), half, in_single: Object.fromEntries(singles) },
    batch: batch ?? compiled.plan.batch,
    ...{ integers: Object.fromEntries(axes), raised_ranks: Object.fromEntries(request.raisedRanks) },
  };
  return describeBase(emitted, served, places, written, settings);
}

/** The base of a folder, if it computes what the spec says, of the weights if they are given. */
export function keepBase(inFloats: BaseRequest, kept: Manifest, reporter: Reporter): OpenBase | Refused {
  const axes = new Map(Object.entries(kept.integers));
  const request = inIntegers(inFloats, axes);
  const asStored = storedAlong(request, axes);
  const { emitted, places, files, weights: path } = request;
  const stored = bytesIn(places, files.folder);
  const found = otherProgram(request, kept) ?? changedFile(files.folder, kept);
  if (found !== null) return refuse(found, reporter);
  if (path !== null) {
    const weights = openWeights([...emitted.programs.values()], emitted.compiled, { ...request, adapter: null });
    if (weights.kind === "wrong") return refuseBy(weights.diagnostics, reporter);
    const parameters = new Set(emitted.compiled.spec.parameters.map((each) => each.path));
    const own = [...places.keys()].filter((name) => parameters.has(name));
    const [first, ...others] = differingWeights(own, bytesOf(places, asStored(weights.piecesOf)), stored);
    weights.close();
    if (first !== undefined) {
      const also = others.length === 0 ? "" : ` and ${others.length} more`;
      const message = `these are not the weights of the base in ${files.folder}: \`${first}\`${also} differ`;
      return refuse({ subject: path, message, help: "leave out --keep-base to write it anew" }, reporter);
    }
  }
  const asItIs = { integers: null, first: null, manifest: () => kept, close: () => undefined };
  return { kind: "base", request, stored, asStored, ...asItIs };
}

/** A program that the spec has otherwise now: with another alpha, say, an adapter would fit it and mean something else. */
function otherProgram({ emitted, places, files }: BaseRequest, kept: Manifest): Problem | null {
  const changed = Object.keys(kept.base.programs).find((name) => {
    const model = emitted.models.get(name);
    return model === undefined || graphHash(name, model, places) !== kept.base.programs[name]?.graph_sha256;
  });
  if (changed === undefined) return null;
  const other = kept.medctc === version ? "" : `, or by medctc ${kept.medctc}`;
  const message = `its ${changed} was exported from a model with another graph${other}`;
  return { subject: files.folder, message, help: "leave out --keep-base to write the base anew" };
}

function changedFile(folder: string, { base: { weights, programs } }: Manifest): Problem | null {
  const isAsListed = ({ file, bytes }: ServedFile): boolean =>
    kindOfPath(join(folder, file)) === "file" && statSync(join(folder, file)).size === bytes;
  const listed = Object.values(programs);
  const other =
    [weights, ...listed].find((each) => !isAsListed(each)) ??
    listed.find(({ file, sha256 }) => fileIdentity(join(folder, file)) !== sha256);
  if (other === undefined) return null;
  const help = "leave out --keep-base to write the base anew";
  return { subject: join(folder, other.file), message: "it is not the file that adapters.json lists", help };
}
