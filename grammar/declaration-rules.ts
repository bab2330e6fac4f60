import type * as ast from "./ast.ts";
import { StatementRules } from "./statement-rules.ts";
import * as t from "./tokens.ts";

const k = t.keywords;

/** What a declaration says before its body. */
export interface Signature {
  readonly name: ast.Name;
  readonly parameters: readonly ast.Parameter[];
}

export interface AdapterSignature extends Signature {
  readonly base: ast.Name;
  readonly wraps: readonly ast.Name[];
}

/** The rules for what stands at the top of a file and for the members of a module. */
export class DeclarationRules extends StatementRules {
  readonly importItem = this.RULE("import", (): ast.Import => {
    const start = this.CONSUME(k.import);
    const path = this.SUBRULE(this.text);
    return this.ACTION(() => ({ kind: "import", path, span: this.from(start) }));
  });

  readonly rolesHead = this.RULE("rolesHead", (): ast.Name => {
    this.CONSUME(k.roles);
    return this.SUBRULE(this.name);
  });

  readonly roleList = this.RULE("roleList", (): readonly ast.RoleDeclaration[] => {
    const roles: ast.RoleDeclaration[] = [];
    this.MANY_SEP({
      SEP: t.Comma,
      DEF: () => {
        const role = this.SUBRULE(this.role);
        this.ACTION(() => roles.push(role));
      },
    });
    this.ACTION(() => this.refuseDuplicates(roles.map(({ name }) => name)));
    return roles;
  });

  private readonly role = this.RULE("role", (): ast.RoleDeclaration => {
    const covers: ast.Name[] = [];
    const name = this.SUBRULE(this.name);
    this.OPTION(() => {
      this.CONSUME(t.Equal);
      this.AT_LEAST_ONE_SEP({
        SEP: t.Plus,
        DEF: () => {
          const covered = this.SUBRULE1(this.name);
          this.ACTION(() => covers.push(covered));
        },
      });
    });
    return this.ACTION(() => ({ name, covers, span: this.upToHere(name.span) }));
  });

  readonly functionHead = this.RULE("functionHead", (): Signature => {
    this.CONSUME(k.function);
    return this.SUBRULE(this.signature);
  });

  readonly moduleHead = this.RULE("moduleHead", (): Signature => {
    this.CONSUME(k.module);
    return this.SUBRULE(this.signature);
  });

  readonly lossHead = this.RULE("lossHead", (): Signature => {
    this.CONSUME(k.loss);
    return this.SUBRULE(this.signature);
  });

  private readonly signature = this.RULE("signature", (): Signature => {
    const name = this.SUBRULE(this.name);
    const parameters = this.SUBRULE(this.parameters);
    return { name, parameters };
  });

  /** `any` stands for every module, so it leaves the list empty. */
  readonly adapterHead = this.RULE("adapterHead", (): AdapterSignature => {
    const wraps: ast.Name[] = [];
    this.CONSUME(k.adapter);
    const { name, parameters } = this.SUBRULE(this.signature);
    this.CONSUME(k.wraps);
    const base = this.SUBRULE(this.name);
    this.CONSUME(t.Colon);
    this.AT_LEAST_ONE_SEP({
      SEP: t.Comma,
      DEF: () => {
        const wrapped = this.SUBRULE1(this.name);
        this.ACTION(() => wraps.push(wrapped));
      },
    });
    return this.ACTION(() => {
      this.refuseDuplicates(wraps);
      return { name, parameters, base, wraps: wraps.some(({ text }) => text === "any") ? [] : wraps };
    });
  });

  readonly modelHead = this.RULE("modelHead", (): ast.Name => {
    this.CONSUME(k.model);
    return this.SUBRULE(this.name);
  });

  readonly settingsHead = this.RULE("settingsHead", (): void => {
    this.OR([
      { ALT: () => this.CONSUME(k.train) },
      { ALT: () => this.CONSUME(k.data) },
      { ALT: () => this.CONSUME(k.eval) },
    ]);
  });

  readonly setting = this.RULE("setting", (): ast.Setting => {
    const name = this.SUBRULE(this.word);
    this.CONSUME(t.Equal);
    const value = this.SUBRULE(this.expression);
    return this.ACTION(() => ({ name, value, span: this.upToHere(name.span) }));
  });

  readonly forwardHead = this.RULE("forwardHead", (): readonly ast.Parameter[] => {
    this.CONSUME(k.forward);
    return this.SUBRULE(this.parameters);
  });

  readonly param = this.RULE("param", (): ast.ParamMember => {
    const start = this.OR([{ ALT: () => this.CONSUME(k.param) }, { ALT: () => this.CONSUME(k.buffer) }]);
    const name = this.SUBRULE(this.name);
    this.CONSUME(t.Colon);
    const type = this.SUBRULE(this.tensorType);
    const initial = this.OPTION(() => {
      this.CONSUME(t.Equal);
      return this.SUBRULE(this.expression);
    });
    const tags = this.SUBRULE(this.tags);
    return this.ACTION(() => ({
      kind: "param",
      storage: start.tokenType === k.buffer ? "buffer" : "param",
      name,
      type,
      initial: initial ?? null,
      ...tags,
      span: this.from(start),
    }));
  });

  readonly part = this.RULE("part", (): ast.PartMember => {
    const start = this.CONSUME(k.part);
    const name = this.SUBRULE(this.name);
    this.CONSUME(t.Equal);
    const repetition = this.OPTION(() => this.SUBRULE(this.repetition));
    const module = this.SUBRULE(this.call);
    const tags = this.SUBRULE(this.tags);
    return this.ACTION(() => ({
      kind: "part",
      name,
      repetition: repetition ?? null,
      module,
      ...tags,
      span: this.from(start),
    }));
  });

  private readonly tags = this.RULE("tags", (): ast.Tags => {
    const role = this.OPTION(() => this.SUBRULE(this.roleTag));
    const named = this.OPTION1(() => this.SUBRULE(this.namedTag));
    const when = this.OPTION2(() => {
      this.CONSUME(k.when);
      return this.SUBRULE(this.expression);
    });
    return { role: role ?? null, named: named ?? null, when: when ?? null };
  });

  private readonly roleTag = this.RULE("roleTag", (): readonly ast.Name[] => {
    const path: ast.Name[] = [];
    this.CONSUME(k.as);
    this.AT_LEAST_ONE_SEP({
      SEP: t.Dot,
      DEF: () => {
        const segment = this.SUBRULE(this.name);
        this.ACTION(() => path.push(segment));
      },
    });
    return path;
  });

  protected readonly namedTag = this.RULE("namedTag", (): ast.StringText => {
    this.CONSUME(k.named);
    return this.SUBRULE(this.text);
  });
}
