import type { AdapterDeclaration, RolesDeclaration, Source } from "../../grammar/index.ts";
import { type Callable, familiesOf, type Program, type StandIns, scopeOf, standInsOf } from "../load/index.ts";
import { builtinEnvironment } from "./builtins/index.ts";
import { Environment, type Value } from "./values.ts";

/** What the declarations of one file know. */
export interface FileContext {
  readonly environment: Environment;
  readonly families: ReadonlyMap<string, KnownFamily>;
}

/** A family as the whole program has it, and its roles that one file declares or imports. */
export interface KnownFamily {
  readonly family: RolesDeclaration;
  readonly roles: readonly string[];
}

/** The contexts of a program's files: what is built in, what a file imports, and its own declarations. */
export class Files {
  private readonly contexts = new Map<Source, FileContext>();
  private readonly standIns: StandIns;

  constructor({ files }: Program) {
    const builtins = builtinEnvironment();
    this.standIns = standInsOf(files).standIns;
    const { families } = familiesOf(files);
    const environments = new Map(files.map(({ source }) => [source, new Environment(builtins)]));
    for (const file of files) {
      const { scope } = scopeOf(file);
      const environment = environments.get(file.source) ?? builtins;
      const callableValue = (callable: Callable): Value => {
        return { kind: "callable", callable, home: environments.get(callable.span.source) ?? builtins };
      };
      for (const [name, callable] of scope.callables) environment.define(name, callableValue(callable));
      for (const [alias, callables] of scope.qualified) {
        const values = new Map([...callables].map(([name, callable]) => [name, callableValue(callable)]));
        environment.define(alias, { kind: "imported", alias, values });
      }
      const known = new Map<string, KnownFamily>();
      for (const [name, declarations] of scope.families) {
        const family = families.get(name);
        const roles = declarations.flatMap((each) => each.roles.map((role) => role.name.text));
        if (family !== undefined) known.set(name, { family, roles });
      }
      this.contexts.set(file.source, { environment, families: known });
    }
  }

  /** An adapter, and those that stand for it on modules that it does not wrap. */
  variantsOf(adapter: AdapterDeclaration): readonly AdapterDeclaration[] {
    return [adapter, ...(this.standIns.get(adapter) ?? [])];
  }

  /** The context of a file of the program. */
  of(source: Source): FileContext {
    const context = this.contexts.get(source);
    if (context === undefined) throw new Error("a declaration stands in a file of its program");
    return context;
  }
}
