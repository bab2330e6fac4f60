import {
  type Diagnostic,
  didYouMean,
  type FileLet,
  type Item,
  type ModelDeclaration,
  type Name,
  report,
  type SettingsBlock,
  type SettingsName,
  type Span,
} from "../../grammar/index.ts";
import { amendMembers, weave } from "./amend-members.ts";
import { amendSettings } from "./amend-settings.ts";
import type { Replacement } from "./amended.ts";
import type { LoadedFile } from "./imports.ts";

export interface ResolvedVariant {
  /** The file with all that it has of its bases; what is not its own keeps its spans. */
  readonly file: LoadedFile;
  /** What it amends as it is written, the nearest first, with the whole that each stands for. */
  readonly bases: ReadonlyMap<LoadedFile, LoadedFile>;
  readonly replacements: readonly Replacement[];
  readonly diagnostics: readonly Diagnostic[];
}

const blocks: readonly SettingsName[] = ["train", "data", "eval"];

/** A file as the whole that it stands for. Imports have no cycles, so neither do variants of variants. */
export function resolveVariant(file: LoadedFile): ResolvedVariant {
  const { items } = file.parsed.file;
  const [model] = items.filter((item) => item.kind === "model");
  if (model === undefined || model.amends === null) {
    return { file, bases: new Map(), replacements: [], diagnostics: items.flatMap(refuseAmending) };
  }
  const { text: amended } = model.amends;
  const found = findBase(file, model.amends);
  if ("diagnostics" in found) return { file, bases: new Map(), replacements: [], diagnostics: found.diagnostics };
  const base = resolveVariant(found.file);
  const inherited = base.file.parsed.file.items;
  const baseModel = inherited.find((item) => item.kind === "model" && item.name.text === amended);
  const members = amendMembers(model, baseModel?.kind === "model" ? baseModel.members : []);
  const settings = blocks.map((block) => amendSettings(block, settingsOf(items, block), settingsOf(inherited, block)));
  const own = items.filter(({ kind }) => kind !== "model" && kind !== "settings" && kind !== "file-let");
  const replacedLets: Replacement[] = [];
  const lets = weave(items.filter(isLet), inherited.filter(isLet), replacedLets);
  const whole: readonly Item[] = [
    ...inherited.filter(({ kind }) => kind === "import"),
    ...own,
    ...lets,
    { ...model, amends: null, members: members.entries },
    ...settings.flatMap(({ entries }) => entries),
  ];
  return {
    file: {
      ...file,
      parsed: { ...file.parsed, file: { ...file.parsed.file, items: whole } },
      // A variant knows what its base knows; what is said of both stands at its own import.
      imports: [
        ...base.file.imports,
        // Names of the base stand in what the variant has of it, so they are known by themselves.
        ...file.imports.map((each) => (each.file === found.file ? { ...each, alias: null } : each)),
      ],
    },
    bases: new Map([[found.file, base.file], ...base.bases]),
    replacements: [
      ...base.replacements,
      ...replacedLets,
      ...[members, ...settings].flatMap((each) => each.replacements),
    ],
    diagnostics: [...base.diagnostics, ...[members, ...settings].flatMap((each) => each.diagnostics)],
  };
}

function isLet(item: Item): item is FileLet {
  return item.kind === "file-let";
}

function settingsOf(items: readonly Item[], block: SettingsName): readonly SettingsBlock[] {
  return items.filter((item): item is SettingsBlock => item.kind === "settings" && item.block === block);
}

function modelsOf({ parsed }: LoadedFile): readonly ModelDeclaration[] {
  return parsed.file.items.filter((item) => item.kind === "model");
}

function findBase(
  { imports, parsed }: LoadedFile,
  { text, span }: Name,
): { readonly file: LoadedFile } | { readonly diagnostics: readonly Diagnostic[] } {
  for (const { file } of imports) {
    if (modelsOf(file).some(({ name }) => name.text === text)) return { file };
  }
  // What an unreadable import would have had is not known.
  if (imports.length < parsed.file.items.filter(({ kind }) => kind === "import").length) return { diagnostics: [] };
  const names = imports.flatMap(({ file }) => modelsOf(file).map(({ name }) => name.text));
  const help =
    didYouMean(text, names) ??
    (names.length > 0
      ? `its imports have ${names.map((name) => `\`${name}\``).join(", ")}`
      : 'import the spec that has it, such as `import "../thorax"` or `import "specs/medct"`');
  return { diagnostics: [report("unknown-base", span, { name: text }, { help })] };
}

/** What only a variant can say, in a file that is none. */
function refuseAmending(item: Item): readonly Diagnostic[] {
  if (item.kind === "model" && item.amends === null) {
    return item.members.flatMap(({ kind, span }) =>
      kind === "addition" || kind === "removal" ? [refuse(kind === "addition" ? "add" : "remove", span)] : [],
    );
  }
  if (item.kind !== "settings") return [];
  const removals = item.removals.map(({ span }) => refuse("remove", span));
  return item.amends
    ? [refuse(`${item.block} amends`, { ...item.span, end: item.span.start + item.block.length })]
    : removals;
}

function refuse(written: string, span: Span): Diagnostic {
  return report("nothing-amended", span, { written });
}
