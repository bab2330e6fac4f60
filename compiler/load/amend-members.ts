import {
  calleeName,
  type Diagnostic,
  type FileLet,
  type ModelDeclaration,
  type ModelMember,
  type Name,
  type Removal,
  report,
  type Unnamed,
} from "../../grammar/index.ts";
import type { Amended, Replacement } from "./amended.ts";

type Named = Exclude<ModelMember, Unnamed | { readonly kind: "addition" | "removal" }>;

/**
 * The members of a variant. What has a name takes the place of the base's member of that name, or is added; what has none takes
 * the place of all of its kind, or is added where it stands behind `add`. Rules, placements, losses and expectations come last, because
 * a loss may use every `let`.
 */
export function amendMembers(
  { amends, members: own }: Pick<ModelDeclaration, "amends" | "members">,
  inherited: readonly ModelMember[],
): Amended<ModelMember> {
  const diagnostics: Diagnostic[] = [];
  const removals = own.filter((member): member is Removal => member.kind === "removal");
  const kept = remove(removals, inherited, diagnostics);
  const ownUnnamed = own.filter(isUnnamed);
  const kinds = new Set(ownUnnamed.map(({ kind }) => kind));
  const replaced = kept.filter(isUnnamed).filter(({ kind }) => kinds.has(kind));
  const replacements = ownUnnamed.flatMap((member): readonly Replacement[] => {
    const of = replaced.find(({ kind }) => kind === member.kind);
    return of === undefined ? [] : [{ by: member.span, of: of.span }];
  });
  const rules = ownUnnamed.filter((member) => member.kind === "freeze-rule");
  const freezes = (member: Unnamed): boolean => member.kind === "freeze-rule" && member.action === "freeze";
  const [rule] = rules;
  if (rule !== undefined && !rules.some(freezes) && replaced.some(freezes)) {
    diagnostics.push(report("freeze-dropped", rule.span, { base: amends?.text ?? "" }));
  }
  const unnamed: readonly Unnamed[] = [
    ...kept.filter(isUnnamed).filter(({ kind }) => !kinds.has(kind)),
    ...own.flatMap((member) => (member.kind === "addition" ? [member.member] : isUnnamed(member) ? [member] : [])),
  ];
  const named = weave(own.filter(isNamed), kept.filter(isNamed), replacements);
  const last = unnamedKinds.flatMap((kind) => unnamed.filter((member) => member.kind === kind));
  return { entries: [...named, ...last], replacements, diagnostics };
}

const unnamedKinds: readonly Unnamed["kind"][] = ["freeze-rule", "placement", "parameter-group", "loss-use", "expect"];

function isUnnamed(member: ModelMember): member is Unnamed {
  return !isNamed(member) && member.kind !== "addition" && member.kind !== "removal";
}

function isNamed(member: ModelMember): member is Named {
  return "name" in member;
}

/** The base without what is removed of it: a member by its name, or else the placements of an adapter by its own. */
function remove(
  removals: readonly Removal[],
  inherited: readonly ModelMember[],
  diagnostics: Diagnostic[],
): readonly ModelMember[] {
  let kept = inherited;
  for (const name of removals.flatMap(({ names }) => names)) {
    const isNamedSo = (member: ModelMember): boolean => isNamed(member) && member.name.text === name.text;
    const isMeant = kept.some(isNamedSo) ? isNamedSo : (member: ModelMember): boolean => places(member, name);
    const rest = kept.filter((member) => !isMeant(member));
    if (rest.length === kept.length) diagnostics.push(report("nothing-removed", name.span, { name: name.text }));
    kept = rest;
  }
  return kept;
}

function places(member: ModelMember, { text }: Name): boolean {
  if (member.kind !== "placement") return false;
  return calleeName(member.adapter) === text;
}

/**
 * Puts a variant's named members among those of its base, where a member knows those before it. Its own keep their order: one with a
 * name of the base stands in that place, or behind the one before it where that stands later; one with a new name stands before the
 * next with a name of the base, or at the end; a new input stands before the encoders, which take it.
 */
export function weave<Member extends Named | FileLet>(
  own: readonly Member[],
  inherited: readonly Member[],
  replacements: Replacement[],
): readonly Member[] {
  const woven = [...inherited];
  let from = 0;
  let waiting: Member[] = [];
  for (const member of own) {
    const place = woven.findIndex(
      ({ name, span }) => name.text === member.name.text && span.source !== member.span.source,
    );
    const before = woven[place];
    if (before !== undefined) {
      replacements.push({ by: member.span, of: before.span });
      woven.splice(place, 1);
      if (place < from) from--;
      const at = Math.max(place, from);
      woven.splice(at, 0, ...waiting, member);
      from = at + waiting.length + 1;
      waiting = [];
      continue;
    }
    const encoder = woven.findIndex(({ kind }) => kind === "encoder");
    if (member.kind === "input" && encoder >= from && waiting.length === 0) {
      woven.splice(encoder, 0, member);
      from = encoder + 1;
    } else waiting.push(member);
  }
  return [...woven, ...waiting];
}
