import { type AdapterDeclaration, createSource, type Expression, parse } from "../../grammar/index.ts";

/** An adapter of the library that says what it is in PEFT. */
export interface LibraryKind {
  /** The file of the library that it is from. */
  readonly library: string;
  /** What a placement calls it. */
  readonly name: string;
  readonly type: string;
  /** The declarations of modules that it can adapt. */
  readonly wraps: readonly string[];
  readonly parameters: AdapterDeclaration["parameters"];
  /** What its `peft` clause says of each field of the config. */
  readonly fields: ReadonlyMap<string, Expression>;
  /** What its tensors are called behind the name of the adapted module. */
  readonly tensors: ReadonlySet<string>;
  /** What those are called that all of its placements share. */
  readonly shared: ReadonlySet<string>;
}

/** The adapters of some texts, by the names of their files, whose declarations have a `peft` clause. */
export function kindsIn(texts: Iterable<readonly [library: string, text: string]>): readonly LibraryKind[] {
  return [...texts].flatMap(([library, text]) => {
    const { items } = parse(createSource(library, text)).file;
    return items.flatMap((item) => (item.kind === "adapter" ? (kindOf(library, item) ?? []) : []));
  });
}

function kindOf(
  library: string,
  { name, standsFor, parameters, wraps, members }: AdapterDeclaration,
): LibraryKind | null {
  const peft = members.find((member) => member.kind === "peft");
  if (peft === undefined) return null;
  const fields = new Map(peft.fields.flatMap((field) => (field.name === null ? [] : [[field.name.text, field.value]])));
  const params = members.filter((member) => member.kind === "param");
  const namesOf = (shared: boolean): ReadonlySet<string> =>
    new Set(params.filter((each) => each.shared === shared).map((each) => each.named?.value ?? each.name.text));
  return {
    library,
    name: (standsFor ?? name).text,
    type: peft.type.text,
    wraps: wraps.kind === "modules" ? wraps.names.map(({ text }) => text) : [],
    parameters,
    fields,
    tensors: namesOf(false),
    shared: namesOf(true),
  };
}
