import type {
  AdapterDeclaration,
  Call,
  Expression,
  ForwardMember,
  ModelDeclaration,
  ModelMember,
  ModuleDeclaration,
  ModuleMember,
  Name,
  Parameter,
  RolesDeclaration,
  Span,
  Statement,
} from "../../grammar/index.ts";

/** Something that has a name, where it gets it. One object stands for each, so that two names of one thing can be told by it. */
export interface Declaration {
  readonly kind:
    | "function"
    | "loss"
    | "module"
    | "adapter"
    | "model"
    | "let"
    | "family"
    | "role"
    | "import"
    | "input"
    | "encoder"
    | "metric"
    | "param"
    | "optional-buffer"
    | "part"
    | "parameter"
    | "size"
    | "variable"
    | "base";
  readonly name: Name;
  /** All that declares it. */
  readonly span: Span;
  /** What makes the module that it stands for. */
  readonly made: Call | null;
  /** What can be said of a call of it. */
  readonly parameters: readonly Parameter[] | null;
}

/** What makes declarations, each once. */
export class Declarations {
  private readonly known = new Map<Name, Declaration>();
  private readonly members = new Map<ModuleDeclaration | AdapterDeclaration, ReadonlyMap<string, Declaration>>();

  of(
    kind: Declaration["kind"],
    name: Name,
    span: Span,
    made: Call | null = null,
    parameters: readonly Parameter[] | null = null,
  ): Declaration {
    const known = this.known.get(name) ?? { kind, name, span, made, parameters };
    this.known.set(name, known);
    return known;
  }

  parameter(parameter: Parameter): Declaration {
    return this.of("parameter", parameter.name, parameter.span);
  }

  roles({ family, roles, span }: RolesDeclaration): {
    readonly family: Declaration;
    readonly roles: readonly Declaration[];
  } {
    return {
      family: this.of("family", family, span),
      roles: roles.map((role) => this.of("role", role.name, role.span)),
    };
  }

  /** What an adapter wraps, of which it knows what the first kind of module has. */
  base({ base, wraps }: AdapterDeclaration): Declaration {
    const first = wraps.kind === "modules" ? wraps.names[0] : undefined;
    const made: Call | null =
      first === undefined ? null : { kind: "call", callee: calleeOf(first), arguments: [], span: first.span };
    const last = wraps.kind === "modules" ? wraps.names.at(-1) : wraps.type;
    return this.of("base", base, { ...base.span, end: last?.span.end ?? base.span.end }, made);
  }

  /** A member with a name of its own; null for those without, and for what a variant removes. */
  member(member: ModelMember | ModuleMember): Declaration | null {
    switch (member.kind) {
      case "input":
      case "metric":
      case "param":
      case "optional-buffer":
        return this.of(member.kind, member.name, member.span);
      case "encoder":
      case "part":
        return this.of(member.kind, member.name, member.span, member.module);
      case "head-let":
        return this.of("let", member.name, member.span, madeBy(member.value));
      case "let":
      case "require":
      case "forward":
      case "peft":
      case "freeze-rule":
      case "parameter-group":
      case "placement":
      case "loss-use":
      case "expect":
      case "addition":
      case "removal":
        return null;
    }
  }

  membersOfModel({ members }: ModelDeclaration): readonly Declaration[] {
    return members.flatMap((member) => this.member(member) ?? []);
  }

  /** What is reached by a dot behind a module: its arguments, parameters and parts, and the lets of its `forward`. */
  membersOf(module: ModuleDeclaration | AdapterDeclaration): ReadonlyMap<string, Declaration> {
    const known = this.members.get(module);
    if (known !== undefined) return known;
    const forward = forwardIn(module);
    const all = [
      ...module.parameters.map((each) => this.parameter(each)),
      ...(forward?.parameters ?? []).map((each) => this.parameter(each)),
      ...module.members.flatMap((member) => (member.kind === "let" ? this.letsOf([member]) : [])),
      ...this.letsOf(forward?.body ?? []),
      ...module.members.flatMap((member) => this.member(member) ?? []),
    ];
    const members = new Map(all.map((each) => [each.name.text, each]));
    this.members.set(module, members);
    return members;
  }

  private letsOf(body: readonly Statement[]): readonly Declaration[] {
    return body.flatMap((statement): readonly Declaration[] => {
      if (statement.kind === "for") return this.letsOf(statement.body);
      if (statement.kind !== "let") return [];
      return statement.names.map((name) => this.of("let", name, statement.span));
    });
  }
}

/** The `forward` of a module; null where a broken file has none. */
export function forwardIn({ members }: ModuleDeclaration | AdapterDeclaration): ForwardMember | null {
  return members.find((member) => member.kind === "forward") ?? null;
}

/** `linear`, or `v.linear` of an import with a name of its own. */
function calleeOf({ text, span }: Name): Expression {
  const [first = "", second] = text.split(".");
  const object: Expression = { kind: "name", text: first, span };
  return second === undefined ? object : { kind: "member", object, name: { text: second, span }, span };
}

/** The call behind the last `|>`, which may make a head. */
function madeBy(value: Expression): Call | null {
  return value.kind === "pipe" && value.into.kind === "call" ? value.into : null;
}
