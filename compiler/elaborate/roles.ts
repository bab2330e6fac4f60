import { didYouMean, type Name, type RolesDeclaration, type Span } from "../../grammar/index.ts";
import type { FileContext } from "./files.ts";
import type { Role } from "./parameters.ts";
import type { Trace } from "./trace.ts";

/** The role that a tag such as `as attn.kv` names. */
export function resolveRole(
  written: readonly Name[],
  span: Span,
  families: FileContext["families"],
  trace: Trace,
): Role {
  const [family, role, ...more] = written;
  const text = written.map((name) => name.text).join(".");
  const known = family === undefined ? undefined : families.get(family.text);
  if (family === undefined || role === undefined || more.length > 0 || known === undefined) {
    return trace.fail("not-a-role", span, { written: text });
  }
  const { family: declaration, roles } = known;
  if (!roles.includes(role.text)) {
    const help = didYouMean(role.text, roles) ?? `its roles are ${roles.join(", ")}`;
    return trace.fail("unknown-role", role.span, { role: role.text, family: family.text }, { help });
  }
  return { family: declaration, name: role.text, atoms: atomsOf(declaration, role.text) };
}

/** The roles of which a role is made, or the role itself. */
export function atomsOf(family: RolesDeclaration, role: string): ReadonlySet<string> {
  const atoms = new Set<string>();
  const seen = new Set<string>();
  const collect = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    const declared = family.roles.find((each) => each.name.text === name);
    if (declared === undefined || declared.covers.length === 0) atoms.add(name);
    else for (const covered of declared.covers) collect(covered.text);
  };
  collect(role);
  return atoms;
}
