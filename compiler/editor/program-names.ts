import type {
  AdapterDeclaration,
  Call,
  Expression,
  ModelDeclaration,
  ModuleDeclaration,
  Name,
  RolesDeclaration,
  Source,
  Span,
} from "../../grammar/index.ts";
import { type Callable, familiesOf, type LoadedFile, type Program, resolveVariant, scopeOf } from "../load/index.ts";
import { type Declaration, Declarations, forwardIn } from "./declarations.ts";
import { Scope } from "./scope.ts";

/** A module with the file that it is declared in. */
export interface FoundModule {
  readonly module: ModuleDeclaration | AdapterDeclaration;
  readonly file: LoadedFile;
}

/** What the files of a program declare, and what is reached from there. */
export class ProgramNames {
  readonly declarations = new Declarations();
  /** As they are written. */
  readonly files: readonly LoadedFile[];
  readonly families: ReadonlyMap<string, RolesDeclaration>;
  private readonly bySource: ReadonlyMap<Source, LoadedFile>;
  private readonly scopes = new Map<
    LoadedFile,
    { readonly scope: Scope; readonly callables: ReturnType<typeof scopeOf>["scope"] }
  >();
  private readonly names = new Map<string, Name>();

  constructor(loaded: Program) {
    this.files = [...new Set([...loaded.files, ...loaded.bases, loaded.written])].filter(
      (file) => file !== loaded.entry || file === loaded.written,
    );
    this.families = familiesOf(this.files).families;
    this.bySource = new Map(this.files.map((file) => [file.source, file]));
  }

  /** One name for each place, where the tree has only an expression. */
  nameAt(text: string, span: Span): Name {
    const key = `${span.source.name} ${span.start}`;
    const known = this.names.get(key) ?? { text, span };
    this.names.set(key, known);
    return known;
  }

  /** What a file knows everywhere: its own names and those of its imports. */
  scopeOf(file: LoadedFile): Scope {
    return this.knownTo(file).scope;
  }

  private knownTo(file: LoadedFile) {
    const known = this.scopes.get(file);
    if (known !== undefined) return known;
    // A variant knows what its base knows.
    const { file: whole } = resolveVariant(file);
    const callables = scopeOf(whole).scope;
    const scope = new Scope(null);
    for (const callable of callables.callables.values()) scope.declare(this.callable(callable));
    for (const from of [...whole.imports.map((each) => each.file), file]) {
      for (const item of from.parsed.file.items) {
        if (item.kind === "model") scope.declare(this.declarations.of("model", item.name, item.span));
      }
    }
    for (const item of file.parsed.file.items) {
      if (item.kind === "file-let") scope.declare(this.declarations.of("let", item.name, item.span));
    }
    for (const { alias } of whole.imports) {
      if (alias !== null) scope.declare(this.declarations.of("import", alias, alias.span));
    }
    const found = { scope, callables };
    this.scopes.set(file, found);
    return found;
  }

  /** What stands behind the name of an import. */
  qualified(file: LoadedFile, alias: string, name: string): Declaration | null {
    const found = this.knownTo(file).callables.qualified.get(alias)?.get(name);
    return found === undefined ? null : this.callable(found);
  }

  /** All that stands behind the name of an import; nothing where it is not one. */
  behind(file: LoadedFile, alias: string): readonly Declaration[] {
    return [...(this.knownTo(file).callables.qualified.get(alias)?.values() ?? [])].map((each) => this.callable(each));
  }

  private callable(callable: Callable): Declaration {
    return this.declarations.of(callable.kind, callable.name, callable.span, null, callable.parameters);
  }

  /** What a model knows: its own members, and of a variant those of its base. */
  scopeOfModel(model: ModelDeclaration, outer: Scope): Scope {
    const scope = new Scope(outer);
    for (const each of this.lineage(model))
      for (const member of this.declarations.membersOfModel(each)) scope.declare(member);
    return scope;
  }

