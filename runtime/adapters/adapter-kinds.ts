import {
  type AdapterDeclaration,
  createSource,
  type Expression,
  type ParamMember,
  parse,
} from "../../grammar/index.ts";

/** An adapter that says what it is in PEFT. */
export interface AdapterKind {
  /** The file of the library that it is from; null where the spec that it is for knows it already. */
  readonly library: string | null;
  /** What a placement calls it. */
  readonly name: string;
  readonly type: string;
  /** The declarations of modules that it can adapt; none of an adapter of parameters. */
  readonly wraps: readonly string[];
  readonly isOfParameter: boolean;
  readonly parameters: AdapterDeclaration["parameters"];
  /** What its `peft` clause says of each field of the config. */
  readonly fields: ReadonlyMap<string, Expression>;
  /** What its tensors are called behind the name of what it adapts. */
  readonly tensors: ReadonlySet<string>;
  /** What modules of its own are called there, which have tensors of their own names. */
  readonly parts: ReadonlySet<string>;
  /** What those are called that all of its placements share. */
  readonly shared: ReadonlySet<string>;
  /** What those are called that groups of its placements share, behind which is the number of a group. */
  readonly grouped: ReadonlySet<string>;
}

/** The adapters of some texts, by the names of their files, whose declarations have a `peft` clause. */
export function kindsIn(texts: Iterable<readonly [library: string, text: string]>): readonly AdapterKind[] {
  return [...texts].flatMap(([library, text]) => {
    const { items } = parse(createSource(library, text)).file;
    return items.flatMap((item) =>
      item.kind === "adapter" ? (kindOf(item, (item.standsFor ?? item.name).text, library) ?? []) : [],
    );
  });
}

/** What a declaration says of PEFT, with what it is called by; null where it has no `peft` clause. */
export function kindOf(
  { parameters, wraps, members }: AdapterDeclaration,
  name: string,
  library: string | null,
): AdapterKind | null {
  const peft = members.find((member) => member.kind === "peft");
  if (peft === undefined) return null;
  const fields = new Map(peft.fields.flatMap((field) => (field.name === null ? [] : [[field.name.text, field.value]])));
  const params = members.filter((member) => member.kind === "param");
  const namesOf = (isOne: (each: ParamMember) => boolean): ReadonlySet<string> =>
    new Set(params.filter(isOne).map((each) => each.named?.value ?? each.name.text));
  const parts = members.flatMap((each) => (each.kind === "part" ? [each.named?.value ?? each.name.text] : []));
  return {
    library,
    name,
    type: peft.type.text,
    wraps: wraps.kind === "modules" ? wraps.names.map(({ text }) => text) : [],
    isOfParameter: wraps.kind === "parameter",
    parameters,
    fields,
    tensors: namesOf((each) => !each.shared),
    parts: new Set(parts),
    shared: namesOf((each) => each.shared && each.group === null),
    grouped: namesOf((each) => each.group !== null),
  };
}

/** The argument of a kind that a field of the config sets; null where none is that field as it is. */
export function argumentFor(
  { fields, parameters }: Pick<AdapterKind, "fields" | "parameters">,
  field: string,
): string | null {
  const value = fields.get(field);
  return value?.kind === "name" && parameters.some(({ name }) => name.text === value.text) ? value.text : null;
}

/** The arguments of an adapter that are its rank, and what its scale is divided from. */
export interface SizeArguments {
  readonly rank: string | null;
  readonly alpha: string | null;
}

/** Those that its `peft` clause has as PEFT's fields for both. */
export function sizeArguments(kind: AdapterKind | null): SizeArguments {
  if (kind === null) return { rank: null, alpha: null };
  return { rank: argumentFor(kind, "r"), alpha: argumentFor(kind, "lora_alpha") ?? argumentFor(kind, "alpha") };
}
