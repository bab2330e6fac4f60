import type { Item, ModelMember, ModuleMember, Name, Span } from "../../grammar/index.ts";
import { printExpectation, printPlacement } from "../../grammar/index.ts";
import type { OpenSpec } from "./open-spec.ts";

/** Something in an outline of a file. */
export interface Symbol {
  readonly name: string;
  readonly kind: Item["kind"] | ModelMember["kind"] | ModuleMember["kind"];
  readonly span: Span;
  /** Where its name is. */
  readonly selection: Span;
  readonly children: readonly Symbol[];
}

/** The outline of a spec: what it declares, and what is in that. */
export function outlineOf({ file }: Pick<OpenSpec, "file">): readonly Symbol[] {
  return file.items.flatMap(itemSymbol);
}

function itemSymbol(item: Item): readonly Symbol[] {
  switch (item.kind) {
    case "import":
      return [];
    case "roles":
      return [named(item.kind, item.family, item.span, [])];
    case "function":
    case "loss":
    case "file-let":
      return [named(item.kind, item.name, item.span, [])];
    case "module":
    case "adapter":
    case "model":
      return [named(item.kind, item.name, item.span, item.members.flatMap(symbolOf))];
    case "settings":
      return [
        {
          name: item.block,
          kind: item.kind,
          span: item.span,
          selection: firstOf(item.span, item.block.length),
          children: [],
        },
      ];
  }
}

function symbolOf(member: ModelMember | ModuleMember): readonly Symbol[] {
  switch (member.kind) {
    case "input":
    case "encoder":
    case "head-let":
    case "metric":
    case "param":
    case "optional-buffer":
    case "part":
      return [named(member.kind, member.name, member.span, [])];
    case "placement":
      return [titled(printPlacement(member), member)];
    case "expect":
      return [titled(`expect ${printExpectation(member)}`, member)];
    case "loss-use":
      return [titled("loss", member)];
    case "forward":
      return [titled("forward", member)];
    case "addition":
      return symbolOf(member.member);
    case "let":
      return member.names.map((name) => named(member.kind, name, member.span, []));
    case "freeze-rule":
    case "parameter-group":
    case "removal":
    case "require":
    case "peft":
      return [];
  }
}

function named(kind: Symbol["kind"], name: Name, span: Span, children: readonly Symbol[]): Symbol {
  return { name: name.text, kind, span, selection: name.span, children };
}

function titled(name: string, { kind, span }: ModelMember | ModuleMember): Symbol {
  return { name, kind, span, selection: span, children: [] };
}

function firstOf({ source, start }: Span, length: number): Span {
  return { source, start, end: start + length };
}

/** What can be folded: the bodies of what is declared, and lines of comments and of imports that follow each other. */
export function foldsOf(
  spec: OpenSpec,
): readonly { readonly kind: "region" | "comment" | "imports"; readonly span: Span }[] {
  const { items } = spec.file;
  const bodies = items.flatMap((item) => {
    if (item.kind === "import") return [];
    const inner = item.kind === "module" || item.kind === "adapter" ? item.members : [];
    return [item.span, ...inner.flatMap((member) => (member.kind === "forward" ? [member.span] : []))];
  });
  const imports = items.flatMap((item) => (item.kind === "import" ? [item.span] : []));
  const comments = spec.program.written.parsed.comments.flatMap(({ ownLine, span }) => (ownLine ? [span] : []));
  return [
    ...bodies.map((span) => ({ kind: "region", span }) as const),
    ...runsOf(imports).map((span) => ({ kind: "imports", span }) as const),
    ...runsOf(comments).map((span) => ({ kind: "comment", span }) as const),
  ];
}

/** Spans with nothing but blanks between them, as one. */
function runsOf(spans: readonly Span[]): readonly Span[] {
  const runs: Span[] = [];
  for (const span of spans) {
    const last = runs.at(-1);
    const between = last === undefined ? null : span.source.text.slice(last.end, span.start);
    if (last !== undefined && between !== null && /^[ \t]*\r?\n?[ \t]*$/.test(between))
      runs[runs.length - 1] = { ...last, end: span.end };
    else runs.push(span);
  }
  return runs.filter(({ source, start, end }) => source.text.slice(start, end).includes("\n"));
}
