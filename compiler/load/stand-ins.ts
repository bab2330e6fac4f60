import { type AdapterDeclaration, type Diagnostic, type Name, report, type TensorType } from "../../grammar/index.ts";
import type { LoadedFile } from "./imports.ts";
import { type Callable, type Scope, scopeOf } from "./scope.ts";

/** The adapters that stand for another one on what it does not wrap, in the order of a program's files. */
export type StandIns = ReadonlyMap<AdapterDeclaration, readonly AdapterDeclaration[]>;

/** The stand-ins of a program. What has other parameters, or stands where another one does, is reported. */
export function standInsOf(files: readonly LoadedFile[]): {
  readonly standIns: StandIns;
  readonly diagnostics: readonly Diagnostic[];
} {
  const found = new Map<AdapterDeclaration, readonly StandIn[]>();
  const diagnostics: Diagnostic[] = [];
  for (const file of files) {
    const { scope } = scopeOf(file);
    for (const item of file.parsed.file.items) {
      if (item.kind !== "adapter" || item.standsFor === null || item.span.source !== file.source) continue;
      const meant = lookup(item.standsFor, scope);
      if (meant?.kind !== "adapter" || meant === item) {
        const params = { name: item.standsFor.text, kind: "adapter" } as const;
        diagnostics.push(report("unknown-callable", item.standsFor.span, params));
        continue;
      }
      const adapter = item.name.text;
      const labels = [{ span: meant.name.span, message: "declared here" }];
      if (parametersOf(item) !== parametersOf(meant)) {
        const params = { adapter, other: item.standsFor.text, parameters: parametersOf(meant) };
        diagnostics.push(report("unequal-parameters", item.name.span, params, { labels }));
        continue;
      }
      const wrapped = wrappedBy(item, scope);
      const others = found.get(meant) ?? [];
      const rival = others.find((other) => overlap(wrapped, other.wrapped));
      if (rival !== undefined) {
        const on = wrapped.kind === "modules" ? "modules" : "parameters";
        const params = { adapter, other: rival.declaration.name.text, placed: item.standsFor.text, on } as const;
        const beside = [{ span: rival.declaration.name.span, message: "first declared here" }];
        diagnostics.push(report("second-stand-in", item.name.span, params, { labels: beside }));
        continue;
      }
      found.set(meant, [...others, { declaration: item, wrapped }]);
    }
  }
  const standIns = new Map([...found].map(([meant, each]) => [meant, each.map(({ declaration }) => declaration)]));
  return { standIns, diagnostics };
}

/** What an adapter is called where it is placed: the name of the one that it stands for, without that of an import. */
export function placedName({ name, standsFor }: AdapterDeclaration): string {
  return standsFor === null ? name.text : (standsFor.text.split(".").at(-1) ?? name.text);
}

interface StandIn {
  readonly declaration: AdapterDeclaration;
  readonly wrapped: Wrapped;
}

/** What an adapter wraps, with the modules that its names mean. */
type Wrapped =
  | { readonly kind: "modules"; readonly modules: ReadonlySet<Callable | null> }
  | { readonly kind: "parameter"; readonly type: TensorType };

function wrappedBy({ wraps }: AdapterDeclaration, scope: Scope): Wrapped {
  if (wraps.kind === "parameter") return wraps;
  return { kind: "modules", modules: new Set(wraps.names.map((name) => lookup(name, scope))) };
}

/** Whether two adapters may wrap the same. Sizes of parameters are not known here: types of as many axes may be of the same one. */
function overlap(one: Wrapped, other: Wrapped): boolean {
  if (one.kind === "modules")
    return other.kind === "modules" && [...one.modules].some((each) => each !== null && other.modules.has(each));
  if (other.kind === "modules" || one.type.dtype !== other.type.dtype) return false;
  const isOpen = [...one.type.dims, ...other.type.dims].some(({ kind }) => kind === "rest" || kind === "spread");
  return isOpen || one.type.dims.length === other.type.dims.length;
}

function lookup({ text }: Name, { callables, qualified }: Scope): Callable | null {
  const [first = "", second] = text.split(".");
  return (second === undefined ? callables.get(first) : qualified.get(first)?.get(second)) ?? null;
}

/** Names and types, and which of them may be left out: all that a placement depends on. */
function parametersOf({ parameters }: AdapterDeclaration): string {
  const written = parameters.map(({ name, type, default: fallback }) => {
    const typed = type === null ? "" : `: ${type.span.source.text.slice(type.span.start, type.span.end)}`;
    return `${name.text}${typed}${fallback === null ? "" : " = ..."}`;
  });
  return `(${written.join(", ")})`;
}
