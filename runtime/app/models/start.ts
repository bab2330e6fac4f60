import { createSource, type File, nearestText, parse } from "../../../grammar/index.ts";
import type { AdapterKind } from "../../adapters/index.ts";
import { expandedSpec, openSpec } from "../../specs/index.ts";
import { kindsOf } from "../adapters/kinds.ts";
import { problem, type Reporter } from "../reporter.ts";
import { type ReferenceModel, referenceModels } from "./describe.ts";
import { rankOf } from "./placements.ts";

/** A model to start from. */
export interface StartingPoint {
  readonly model: ReferenceModel;
  /** The whole that its spec stands for. */
  readonly whole: File;
  /** The adapters that it can place and that say what they are in PEFT. */
  readonly kinds: readonly AdapterKind[];
  /** The rank of its first adapters; null where none has a rank. */
  readonly rank: number | null;
}

/** The model that is meant by a name, or by a spec's path. Null after reporting that there is none. */
export function startingPoint(wanted: string, reporter: Reporter): StartingPoint | null {
  const models = referenceModels();
  const path = wanted.replace(/\.vlm$/, "");
  const model = models.find((each) => [each.name, each.path, each.path.slice("specs/".length)].includes(path));
  if (model === undefined) {
    const near = nearestText(
      path,
      models.map(({ name }) => name),
    );
    reporter.problem(problem(`no model is named \`${wanted}\``, near ?? "`medctc models` lists what there is"));
    return null;
  }
  const opened = openSpec(model.file);
  if (opened.kind === "unread") {
    reporter.diagnostics([opened.diagnostic]);
    return null;
  }
  const { source, diagnostics } = expandedSpec(opened, []);
  reporter.diagnostics(diagnostics);
  if (source === null) return null;
  const whole = parse(createSource(model.file, source.text)).file;
  const kinds = kindsOf(model.file);
  return { model, whole, kinds, rank: rankOf(whole, kinds) };
}
