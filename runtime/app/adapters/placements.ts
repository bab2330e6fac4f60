import { type Plan, selectorsForNames } from "../../../compiler/index.ts";
import { report } from "../../../grammar/index.ts";
import {
  groupsOf,
  type OrderOf,
  orderByFile,
  type PlacedGroup,
  peftFiles,
  placeModules,
} from "../../adapters/index.ts";
import { listWords } from "../../text/index.ts";
import { compileReported } from "../compiled-spec.ts";
import { done, type Ended, problem, type Reporter, refuse, refuseBy, refused } from "../reporter.ts";
import { adapterFile } from "../weights/adapter-file.ts";
import { parameterOrder } from "../weights/parameter-order.ts";
import { libraryKinds, ownKindsOf } from "./kinds.ts";
import { readAdapterAt } from "./read.ts";

/** Names that are listed of those that a model does not have. */
const mostNames = 5;

/** The placements that an adapter was made by. */
export type AdapterPlacements =
  /** By the names of modules, where no model is named. */
  | {
      readonly kind: "modules";
      readonly groups: readonly Pick<PlacedGroup, "call" | "modules" | "wraps">[];
    }
  /** By the selectors of a model, with the library's files that the lines need, and how many modules they select: `count(text.attn.q) = 4`. */
  | {
      readonly kind: "selectors";
      readonly lines: readonly string[];
      readonly counts: readonly string[];
      readonly libraries: readonly string[];
      /** What the file does not say, for who reads the lines. */
      readonly comments: readonly string[];
    };

/** The placements that one of PEFT's folders was made by. */
export function placementsOfAdapter(
  folder: string,
  forSpec: string | null,
  reporter: Reporter,
): Ended<AdapterPlacements> {
  const file = adapterFile(folder);
  const compiled = forSpec === null ? null : compileReported({ spec: forSpec, set: [] }, reporter);
  if (forSpec !== null && compiled === null) return refused;
  const plan = compiled?.plan ?? null;
  const adapter = readAdapterAt(folder, reporter, new Map(), plan === null ? undefined : parameterOrder(plan));
  if (adapter.kind === "wrong") return refuseBy([adapter.diagnostic], reporter);
  const { config } = adapter;
  if (config.kind === "none") {
    const help = `a PEFT folder has ${peftFiles.config} and ${peftFiles.tensors}`;
    return refuse(problem(`${file} has no adapter_config.json beside it`, help), reporter);
  }
  const found = groupsOf(
    adapter,
    config.config,
    [...(forSpec === null ? [] : ownKindsOf(forSpec)), ...libraryKinds()],
    orderIn(plan),
  );
  if (found.kind === "wrong") {
    return refuseBy([report("bad-adapter-config", file, { path: file, problem: found.problem })], reporter);
  }
  const { groups, saved, unknownOrder } = found;
  if (saved.length > 0) {
    const names = saved.slice(0, mostNames).map((name) => `\`${name}\``);
    const more = saved.length - names.length;
    reporter.note(
      `trained beside the adapters, so the spec must not freeze it: ${names.join(", ")}${more > 0 ? ` and ${more} more` : ""}`,
    );
  }
  if (forSpec === null || compiled === null) {
    if (unknownOrder.size > 0) reporter.note(orderComment(unknownOrder, (name) => name).join(" "));
    return done({ kind: "modules", groups });
  }
  const own = compiled.elements.flatMap(({ instance, parameter, ofAdapter }) =>
    ofAdapter ? [] : ((instance ?? parameter)?.checkpoint ?? []),
  );
  const placed = placeModules(
    groups.flatMap(({ modules }) => modules),
    own,
  );
  if (placed.kind === "several") {
    const message = `the modules of the adapter are in the model of ${forSpec} several times`;
    return refuse(
      problem(message, `they stand behind ${placed.prefixes.map((each) => `\`${each}\``).join(", ")}`),
      reporter,
    );
  }
  const nameOf = placed.kind === "placed" ? placed.nameOf : (module: string): string => module;
  const lines: string[] = [];
  const counts: string[] = [];
  for (const { call, modules, wraps } of groups) {
    if (wraps.length > 0) {
      const on = compiled.elements.filter(
        ({ instance, ofAdapter }) => !ofAdapter && wraps.some((name) => name === instance?.declaration.name.text),
      );
      const [only, ...others] = on;
      if (only === undefined || others.length > 0) {
        const found = only === undefined ? "none" : on.map(({ path }) => `\`${path}\``).join(", ");
        const message = `\`${call}\` is of the whole model, and on one module of ${listWords(wraps, "or")}: ${forSpec} has ${found}`;
        return refuse(problem(message, "is it an adapter of this model?"), reporter);
      }
      lines.push(`${call} on ${only.path}`);
      continue;
    }
    const selectors = selectorsForNames(modules.map(nameOf), compiled.elements);
    if (selectors.kind === "unknown") {
      const named = selectors.names.slice(0, mostNames).map((name) => `\`${name}\``);
      const more = selectors.names.length - named.length;
      const list = `${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
      return refuse(
        problem(`the model of ${forSpec} has no module ${list}`, "is it an adapter of this model?"),
        reporter,
      );
    }
    lines.push(`${call} on ${selectors.text}`);
    // Expectations know no `except`.
    if (!selectors.text.includes(" except ")) counts.push(`count(${selectors.text}) = ${modules.length}`);
  }
  const libraries = [...new Set(groups.flatMap(({ library }) => library ?? []))];
  return done({ kind: "selectors", lines, counts, libraries, comments: orderComment(unknownOrder, nameOf) });
}

/** What is said of stacks of matrices of which nothing says which of their axes is which; nothing where there are none. */
function orderComment(
  unknown: ReadonlyMap<string | null, readonly string[]>,
  nameOf: (name: string) => string,
): readonly string[] {
  if (unknown.size === 0) return [];
  const help = [...unknown].map(([argument, parameters]) => {
    const named = parameters.slice(0, mostNames).map((name) => `\`${nameOf(name)}\``);
    const more = parameters.length - named.length;
    const all = `${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
    return argument === null
      ? `Look that up: the adapters of ${all} are of those that are not.`
      : `Look that up and write \`${argument} = true\` for those that are, of ${all}.`;
  });
  return [
    `PEFT's files do not say whether stacks are [..., outputs, inputs] or transposed: it asks the module (\`is_transposed\`).`,
    ...help,
  ];
}

/** The order of axes of a model's parameters, by the sizes of their adapters; of squares it is not known. */
function orderIn(plan: Plan | null): OrderOf {
  if (plan === null) return orderByFile;
  return (name, { inputs, outputs }) => {
    const found = plan.parameters.find(
      ({ checkpoint, ofAdapter }) => !ofAdapter && (checkpoint === name || checkpoint.endsWith(`.${name}`)),
    );
    const [matrices = 1, rows, columns] = found?.shape ?? [];
    if (found?.shape.length !== 3 || matrices === 1) return "outputs-first";
    if (rows === columns) return "unknown";
    return rows === inputs && columns === outputs ? "inputs-first" : "outputs-first";
  };
}
