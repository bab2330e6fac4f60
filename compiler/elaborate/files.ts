import type { RolesDeclaration, Source } from "../../grammar/index.ts";
import { type Program, scopeOf } from "../load/index.ts";
import { builtinEnvironment } from "./builtins/index.ts";
import { Environment } from "./values.ts";

/** What the declarations of one file know. */
export interface FileContext {
  readonly environment: Environment;
  readonly roles: ReadonlyMap<string, RolesDeclaration>;
}

/** The contexts of a program's files: what is built in, what a file imports, and its own declarations. */
export class Files {
  private readonly contexts = new Map<Source, FileContext>();

  constructor({ files }: Program) {
    const builtins = builtinEnvironment();
    const environments = new Map(files.map(({ source }) => [source, new Environment(builtins)]));
    for (const file of files) {
      const { scope } = scopeOf(file);
      const environment = environments.get(file.source) ?? builtins;
      for (const [name, callable] of scope.callables) {
        const home = environments.get(callable.span.source) ?? builtins;
        environment.define(name, { kind: "callable", callable, home });
      }
      this.contexts.set(file.source, { environment, roles: scope.roles });
    }
  }

  /** The context of a file of the program. */
  of(source: Source): FileContext {
    const context = this.contexts.get(source);
    if (context === undefined) throw new Error("a declaration stands in a file of its program");
    return context;
  }
}
