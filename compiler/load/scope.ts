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
  type Span,
} from "../../grammar/index.ts";
import type { LoadedFile } from "./imports.ts";

/** What can be called by its name. */
export type Callable = ModuleDeclaration | AdapterDeclaration | LossDeclaration | FunctionDeclaration;

/** The names that a file knows: those of the files that it imports itself, and its own. */
export interface Scope {
  readonly callables: ReadonlyMap<string, Callable>;
  readonly roles: ReadonlyMap<string, RolesDeclaration>;
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
  return { scope: builder, diagnostics: builder.diagnostics };
}

class ScopeBuilder implements Scope {
  readonly callables = new Map<string, Callable>();
  readonly roles = new Map<string, RolesDeclaration>();
  readonly diagnostics: Diagnostic[] = [];

  /** `through` is the import that brings the item in, or null for the file's own. */
  declare(item: Item, through: Span | null): void {
    switch (item.kind) {
      case "roles":
        this.add(this.roles, item.family, item, this.roles.get(item.family.text)?.family, through);
        break;
      case "function":
      case "module":
      case "adapter":
      case "loss":
        this.add(this.callables, item.name, item, this.callables.get(item.name.text)?.name, through);
        break;
      case "import":
      case "model":
      case "settings":
        break;
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
