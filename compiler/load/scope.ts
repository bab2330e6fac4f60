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
  /** The declarations of a family; roles may be in several. */
  readonly families: ReadonlyMap<string, readonly RolesDeclaration[]>;
}

/** Collects a file's scope, and reports each name that would mean two things. */
export function scopeOf(file: LoadedFile): { readonly scope: Scope; readonly diagnostics: readonly Diagnostic[] } {
  const builder = new ScopeBuilder();
  const imported = new Set<LoadedFile>();
  for (const { file: from, span } of file.imports) {
    if (imported.has(from)) continue;
    imported.add(from);
    for (const item of from.parsed.file.items) builder.declare(item, span);
  }
  for (const item of file.parsed.file.items) builder.declare(item, null);
  builder.checkMembers(file.parsed.file.items, file.source);
  return { scope: builder, diagnostics: builder.diagnostics };
}

class ScopeBuilder implements Scope {
  readonly callables = new Map<string, Callable>();
  readonly families = new Map<string, readonly RolesDeclaration[]>();
  /** Those of the file itself: what it imports keeps its own. */
  private readonly lets = new Map<string, Name>();
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
        if (through === null) this.add(this.lets, item.name, item.name, this.named(item.name), null);
        break;
      case "import":
      case "model":
      case "settings":
        break;
    }
  }

  /** What has a name already, of what is called and of values. */
  private named({ text }: Name): Name | undefined {
    return this.callables.get(text)?.name ?? this.lets.get(text);
  }

  /** A member of a model hides no `let` of its file: a setting that names it would mean either. */
  checkMembers(items: readonly Item[], source: Source): void {
    for (const member of items.flatMap((item) => (item.kind === "model" ? item.members : []))) {
      const known = "name" in member ? this.lets.get(member.name.text) : undefined;
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
    this.diagnostics.push(report("duplicate-declaration", through ?? name.span, { name: name.text }, { labels }));
  }
}
