import type {
  AdapterDeclaration,
  FunctionDeclaration,
  Item,
  LossDeclaration,
  ModelDeclaration,
  ModelMember,
  ModuleDeclaration,
  ModuleMember,
  Name,
  OptionalBuffer,
  Parameter,
  Quantity,
  Setting,
  Span,
  Statement,
  Tags,
  TypeExpression,
} from "../../grammar/index.ts";
import type { LoadedFile } from "../load/index.ts";
import type { Declaration } from "./declarations.ts";
import { forwardIn } from "./declarations.ts";
import { ExpressionNames } from "./expression-names.ts";
import type { ProgramNames } from "./program-names.ts";
import { Scope } from "./scope.ts";
import { SelectorNames } from "./selector-names.ts";

/** A name in a text, and what it stands for. */
export interface Use {
  readonly span: Span;
  readonly declaration: Declaration;
}

/** A stretch of a text in which some names are known. */
export interface KnownNames {
  readonly span: Span;
  readonly scope: Scope;
}

/** The names of a file: every use of them, and which are known where, wider stretches first. */
export interface FileNames {
  readonly uses: readonly Use[];
  readonly known: readonly KnownNames[];
}

/** Finds what the names of a file stand for. What is not known, as in a file that is being typed, is left out. */
export function namesOf(file: LoadedFile, program: ProgramNames): FileNames {
  const reader = new FileReader(file, program);
  for (const item of file.parsed.file.items) reader.item(item);
  // A member that continues others, such as `text.attn.q,v`, names its family twice.
  const uses = new Map(reader.uses.map((use) => [use.span.start, use]));
  return { uses: [...uses.values()].sort((a, b) => a.span.start - b.span.start), known: reader.known };
}

class FileReader {
  readonly uses: Use[] = [];
  readonly known: KnownNames[] = [];
  private readonly program: ProgramNames;
  private readonly scope: Scope;
  private readonly expressions: ExpressionNames;
  private readonly selectors: SelectorNames;

  constructor(file: LoadedFile, program: ProgramNames) {
    this.program = program;
    this.scope = program.scopeOf(file);
    const use = this.use.bind(this);
    this.expressions = new ExpressionNames(program, file, use);
    this.selectors = new SelectorNames(program, use);
    this.know(file.parsed.file.span, this.scope);
  }

  item(item: Item): void {
    switch (item.kind) {
      case "import":
        if (item.alias !== null) this.named(item.alias, this.scope);
        break;
      case "roles": {
        const { family, roles } = this.program.declarations.roles(item);
        this.use(item.family.span, family);
        const scope = new Scope(null);
        for (const role of roles) scope.declare(role);
        for (const { name, covers } of item.roles) for (const each of [name, ...covers]) this.named(each, scope);
        break;
      }
      case "function":
      case "loss":
        this.named(item.name, this.scope);
        this.callable(item);
        break;
      case "module":
      case "adapter":
        this.named(item.name, this.scope);
        this.module(item);
        break;
      case "file-let":
        this.named(item.name, this.scope);
        this.expressions.read(item.value, this.scope);
        break;
      case "model":
        this.model(item);
        break;
      case "settings":
        this.settings(item.entries, this.program.scopeOfModels(this.scope));
        break;
    }
  }

  private use(span: Span, declaration: Declaration): void {
    this.uses.push({ span, declaration });
  }

  private named({ text, span }: Name, scope: Scope): void {
    const declaration = scope.lookup(text);
    if (declaration !== null) this.use(span, declaration);
  }

  private know(span: Span, scope: Scope): Scope {
    this.known.push({ span, scope });
    return scope;
  }

  private declare(declaration: Declaration, scope: Scope): void {
    scope.declare(declaration);
    this.use(declaration.name.span, declaration);
  }

  private callable(item: FunctionDeclaration | LossDeclaration): void {
    const scope = this.know(item.span, new Scope(this.scope));
    this.parameters(item.parameters, scope);
    this.body(item.body, scope);
  }

  private parameters(parameters: readonly Parameter[], scope: Scope): void {
    for (const parameter of parameters) {
      if (parameter.type !== null) this.type(parameter.type, scope);
      if (parameter.default !== null) this.expressions.read(parameter.default, scope);
      this.declare(this.program.declarations.parameter(parameter), scope);
    }
  }

  /** A name in a type that is not known yet is that of a size. */
  private type(type: TypeExpression, scope: Scope): void {
    if (type.kind !== "tensor-type") return;
    for (const dim of type.dims) {
      if (dim.kind === "rest") continue;
      if (dim.kind === "name" && scope.lookup(dim.text) === null) {
        const { text, span } = dim;
        this.declare(this.program.declarations.of("size", this.program.nameAt(text, span), span), scope);
      } else this.expressions.read(dim.kind === "spread" ? dim.list : dim, scope);
    }
  }

  private body(body: readonly Statement[], scope: Scope): void {
    for (const statement of body) {
      switch (statement.kind) {
        case "let":
          this.expressions.read(statement.value, scope);
          if (statement.type !== null) this.type(statement.type, scope);
          for (const name of statement.names)
            this.declare(this.program.declarations.of("let", name, statement.span), scope);
          break;
        case "assign":
          this.named(statement.name, scope);
          this.expressions.read(statement.value, scope);
          break;
        case "require":
          this.expressions.read(statement.condition, scope);
          break;
        case "for": {
          const { repetition, span } = statement;
          const inner = this.know(span, new Scope(scope));
          this.expressions.read(repetition.kind === "for" ? repetition.over : repetition.count, scope);
          if (repetition.kind === "for")
            this.declare(this.program.declarations.of("variable", repetition.variable, span), inner);
          this.body(statement.body, inner);
          break;
        }
        case "return":
          this.expressions.read(statement.value, scope);
      }
    }
  }

