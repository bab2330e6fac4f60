import type { EvalSettings, ResampleBy, TracedSpec } from "../../../compiler/index.ts";
import { at } from "../../at.ts";
import { originOf } from "../../data/index.ts";
import { type Groups, groupBy } from "../../evaluate/index.ts";
import { failed, ok, type Result } from "../../text/index.ts";
import type { Reporter } from "../reporter.ts";

/** An example by its name; where a column tells groups, its text is the last. */
export interface NamedExample {
  readonly name: string;
  readonly texts: readonly string[];
}

/** The column of texts that groups are told by, where there is one; behind all other texts that are needed. */
export function groupColumns({ resampleBy }: EvalSettings): readonly (readonly string[])[] {
  return resampleBy.kind === "column" ? [[resampleBy.name]] : [];
}

/** Which examples are drawn together for intervals; a problem where their names do not say it and the spec asks for it. */
export function groupsOf(resampleBy: ResampleBy, examples: readonly NamedExample[]): Result<Groups> {
  if (resampleBy.kind === "column") {
    return ok(
      groupBy(
        resampleBy.name,
        examples.map(({ texts }) => at(texts, texts.length - 1)),
      ),
    );
  }
  return groupsByName(
    resampleBy.kind,
    examples.map(({ name }) => name),
  );
}

/** Which examples are of one patient, also where intervals are by scan or by volume: as a column says, or else as names do. */
export function patientsOf(resampleBy: ResampleBy, examples: readonly NamedExample[], groups: Groups): Groups {
  if (resampleBy.kind === "column") return groups;
  const known = groupsByName(
    "known",
    examples.map(({ name }) => name),
  );
  return known.kind === "ok" ? known.value : groups;
}

/** The same for what has names alone. */
export function groupsByName(kind: Exclude<ResampleBy["kind"], "column">, names: readonly string[]): Result<Groups> {
  if (kind === "volume") return ok(groupBy("volume", names));
  const origins = names.map(originOf);
  const unknown = origins.indexOf(null);
  const by = kind === "known" ? "patient" : kind;
  if (unknown < 0)
    return ok(
      groupBy(
        by,
        origins.flatMap((origin) => origin?.[by] ?? []),
      ),
    );
  if (kind === "known") return ok(groupBy("volume", names));
  return failed({
    subject: at(names, unknown),
    message: `its name does not say which ${kind} it belongs to, and intervals are to be by ${kind}`,
    help: 'names of CT-RATE do, such as train_1_a_2; otherwise set `resample_by = "COLUMN"` in the `eval` block, or `volume`',
  });
}

/** Whether it is known which examples of a data set are drawn together, after reporting why not. */
export function areGroupsKnown(
  { evaluation }: Pick<TracedSpec, "evaluation">,
  { examples }: { readonly examples: readonly NamedExample[] },
  reporter: Pick<Reporter, "problem">,
): boolean {
  const groups = groupsOf(evaluation.resampleBy, examples);
  if (groups.kind === "failed") reporter.problem(groups.problem);
  return groups.kind === "ok";
}
