import {
  type AdapterDeclaration,
  type Diagnostic,
  type FunctionDeclaration,
  type Item,
  type LossDeclaration,
  type ModuleDeclaration,
  type Name,
  type RolesDeclaration,
  report,
  type Source,
  type Span,
} from "../../grammar/index.ts";
import type { LoadedFile } from "./imports.ts";

/** What can be called by its name. */
export type Callable = ModuleDeclaration | AdapterDeclaration | LossDeclaration | FunctionDeclaration;

/** The names that a file knows: those of the files that it imports itself, and its own. */
export interface Scope {
  readonly callables: ReadonlyMap<string, Callable>;
  /** What is known behind the name of an import, as in `v.block`. */
  readonly qualified: ReadonlyMap<string, ReadonlyMap<string, Callable>>;
  /** The declarations of a family; roles may be in several. */
  readonly families: ReadonlyMap<string, readonly RolesDeclaration[]>;
}

/** Collects a file's scope, and reports each name that would mean two things. */
export function scopeOf(file: LoadedFile): { readonly scope: Scope; readonly diagnostics: readonly Diagnostic[] } {
  const builder = new ScopeBuilder();
  const imported = new Set<LoadedFile>();
  for (const { file: from, alias, span } of file.imports) {
    if (alias !== null) {
      builder.qualify(alias, from.parsed.file.items);
      continue;
    }
    if (imported.has(from)) continue;
    imported.add(from);
    for (const item of from.parsed.file.items) builder.declare(item, span);
  }
  for (const item of file.parsed.file.items) builder.declare(item, null);
  builder.checkMembers(file.parsed.file.items, file.source);
  return { scope: builder, diagnostics: builder.diagnostics };
}

function isCallable(item: Item): item is Callable {
  return item.kind === "function" || item.kind === "module" || item.kind === "adapter" || item.kind === "loss";
}

function textOf({ source, start, end }: Span): string {
  return source.text.slice(start, end);
}

class ScopeBuilder implements Scope {
  readonly callables = new Map<string, Callable>();
  readonly qualified = new Map<string, ReadonlyMap<string, Callable>>();
  readonly families = new Map<string, readonly RolesDeclaration[]>();
  /** The `let`s of the file itself, as what it imports keeps its own, and the names of its imports. */
  private readonly values = new Map<string, Name>();
  readonly diagnostics: Diagnostic[] = [];

  /** `through` is the import that brings the item in, or null for the file's own. */
  declare(item: Item, through: Span | null): void {
    switch (item.kind) {
      case "roles":
        this.families.set(item.family.text, [...(this.families.get(item.family.text) ?? []), item]);
        break;
      case "function":
      case "module":
      case "adapter":
      case "loss":
        this.add(this.callables, item.name, item, this.named(item.name), through);
        break;
      case "file-let":
        if (through === null) this.add(this.values, item.name, item.name, this.named(item.name), null);
        break;
      case "import":
      case "model":
      case "settings":
        break;
    }
  }

  /** What an import with a name of its own brings; roles have one meaning in a program, and need no such name. */
  qualify(alias: Name, items: readonly Item[]): void {
    const callables = new Map<string, Callable>();
    for (const item of items) {
      if (item.kind === "roles") this.declare(item, alias.span);
      else if (isCallable(item)) callables.set(item.name.text, item);
    }
    this.add(this.values, alias, alias, this.named(alias), null);
    this.qualified.set(alias.text, callables);
  }

  /** What has a name already, of what is called and of values. */
  private named({ text }: Name): Name | undefined {
    return this.callables.get(text)?.name ?? this.values.get(text);
  }

  /** A member of a model hides no `let` or import of its file: a setting that names it would mean either. */
  checkMembers(items: readonly Item[], source: Source): void {
    for (const member of items.flatMap((item) => (item.kind === "model" ? item.members : []))) {
      const known = "name" in member ? this.values.get(member.name.text) : undefined;
      if (known === undefined || !("name" in member)) continue;
      const [second, first] = member.name.span.source === source ? [member.name, known] : [known, member.name];
      const labels = [{ span: first.span, message: "first declared here" }];
      this.diagnostics.push(report("duplicate-declaration", second.span, { name: second.text }, { labels }));
    }
  }

  private add<Declaration>(
    into: Map<string, Declaration>,
    name: Name,
    declaration: Declaration,
    first: Name | undefined,
    through: Span | null,
  ): void {
    if (first === undefined) {
      into.set(name.text, declaration);
      return;
    }
    const labels = [{ span: first.span, message: "first declared here" }];
    if (through !== null) labels.push({ span: name.span, message: "and here" });
    const help =
      through === null ? null : `write \`import ${textOf(through)} as NAME\`, and \`NAME.${name.text}\` for this one`;
    this.diagnostics.push(report("duplicate-declaration", through ?? name.span, { name: name.text }, { labels, help }));
  }
}
