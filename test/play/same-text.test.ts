import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { at } from "../../runtime/at.ts";
import { run } from "../../runtime/cli/program.ts";
import { pageTexts } from "../../runtime/play/index.ts";
import { answer } from "../../runtime/play/page/compiler/answer.ts";
import { Session } from "../../runtime/play/page/compiler/session.ts";
import type { PrintRequest, Request, Spec } from "../../runtime/play/page/protocol.ts";
import { listeningTerminal } from "../cli/listening-terminal.ts";

const read = pageTexts(null);
if (read.kind !== "ok") throw new Error("the specs are read");
const texts = read.value;
const specs = texts.specs.map(({ path }): Spec => ({ path, text: texts.bundled[path] ?? "", isBundled: true }));

async function printed(...line: readonly string[]): Promise<string> {
  const { terminal, said } = listeningTerminal();
  await run(line, terminal);
  return said.out;
}

function asked(session: Session, request: Request): string {
  const given = answer(request, session);
  return typeof given === "object" && given !== null && "kind" in given && given.kind === "text" ? given.text : "";
}

function printing(session: Session, spec: Spec): (what: PrintRequest["what"]) => string {
  return (what) => asked(session, { kind: "print", spec, what, after: null, withMemory: false });
}

const cases = specs.map((spec) => [spec.path, spec] as const);

test.each(cases)("the page says of %s what commands print", async (path, spec) => {
  const print = printing(new Session(texts), spec);
  expect(print("summary")).toBe(await printed("compile", path));
  expect(print("summary").length).toBeGreaterThan(300);
  expect(print("plan")).toBe(await printed("compile", path, "--emit", "plan"));
  expect(print("parameters")).toBe(await printed("params", path));
});

// These take seconds for each of the larger models.
test.each(cases.filter((_, index) => index % 4 === 0))(
  "the page has the program and the package of %s that commands write, and the same differences",
  async (path, spec) => {
    const session = new Session(texts);
    expect(printing(session, spec)("forward")).toBe(await printed("compile", path, "--emit", "forward"));
    const before = at(specs, 1);
    expect(asked(session, { kind: "compare", before, after: spec })).toBe(await printed("diff", before.path, path));
    const folder = mkdtempSync(join(tmpdir(), "medctc-play-"));
    try {
      await printed("compile", path, "--target", "pytorch", "-o", folder);
      const given = answer({ kind: "package", spec }, session);
      if (typeof given !== "object" || given === null || !("kind" in given) || given.kind !== "files") {
        expect(given).toMatchObject({ kind: "refused" });
        return;
      }
      for (const { name, text } of given.files) expect(text).toBe(readFileSync(join(folder, name), "utf8"));
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
);
