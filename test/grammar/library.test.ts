import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { formatFile } from "../../grammar/format.ts";
import { createSource, type File, type Item, parse } from "../../grammar/index.ts";

const page = readFileSync("grammar/LANGUAGE.md", "utf8");

/** A section of the reference: its signatures, and all of its text. */
interface Section {
  readonly signatures: string;
  readonly text: string;
}

const sections: ReadonlyMap<string, Section> = new Map(
  [...page.matchAll(/^### std\/(\w+)\n(.*?)(?=^##)/gms)].map(([, name = "", text = ""]) => [
    name,
    { signatures: /^```\n(.*?)^```$/ms.exec(text)?.[1] ?? "", text },
  ]),
);

const files = readdirSync("specs/std").map((file) => {
  const { file: tree } = parse(createSource(file, readFileSync(`specs/std/${file}`, "utf8")));
  return { name: file.replace(/\.vlm$/, ""), tree };
});

/** A declaration without its body, as the formatter prints it. */
function signatureOf(tree: File, item: Item): string {
  const bare = "members" in item ? { ...item, members: [] } : "body" in item ? { ...item, body: [] } : item;
  return formatFile({ ...tree, items: [bare] }, []).replace(/ \{\}\n$/, "\n");
}

/** The roles that a file's own modules give to their parts. */
function rolesOf({ items }: File): readonly string[] {
  return items.flatMap((item) =>
    item.kind !== "module"
      ? []
      : item.members.flatMap((member) =>
          member.kind === "part" && member.role !== null ? [member.role.map(({ text }) => text).join(".")] : [],
        ),
  );
}

test("the reference in LANGUAGE.md has a section for each file of specs/std", () => {
  expect([...sections.keys()]).toEqual(files.map(({ name }) => name).toSorted());
});

test.each(files)("LANGUAGE.md gives the signatures and the roles of std/$name", ({ name, tree }) => {
  const section = sections.get(name);
  const declarations = tree.items.filter(({ kind }) => kind !== "import");
  expect(section?.signatures).toBe(declarations.map((item) => signatureOf(tree, item)).join(""));
  for (const role of rolesOf(tree)) expect(section?.text).toContain(`\`${role}\``);
});