  private module(item: ModuleDeclaration | AdapterDeclaration): void {
    const scope = this.know(item.span, new Scope(this.scope));
    this.parameters(item.parameters, scope);
    if (item.kind === "adapter") {
      if (item.wraps.kind === "parameter") this.type(item.wraps.type, scope);
      else for (const each of item.wraps.names) this.named(each, scope);
      if (item.standsFor !== null) this.named(item.standsFor, scope);
      this.declare(this.program.declarations.base(item), scope);
    }
    // A `forward` knows all parameters and parts, wherever they stand.
    const members = new Scope(scope);
    for (const member of item.members) {
      const declaration = this.program.declarations.member(member);
      if (declaration !== null) this.declare(declaration, members);
    }
    for (const member of item.members) if (member.kind !== "forward") this.moduleMember(member, members);
    const forward = forwardIn(item);
    if (forward === null) return;
    const inside = this.know(forward.span, new Scope(members));
    this.parameters(forward.parameters, inside);
    this.body(forward.body, inside);
  }

  private moduleMember(member: ModuleMember, scope: Scope): void {
    switch (member.kind) {
      case "param":
      case "part":
        this.stored(member, scope);
        break;
      case "optional-buffer":
        this.optionalBuffer(member, scope);
        break;
      case "let":
      case "require":
        this.body([member], scope);
        break;
      case "peft":
        for (const { value } of member.fields) this.expressions.read(value, scope);
        break;
      case "forward":
        break;
    }
  }

  private stored(member: Extract<ModuleMember, { readonly kind: "param" | "part" }>, scope: Scope): void {
    if (member.kind === "param") {
      if (member.group !== null) this.expressions.read(member.group, scope);
      this.type(member.type, scope);
      if (member.initial !== null) this.expressions.read(member.initial, scope);
    } else {
      const { repetition } = member;
      const inner = new Scope(scope);
      if (repetition !== null) {
        this.expressions.read(repetition.kind === "for" ? repetition.over : repetition.count, scope);
        if (repetition.kind === "for")
          this.declare(this.program.declarations.of("variable", repetition.variable, member.span), inner);
      }
      this.expressions.read(member.module, inner);
    }
    this.tags(member, scope);
  }

  private optionalBuffer({ type, value, when }: OptionalBuffer, scope: Scope): void {
    this.type(type, scope);
    if (value !== null) this.expressions.read(value, scope);
    if (when !== null) this.expressions.read(when, scope);
  }

  private tags({ role, when }: Tags, scope: Scope): void {
    if (role !== null) this.selectors.role(role);
    if (when !== null) this.expressions.read(when, scope);
  }

  private model(item: ModelDeclaration): void {
    this.named(item.name, this.scope);
    if (item.amends !== null) this.named(item.amends, this.scope);
    const scope = this.know(item.span, this.program.scopeOfModel(item, this.scope));
    for (const member of item.members) this.modelMember(member, scope);
  }

  private modelMember(member: ModelMember, scope: Scope): void {
    switch (member.kind) {
      case "input":
        this.named(member.name, scope);
        this.inputType(member.type, scope);
        this.expressions.words(member.source, scope);
        break;
      case "encoder":
        this.named(member.name, scope);
        this.expressions.read(member.module, scope);
        break;
      case "head-let":
      case "metric":
        this.named(member.name, scope);
        this.expressions.read(member.value, scope);
        break;
      case "param":
      case "part":
        this.named(member.name, scope);
        this.stored(member, scope);
        break;
      case "optional-buffer":
        this.named(member.name, scope);
        this.optionalBuffer(member, scope);
        break;
      case "freeze-rule":
        for (const list of [member.selectors, member.except]) this.selectors.read(list, scope);
        break;
      case "parameter-group":
        for (const list of [member.selectors, member.except]) this.selectors.read(list, scope);
        this.settings(member.settings, scope);
        break;
      case "placement":
        this.expressions.read(member.adapter, scope);
        for (const list of [member.selectors, member.except]) this.selectors.read(list, scope);
        break;
      case "loss-use":
        this.expressions.read(member.value, scope);
        break;
      case "expect":
        for (const side of [member.left, member.right]) this.quantity(side, scope);
        break;
      case "addition":
        this.modelMember(member.member, scope);
        break;
      case "removal":
        for (const name of member.names) this.named(name, scope);
    }
  }

  /** `batch` and the like are known without a declaration. */
  private inputType(type: TypeExpression, scope: Scope): void {
    if (type.kind !== "tensor-type") return;
    for (const dim of type.dims)
      if (dim.kind !== "rest") this.expressions.words(dim.kind === "spread" ? dim.list : dim, scope);
  }

  private quantity(quantity: Quantity, scope: Scope): void {
    switch (quantity.kind) {
      case "number":
        break;
      case "computed":
        this.expressions.read(quantity.value, scope);
        break;
      case "measure":
        if (quantity.of !== null) this.selectors.read(quantity.of, scope);
        break;
      case "quantity-binary":
        for (const side of [quantity.left, quantity.right]) this.quantity(side, scope);
    }
  }

  private settings(entries: readonly Setting[], scope: Scope): void {
    for (const { value } of entries) this.expressions.words(value, scope);
  }
}
