import { statSync } from "node:fs";
import { join } from "node:path";
import type { Place } from "../../../../compiler/index.ts";
import { type OnnxFiles, withComputedOnce, writeOnnx } from "../../../backends/onnx/index.ts";
import { kindOfPath, sha256Of } from "../../../files/index.ts";
import { version } from "../../../machine/index.ts";
import { expandedSpec, openSpec } from "../../../specs/index.ts";
import type { Problem } from "../../../text/index.ts";
import type { WeightPieces } from "../../../weights/index.ts";
import type { SpecRequest } from "../../compiled-spec.ts";
import { type Refused, type Reporter, refuse, refuseBy, reportRemark } from "../../reporter.ts";
import { fileIdentity } from "../../train/identity.ts";
import { exportedContract } from "../../weights/contract-agreement.ts";
import { remarkOn } from "../../weights/first-values.ts";
import { type GivenWeights, openWeights } from "../../weights/open.ts";
import type { EmittedPrograms, ProgramForm } from "../emit-programs.ts";
import { bytesIn, bytesOf, differingWeights, type StoredBytes } from "./base-weights.ts";
import { describeBase, graphHash } from "./describe-base.ts";
import type { Manifest, ServedFile } from "./manifest.ts";
import { fileOf } from "./write-adapter.ts";

/** A base that is to be written, or is there. */
export interface BaseRequest extends SpecRequest, ProgramForm, Omit<GivenWeights, "adapter"> {
  readonly emitted: EmittedPrograms;
  /** What adapters give it: paths and shapes. */
  readonly served: ReadonlyMap<string, readonly number[]>;
  readonly files: OnnxFiles;
  readonly places: ReadonlyMap<string, Place>;
}

export interface OpenBase {
  readonly kind: "base";
  readonly stored: StoredBytes;
  /** First values of what adapters give, which change nothing; null where the folder has them. */
  readonly first: WeightPieces | null;
  /** Writes the base if it is new, and gives what is known of it and of the adapters that it has. Throws what the file system says. */
  readonly manifest: (reporter: Reporter) => Promise<Manifest>;
  readonly close: () => void;
}

/** A base from the model's weights. */
export function newBase(request: BaseRequest, reporter: Reporter): OpenBase | Refused {
  const { emitted, places } = request;
  const weights = openWeights([...emitted.programs.values()], emitted.compiled, { ...request, adapter: null });
  if (weights.kind === "wrong") return refuseBy(weights.diagnostics, reporter);
  for (const note of weights.notes) reporter.note(note);
  // That adapters have their first values is what the base is.
  const remark = weights.firstValues.model.first === 0 ? null : remarkOn(weights.firstValues, weights.origin, "export");
  if (remark !== null) reportRemark(remark, reporter);
  return {
    kind: "base",
    stored: bytesOf(places, weights.piecesOf),
    first: weights.piecesOf,
    manifest: (hears) => writeBase(request, weights.piecesOf, hears),
    close: weights.close,
  };
}

async function writeBase(request: BaseRequest, ownPieces: WeightPieces, reporter: Reporter): Promise<Manifest> {
  const { spec: path, set, emitted, served, files, places, half, batch } = request;
  const { compiled, models, programs } = emitted;
  const opened = openSpec(path);
  const spec = opened.kind === "spec" ? (expandedSpec(opened, set).source?.text ?? "") : "";
  reporter.progress("computing values that depend on weights alone");
  const piecesOf = await withComputedOnce(programs.values(), ownPieces);
  const placements = compiled.plan.placements.map((placement) => placement.text);
  const about = { spec, version, placements, contract: exportedContract(compiled.spec, null) };
  writeOnnx(models, files, piecesOf, about, (file) => reporter.progress(`writing ${file}`));
  reporter.progress("hashing the base");
  const written = {
    weights: fileOf(files.folder, files.frozen),
    programs: new Map([...models.keys()].map((name) => [name, fileOf(files.folder, files.model(name))])),
  };
  const settings = { spec_sha256: sha256Of(spec), half, batch: batch ?? compiled.plan.batch };
  return describeBase(emitted, served, places, written, settings);
}

/** The base of a folder, if it computes what the spec says, of the weights if they are given. */
export function keepBase(request: BaseRequest, kept: Manifest, reporter: Reporter): OpenBase | Refused {
  const { emitted, places, files, weights: path } = request;
  const stored = bytesIn(places, files.folder);
  const found = otherProgram(request, kept) ?? changedFile(files.folder, kept);
  if (found !== null) return refuse(found, reporter);
  if (path !== null) {
    const weights = openWeights([...emitted.programs.values()], emitted.compiled, { ...request, adapter: null });
    if (weights.kind === "wrong") return refuseBy(weights.diagnostics, reporter);
    const parameters = new Set(emitted.compiled.spec.parameters.map((each) => each.path));
    const own = [...places.keys()].filter((name) => parameters.has(name));
    const [first, ...others] = differingWeights(own, bytesOf(places, weights.piecesOf), stored);
    weights.close();
    if (first !== undefined) {
      const also = others.length === 0 ? "" : ` and ${others.length} more`;
      const message = `these are not the weights of the base in ${files.folder}: \`${first}\`${also} differ`;
      return refuse({ subject: path, message, help: "leave out --keep-base to write it anew" }, reporter);
    }
  }
  return { kind: "base", stored, first: null, manifest: () => Promise.resolve(kept), close: () => undefined };
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
