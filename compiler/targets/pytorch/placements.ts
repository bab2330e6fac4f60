import type { Argument, Placement } from "../../../grammar/index.ts";
import { printPlacement } from "../../../grammar/index.ts";
import { isModule, type ModuleInstance, type ParameterInstance } from "../../elaborate/index.ts";
import { parametersIn } from "../../ir/index.ts";
import type { TracedSpec, WrittenModel } from "../../programs/index.ts";
import { hashComment } from "./comments.ts";
import { literal } from "./literals.ts";
import { variableName } from "./names.ts";
import { type PathStep, type Paths, patternsFor, patternsOfModules } from "./paths.ts";
import { indented, layOut, type Python, type PythonArgument, printPython, text, word } from "./python.ts";
import { refuse } from "./refusal.ts";
import { sharedNames, sharingOf } from "./shared.ts";
import { isOfPlacement } from "./signature.ts";
import type { Translator } from "./translate.ts";

/** Puts adapters around what they adapt, placement by placement. */
export function writePlacements(
  { placed, components }: WrittenModel,
  { plain, parameters }: Paths,
  translator: Translator,
): readonly string[] {
  refuseComputed([...parameters.keys()]);
  const names = sharedNames(components);
  const order = new Map([...plain.keys()].map((each, index) => [each, index]));
  return placed.flatMap(({ placement, adapters }): readonly string[] => {
    const made = adapters.map(({ base, adapter }): Wrapped => {
      const around = adapterAround(placement, adapter.instance, names, translator);
      const callee = isModule(base) ? "ops.adapt" : "ops.adapt_parameters";
      // Parameters that have an adapter already come last in a module, so that only one call for each keeps their order.
      const place = isModule(base) ? (order.get(base) ?? 0) : 0;
      const wrapped = `${callee} ${printPython(around)}`;
      return { callee, around, wrapped, base: plain.get(base) ?? [], order: place };
    });
    const groups = translator.place.declarations.readsPlaced ? inTheirOrder(made) : byWords(made);
    return [
      ...hashComment(2, [printPlacement(placement)]),
      ...groups.flatMap((group) => {
        const patterns = patternsOfModules(group.map(({ base }) => base));
        return patternCall(group[0]?.callee ?? "", patterns, group[0]?.around ?? null);
      }),
    ];
  });
}

/** An adapter in Python, where it stands, and the place of that among all modules. */
interface Wrapped {
  /** The function that puts it there. */
  readonly callee: string;
  readonly around: Python;
  /** Both in words, by which equal ones are told. */
  readonly wrapped: string;
  readonly base: readonly PathStep[];
  readonly order: number;
}

/** First values follow from parameters as they are, which nothing in a package reads beside their parametrizations. */
function refuseComputed(parameters: readonly ParameterInstance[]): void {
  const adapted = new Set(parameters.flatMap(({ path, adapters }) => (adapters.length > 0 ? [path] : [])));
  for (const { initial, span } of parameters)
    if (initial.kind === "computed" && parametersIn(initial.node).some((path) => adapted.has(path)))
      refuse("a package has no first values that follow from a parameter with an adapter", span);
}

function byWords(made: readonly Wrapped[]): readonly (readonly Wrapped[])[] {
  const groups = new Map<string, Wrapped[]>();
  for (const each of made) groups.set(each.wrapped, [...(groups.get(each.wrapped) ?? []), each]);
  return [...groups.values()];
}

/** As `byWords`, but so that adapters are placed one after the other: `ops.adapt` takes modules in the order of the model. */
function inTheirOrder(made: readonly Wrapped[]): readonly (readonly Wrapped[])[] {
  const groups: Wrapped[][] = [];
  for (const each of made) {
    const last = groups.at(-1)?.at(-1);
    if (last !== undefined && last.wrapped === each.wrapped && last.order < each.order) groups.at(-1)?.push(each);
    else groups.push([each]);
  }
  return groups;
}

/** An adapter around `base`; what differs by layer is there by its value. */
function adapterAround(
  { adapter }: Placement,
  instance: ModuleInstance,
  names: ReturnType<typeof sharedNames>,
  translator: Translator,
): Python {
  const { declaration, environment } = instance;
  const { parameters } = declaration;
  const isByLayer = ({ value }: Argument): boolean => translator.place.declarations.facts.isAll(value, "arrow");
  const given = adapter.arguments.map((each, index) =>
    each.name === null ? { ...each, name: parameters[index]?.name ?? null } : each,
  );
  const byPlacement = parameters.filter(
    ({ name, default: fallback }) =>
      fallback !== null && isOfPlacement(fallback) && !given.some((each) => each.name?.text === name.text),
  );
  const hasLayers = given.some(isByLayer);
  const fixed = hasLayers ? given.filter((each) => !isByLayer(each)) : adapter.arguments;
  const byLayer = [...given.filter(isByLayer), ...byPlacement].map(({ name, span }): PythonArgument => {
    const value = literal(environment.lookup(name?.text ?? "") ?? null);
    return {
      name: variableName(name?.text ?? ""),
      value: value ?? refuse("this argument of an adapter is not a plain value", span),
    };
  });
  const isNamed = translator.place.declarations.facts.of(adapter.callee)?.callables.has(declaration) ?? true;
  const standIn = isNamed || declaration.kind !== "adapter" ? null : declaration;
  const made = translator.construction({ ...adapter, arguments: fixed }, byLayer, standIn);
  if (made.kind !== "call") return refuse("an adapter is placed by its name", adapter.span);
  const wrapped = { ...made, arguments: [{ name: null, value: word("base") }, ...made.arguments] };
  const sharing = sharingOf(instance, names).map(([name, shared]): PythonArgument => ({ name, value: text(shared) }));
  const passed = [wrapped, word("self.shared")].map((value): PythonArgument => ({ name: null, value }));
  return sharing.length === 0
    ? wrapped
    : { kind: "call", callee: word("ops.sharing"), arguments: [...passed, ...sharing] };
}

/** What is trained of the model; all the rest is frozen. */
export function writeFreezing(
  { declaration }: WrittenModel,
  { trainable }: TracedSpec,
  paths: Paths,
): readonly string[] {
  const parameters = [...paths.parameters].filter(([{ storage }]) => storage === "param");
  const trained = parameters.filter(([{ path }]) => trainable.has(path));
  if (trained.length === parameters.length) return [];
  const rules = declaration.members.flatMap((each) =>
    each.kind === "freeze-rule" ? [each.span.source.text.slice(each.span.start, each.span.end)] : [],
  );
  const patterns = patternsFor(
    trained.map(([, path]) => path),
    parameters.map(([, path]) => path),
  );
  return [...rules.flatMap((rule) => hashComment(2, [rule])), ...patternCall("ops.train_only", patterns, null)];
}

/** A call with patterns of paths and what is put around the modules there, in as many lines as it needs. */
function patternCall(callee: string, patterns: readonly string[], around: Python | null): readonly string[] {
  const quoted = patterns.map((each) => JSON.stringify(each));
  const last = around === null ? "" : `, lambda base: ${printPython(around)}`;
  const line = indented(2, `${callee}(self, [${quoted.join(", ")}]${last})`);
  if (line.length <= 100) return [line];
  const list = indented(3, `[${quoted.join(", ")}],`);
  return [
    indented(2, `${callee}(`),
    indented(3, "self,"),
    ...(list.length <= 100
      ? [list]
      : [indented(3, "["), ...quoted.map((each) => indented(4, `${each},`)), indented(3, "],")]),
    ...(around === null ? [] : layOut(3, "lambda base: ", around, ",")),
    indented(2, ")"),
  ];
}
