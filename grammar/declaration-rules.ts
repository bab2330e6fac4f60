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
  readonly wraps: ast.Wraps;
  readonly standsFor: ast.Name | null;
}

/** The rules for what stands at the top of a file and for the members of a module. */
export class DeclarationRules extends StatementRules {
  importItem(): ast.Import {
    const start = this.take(k.import);
    const path = this.text();
    const alias = this.takes(k.as) ? this.name() : null;
    return { kind: "import", path, alias, span: this.from(start) };
  }

  fileLet(): ast.FileLet {
    const start = this.take(k.let);
    const name = this.name();
    this.take(t.Equal);
    return { kind: "file-let", name, value: this.expression(), span: this.from(start) };
  }

  rolesHead(): ast.Name {
    this.take(k.roles);
    return this.name();
  }

  roleList(): readonly ast.RoleDeclaration[] {
    const roles = this.next() === t.Identifier ? this.several(t.Comma, () => this.role()) : [];
    this.refuseDuplicates(roles.map(({ name }) => name));
    return roles;
  }

  private role(): ast.RoleDeclaration {
    const name = this.name();
    const covers = this.takes(t.Equal) ? this.several(t.Plus, () => this.name()) : [];
    return { name, covers, span: this.upToHere(name.span) };
  }

  functionHead(): Signature {
    this.take(k.function);
    return this.signature();
  }

  moduleHead(): Signature {
    this.take(k.module);
    return this.signature();
  }

  lossHead(): Signature {
    this.take(k.loss);
    return this.signature();
  }

  private signature(): Signature {
    const name = this.name();
    return { name, parameters: this.parameters() };
  }

  adapterHead(): AdapterSignature {
    this.take(k.adapter);
    const { name, parameters } = this.signature();
    this.take(k.wraps);
    const base = this.name();
    this.take(t.Colon);
    const wraps = this.wraps();
    const standsFor = this.takes(k.as) ? this.qualifiedName() : null;
    return { name, parameters, base, wraps, standsFor };
  }

  /** A type with its sizes, or kinds of modules, of which `any` stands for all, so it leaves the list empty. */
  private wraps(): ast.Wraps {
    if (this.next(1) === t.LeftBracket) return { kind: "parameter", type: this.tensorType() };
    const names = this.several(t.Comma, () => this.qualifiedName());
    this.refuseDuplicates(names);
    return { kind: "modules", names: names.some(({ text }) => text === "any") ? [] : names };
  }

  /** `linear` or `mine.linear`, whose text is both. */
  private qualifiedName(): ast.Name {
    const first = this.name();
    if (!this.takes(t.Dot)) return first;
    return { text: `${first.text}.${this.name().text}`, span: this.upToHere(first.span) };
  }

  modelHead(): Pick<ast.ModelDeclaration, "name" | "amends"> {
    this.take(k.model);
    const name = this.name();
    return { name, amends: this.amends() ? this.name() : null };
  }

  settingsHead(): Pick<ast.SettingsBlock, "amends"> {
    this.takeOne([k.train, k.data, k.eval], "`train`, `data` or `eval`");
    return { amends: this.amends() };
  }

  private amends(): boolean {
    if (this.next() === undefined) return false;
    return this.takesWord("amends") || this.fail("`amends` or `{`");
  }

  /** Names of settings may be keywords, those of a model's members not. */
  removal(within: "settings" | "model"): ast.Removal {
    const start = this.take(t.Identifier);
    const names = this.several(t.Comma, () => (within === "settings" ? this.word() : this.name()));
    this.refuseDuplicates(names);
    return { kind: "removal", names, span: this.from(start) };
  }

  setting(): ast.Setting {
    const name = this.word();
    this.take(t.Equal);
    const value = this.settingValue();
    return { name, value, span: this.upToHere(name.span) };
  }

  /** `train.optimizer.lr = 1e-3`, which stands outside of a spec. */
  assignment(): ast.Assignment {
    const path = this.several(t.Dot, () => this.word());
    this.take(t.Equal);
    return { path, value: this.settingValue() };
  }

  forwardHead(): readonly ast.Parameter[] {
    this.take(k.forward);
    return this.parameters();
  }

  peft(): ast.PeftMember {
    const start = this.take(t.Identifier);
    return { kind: "peft", type: this.name(), fields: this.callArguments(), span: this.from(start) };
  }

  param(): ast.ParamMember {
    const shared = this.next() === t.Identifier ? this.take(t.Identifier) : null;
    const group = shared === null ? null : this.sharingGroup();
    const word = this.takeOne([k.param, k.buffer], "`param` or `buffer`");
    const start = shared ?? word;
    const storage = word.tokenType === k.buffer ? "buffer" : "param";
    const name = this.name();
    this.take(t.Colon);
    const type = this.tensorType();
    const initial = this.takes(t.Equal) ? this.expression() : null;
    return {
      kind: "param",
      shared: shared !== null,
      group,
      storage,
      name,
      type,
      initial,
      ...this.tags(),
      span: this.from(start),
    };
  }

  private sharingGroup(): ast.Expression | null {
    if (!this.takes(t.LeftParenthesis)) return null;
    const group = this.expression();
    this.take(t.RightParenthesis);
    return group;
  }

  optionalBuffer(): ast.OptionalBuffer {
    const start = this.take(t.Identifier);
    this.take(k.buffer);
    const name = this.name();
    this.take(t.Colon);
    const type = this.tensorType();
    const value = this.takes(t.Equal) ? this.expression() : null;
    const named = this.namedTag();
    const when = this.takes(k.when) ? this.expression() : null;
    return { kind: "optional-buffer", name, type, value, named, when, span: this.from(start) };
  }

  part(): ast.PartMember {
    const start = this.take(k.part);
    const name = this.name();
    this.take(t.Equal);
    const repeats = this.next() === k.repeat || this.next() === k.for;
    const repetition = repeats ? this.repetition() : null;
    const module = this.call();
    return { kind: "part", name, repetition, module, ...this.tags(), span: this.from(start) };
  }

  private tags(): ast.Tags {
    const role = this.takes(k.as) ? this.several(t.Dot, () => this.name()) : null;
    const named = this.namedTag();
    const when = this.takes(k.when) ? this.expression() : null;
    return { role, named, when };
  }

  protected namedTag(): ast.StringText | null {
    return this.takes(k.named) ? this.text() : null;
  }
}
