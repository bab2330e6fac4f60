import type * as ast from "../../grammar/ast.ts";

/** Drops the members whose names stand before them already. */
export function distinct<Member extends ast.ModuleMember | ast.ModelMember>(
  members: readonly Member[],
): readonly Member[] {
  const seen = new Set<string>();
  return members.filter((member) => {
    const names = namesOf(member);
    const isNew = names.every((made) => !seen.has(made));
    for (const made of names) seen.add(made);
    return isNew;
  });
}

function namesOf(member: ast.ModuleMember | ast.ModelMember): readonly string[] {
  if (member.kind === "let") return member.names.map((made) => made.text);
  return "name" in member ? [member.name.text] : [];
}
