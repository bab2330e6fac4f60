import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { placeCard, readUserCard } from "../../runtime/card/index.ts";
import { code, codeBlock, inline } from "../../runtime/card/markdown.ts";
import { hostileNames, obeyed } from "../cli/hostile-names.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-card-"));
afterAll(() => rmSync(folder, { recursive: true }));

const card = '---\ntags:\n  - "medctc"\n---\n\n# model\n';

/** A new folder with some files; gives the path of its card. */
function folderWith(files: Readonly<Record<string, string>>): {
  readonly path: string;
  readonly text: (name: string) => string;
} {
  const own = mkdtempSync(join(folder, "place-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(own, name), text);
  return { path: join(own, "README.md"), text: (name) => readFileSync(join(own, name), "utf8") };
}

describe("a card", () => {
  test("is written where nothing is, and takes the place of one of ours", () => {
    const { path, text } = folderWith({});
    expect(placeCard(path, card)).toMatchObject({ value: { path, kind: "written" } });
    const first = text("README.md");
    expect(first.replace(/<!-- .*\n/, "")).toBe(card);
    expect(placeCard(path, card.replace("model", "other"))).toMatchObject({ value: { path, kind: "written" } });
    expect(text("README.md")).toContain("# other\n");
    expect(placeCard(path, card)).toMatchObject({ kind: "ok" });
    expect(text("README.md")).toBe(first);
  });

  test("leaves what somebody wrote or edited, and goes beside it", () => {
    const { path, text } = folderWith({ "README.md": "# Mine\n" });
    const beside = path.replace("README.md", "README.medctc.md");
    expect(placeCard(path, card)).toMatchObject({ value: { path: beside, kind: "beside" } });
    expect(text("README.md")).toBe("# Mine\n");
    const edited = folderWith({});
    placeCard(edited.path, card);
    const own = `${edited.text("README.md")}\nValidated on 40 scans.\n`;
    writeFileSync(edited.path, own);
    expect(placeCard(edited.path, card)).toMatchObject({ value: { kind: "beside" } });
    expect(edited.text("README.md")).toBe(own);
  });

  test("is not written where both files are somebody's, or not files", () => {
    const { path, text } = folderWith({ "README.md": "# Mine\n", "README.medctc.md": "# Mine, too\n" });
    expect(placeCard(path, card)).toMatchObject({ value: { kind: "none" } });
    expect(text("README.medctc.md")).toBe("# Mine, too\n");
    const other = folderWith({});
    mkdirSync(other.path);
    expect(placeCard(other.path, card)).toMatchObject({ value: { kind: "beside" } });
    expect(readdirSync(other.path)).toEqual([]);
  });
});

describe("names in a card", () => {
  test.each(hostileNames.map((name) => [JSON.stringify(name), name] as const))("%s", (_, name) => {
    const shown = [inline(name), code(name), codeBlock("", name)];
    for (const text of shown) expect(text.replaceAll("\n", "")).not.toMatch(obeyed);
    expect(inline(name)).not.toMatch(/(?<!\\)[<>[\]]/);
  });

  test("are code between more backticks than they have, and end no block of code", () => {
    expect(code("a`` ` <b>")).toBe("```a`` ` <b>```");
    expect(code("`a")).toBe("`` `a ``");
    expect(codeBlock("", "```\n# heading\n````")).toBe("`````\n```\n# heading\n````\n`````\n");
    expect(inline("# a *b* | [c](javascript:d) &lt;\ne")).toBe(
      "\\# a \\*b\\* \\| \\[c\\](javascript:d) &amp;lt;\\\\u{a}e",
    );
  });
});

describe("what its user says of a model", () => {
  test("are fields as they were written, and sections by their headings", () => {
    const text = `---
license: apache-2.0
datasets: [ct-rate]
language:
  - en
---
## Intended use

Research.

\`\`\`
## no heading
\`\`\`

## Limits
Chest CT alone.
`;
    const read = readUserCard("card.md", text);
    expect(read).toEqual({
      kind: "ok",
      value: {
        fields: new Map([
          ["license", "license: apache-2.0"],
          ["datasets", "datasets: [ct-rate]"],
          ["language", "language:\n  - en"],
        ]),
        sections: new Map([
          ["Intended use", "Research.\n\n```\n## no heading\n```"],
          ["Limits", "Chest CT alone."],
        ]),
      },
    });
  });

  test.each([
    ["---\nlicense: mit\n", "card.md:1: its front matter has no end"],
    ["---\nlicense: mit\nlicense: mit\n---\n", "card.md:3:1: duplicate `license`"],
    ["---\na: *b\n---\n", "card.md:2:4: aliases are not supported"],
    ["---\n{license: mit}\n---\n", 'card.md:2: "license" does not begin a line of its own'],
    [`---\na: ${"[".repeat(10_000)}\n---\n`, "card.md: its values are nested deeper than 64"],
    ["Text.\n", "card.md: it has no sections"],
    ["Text.\n## Limits\n", "card.md:2: there is text before the first section"],
    ["## Limits\na\n## Limits\nb\n", 'card.md:3: duplicate section "Limits"'],
  ])("%j is refused", (text, message) => {
    const read = readUserCard("card.md", text);
    expect(read.kind === "failed" ? `${read.problem.subject}: ${read.problem.message}` : "").toContain(message);
  });
});