  /** The members of the models of a file, for its settings. */
  scopeOfModels(outer: Scope): Scope {
    const models = outer.all().filter(({ kind }) => kind === "model");
    const scope = new Scope(outer);
    for (const { name } of models.reverse()) {
      const found = this.modelNamed(name);
      if (found !== null)
        for (const each of this.lineage(found))
          for (const member of this.declarations.membersOfModel(each)) scope.declare(member);
    }
    return scope;
  }

  /** A model after those that it amends, the farthest first. */
  private lineage(model: ModelDeclaration): readonly ModelDeclaration[] {
    const line = [model];
    for (let amends = model.amends; amends !== null; ) {
      const file = this.bySource.get(amends.span.source);
      const from = [...(file?.imports ?? []).map((each) => each.file)];
      const { text } = amends;
      const base = from.flatMap((each) => modelsIn(each)).find(({ name }) => name.text === text);
      if (base === undefined || line.includes(base)) break;
      line.unshift(base);
      amends = base.amends;
    }
    return line;
  }

  private modelNamed(name: Name): ModelDeclaration | null {
    const file = this.bySource.get(name.span.source);
    return file === undefined ? null : (modelsIn(file).find((each) => each.name === name) ?? null);
  }

  /** What a name that is called stands for. */
  private called(callee: Expression, file: LoadedFile): Callable | null {
    const { callables } = this.knownTo(file);
    if (callee.kind === "name") return callables.callables.get(callee.text) ?? null;
    if (callee.kind !== "member" || callee.object.kind !== "name") return null;
    return callables.qualified.get(callee.object.text)?.get(callee.name.text) ?? null;
  }

  /** The parameters that a call can name; an encoder is given inputs beside its module's arguments. */
  parametersOf(callee: Expression, scope: Scope, file: LoadedFile): ReadonlyMap<string, Declaration> {
    const callable = this.called(callee, file);
    if (callable === null) {
      const made = this.moduleOf(callee, scope, file);
      const given = made === null ? [] : (forwardIn(made.module)?.parameters ?? []);
      return new Map(given.map((each) => [each.name.text, this.declarations.parameter(each)]));
    }
    const inputs = callable.kind === "module" ? (forwardIn(callable)?.parameters ?? []) : [];
    return new Map(
      [...inputs, ...callable.parameters].map((each) => [each.name.text, this.declarations.parameter(each)]),
    );
  }

  /** What stands behind a dot. */
  memberOf(object: Expression, name: string, scope: Scope, file: LoadedFile): Declaration | null {
    const qualified =
      object.kind === "name" ? this.knownTo(file).callables.qualified.get(object.text)?.get(name) : undefined;
    if (qualified !== undefined) return this.callable(qualified);
    const found = this.moduleOf(object, scope, file);
    return found === null ? null : (this.declarations.membersOf(found.module).get(name) ?? null);
  }

  /** The module that an expression stands for, as far as its text says it. */
  moduleOf(expression: Expression, scope: Scope, file: LoadedFile): FoundModule | null {
    switch (expression.kind) {
      case "name": {
        const found = scope.lookup(expression.text);
        return found === null ? null : this.madeBy(found);
      }
      case "index":
        return this.moduleOf(expression.object, scope, file);
      case "member": {
        const found = this.memberOf(expression.object, expression.name.text, scope, file);
        return found === null ? null : this.madeBy(found);
      }
      default:
        return null;
    }
  }

  /** The module of an encoder, a part or a head. */
  madeBy({ made, name }: Declaration): FoundModule | null {
    return made === null ? null : this.moduleCalled(made, name.span.source);
  }

  private moduleCalled({ callee }: Call, source: Source): FoundModule | null {
    const file = this.bySource.get(source);
    const callable = file === undefined ? null : this.called(callee, file);
    if (callable === null || (callable.kind !== "module" && callable.kind !== "adapter")) return null;
    const home = this.bySource.get(callable.span.source);
    return home === undefined ? null : { module: callable, file: home };
  }
}

function modelsIn({ parsed }: LoadedFile): readonly ModelDeclaration[] {
  return parsed.file.items.filter((item) => item.kind === "model");
}
