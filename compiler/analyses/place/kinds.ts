import {
  type AdapterDeclaration,
  type Argument,
  createSource,
  hasErrors,
  nearestText,
  parse,
} from "../../../grammar/index.ts";
import { type Program, scopeOf } from "../../load/index.ts";
import type { PlaceProblem } from "./types.ts";

/** A kind of adapter that is tried. */
export interface Kind {
  readonly declaration: AdapterDeclaration;
  /** The parameter that is its rank, or its size by another name; null for an adapter that has none. */
  readonly sizeName: string | null;
  /** What the spec has to import for it; null when it knows it. */
  readonly import: string | null;
}

/**
 * The kinds that are tried where nobody says which: those that a spec places, or those that it knows where it places none; none where it
 * knows none that can be.
 */
export function usualKinds(placed: readonly string[], program: Program): readonly string[] {
  if (placed.length > 0) return placed;
  const { scope } = scopeOf(program.entry);
  return [...scope.callables].flatMap(([name, callable]) =>
    callable.kind === "adapter" && callable.standsFor === null && !("rule" in kindOf(callable, null, [])) ? [name] : [],
  );
}

/** Why there is no kind to try, with those of the library. */
export function noKinds(program: Program): PlaceProblem {
  const known = program.declared().flatMap(({ kind, name }) => (kind === "adapter" ? [name] : []));
  return {
    rule: "the spec knows no adapter of modules",
    help: `name kinds with --kinds, of ${[...new Set(known)].join(", ")}`,
  };
}

/** The library files that declare those kinds that a program does not know, or why one cannot be had. */
export function importsFor(names: readonly string[], program: Program): ReadonlyMap<string, string> | PlaceProblem {
  const { scope } = scopeOf(program.entry);
  const imports = new Map<string, string>();
  const declared = program.declared().filter(({ kind }) => kind === "adapter");
  for (const name of names) {
    if (scope.callables.get(name)?.kind === "adapter") continue;
    const home = declared.find((each) => each.name === name);
    if (home === undefined) {
      const known = [...scope.callables].flatMap(([text, { kind }]) => (kind === "adapter" ? [text] : []));
      const choices = [...new Set([...known, ...declared.map((each) => each.name)])];
      const help = nearestText(name, choices) ?? `there are ${choices.join(", ")}`;
      return { rule: `neither the spec nor the library has an adapter \`${name}\``, help };
    }
    imports.set(name, `std/${home.file}`);
  }
  return imports;
}

/** A kind with what of it is varied: the first number that has to be given, which `--with` does not give. */
export function kindOf(
  declaration: AdapterDeclaration,
  imported: string | null,
  given: readonly Argument[],
): Kind | PlaceProblem {
  const { parameters, members, wraps } = declaration;
  if (wraps.kind === "parameter") {
    const rule = `\`${declaration.name.text}\` adapts parameters, and placements are tried on modules, by their roles`;
    return { rule, help: "place it by hand, such as on `vision.positions`, and take what it trains from the budget" };
  }
  if (members.some((member) => member.kind === "param" && member.shared && member.storage === "param")) {
    const rule = `\`${declaration.name.text}\` shares parameters between its placements, so that their numbers do not add up`;
    return { rule, help: null };
  }
  const isGiven = (name: string): boolean => given.some((argument) => argument.name?.text === name);
  const needed = parameters.filter(({ name, default: fallback }) => fallback === null && !isGiven(name.text));
  const varied = needed.find(({ type }) => type?.kind === "scalar-type" && type.name === "int") ?? needed[0];
  const others = needed.filter((parameter) => parameter !== varied).map(({ name }) => `\`${name.text}\``);
  const kind = declaration.name.text;
  if (varied !== undefined && others.length > 0)
    return {
      rule: `\`${kind}\` needs ${others.join(", ")} besides \`${varied.name.text}\`, which is varied`,
      help: "give it with --with",
    };
  if (varied !== undefined && !(varied.type?.kind === "scalar-type" && varied.type.name === "int")) {
    return { rule: `\`${varied.name.text}\` of \`${kind}\` is not a whole number`, help: "give it with --with" };
  }
  return { declaration, sizeName: varied?.name.text ?? null, import: imported };
}

/** Reads arguments as a call has them; null when they are none, or not all by their names. */
export function readArguments(text: string): readonly Argument[] | null {
  const { file, diagnostics } = parse(createSource("--with", `model m { a(${text}) on x }`));
  const [model] = file.items;
  const [member, more] = model?.kind === "model" ? model.members : [];
  if (hasErrors(diagnostics) || more !== undefined || member?.kind !== "placement") return null;
  const given = member.adapter.arguments;
  return given.every(({ name }) => name !== null) ? given : null;
}
