import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";
import * as v from "valibot";
import { type Category, differencesFrom } from "../highlighting/own-tokens.ts";
import { examples, specs, type Text } from "../highlighting/texts.ts";
import { print } from "../print.ts";

/**
 * Neovim without a screen, with the settings that the README gives: the colours of every spec and of every example of LANGUAGE.md beside
 * the lexer's tokens, and what the language server says. The argument is a Neovim of 0.11 or later.
 */
const [neovim = "nvim"] = process.argv.slice(2);
const row = v.object({ path: v.string(), rows: v.array(v.union([v.array(v.string()), v.object({})])) });
const folder = mkdtempSync(join(tmpdir(), "medctc-neovim-"));

function run(args: readonly string[], env: NodeJS.ProcessEnv = process.env): string {
  const { status, stdout, stderr, error } = spawnSync(neovim, ["--headless", "-u", "NONE", "-i", "NONE", ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
    timeout: 120_000,
    env,
    maxBuffer: 2 ** 28,
  });
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${neovim} ended with ${status}\n${stdout}${stderr}`);
  return stdout;
}

const categories: Readonly<Record<string, Category>> = {
  vlmComment: "comment",
  vlmString: "string",
  vlmPattern: "string",
  vlmEscape: "string",
  vlmPlaceholder: "string",
  vlmNumber: "number",
  vlmDeclaration: "keyword",
  vlmControl: "keyword",
  vlmRule: "keyword",
  vlmWordOperator: "keyword",
  vlmValue: "keyword",
  vlmOperator: "symbol",
  vlmName: "name",
  vlmFunction: "name",
  vlmArgument: "name",
  vlmType: "name",
};

/** A dot is a part of what colours the member behind it; a symbol need not have a colour. */
function categoryOf(group: string, character: string): Category {
  if (group === "" || group === "vlmMember") return /[A-Za-z0-9_]|[^\p{ASCII}]/u.test(character) ? "name" : "symbol";
  return categories[group] ?? "blank";
}

/** How often the groups of Vim's syntax are not what the lexer finds. */
function checkColours(texts: readonly Text[]): number {
  const named = texts.map(({ text }, index) => ({ path: join(folder, `${index}.vlm`), text }));
  for (const { path, text } of named) writeFileSync(path, text);
  const printed = run(["-c", "luafile test/editors/groups.lua", ...named.map(({ path }) => path)]);
  let wrong = 0;
  for (const [index, line] of printed.trimEnd().split("\n").entries()) {
    const { rows } = v.parse(row, JSON.parse(line));
    const { name = "", text = "" } = texts[index] ?? {};
    const seen = text.split("\n").flatMap((written, at): readonly Category[] => {
      const groups = rows[at];
      // Vim counts bytes: only ASCII has as many of them as characters.
      const found = Array.isArray(groups) ? groups : [];
      const bytes = Array.from(written, (character) => Buffer.byteLength(character));
      let byte = 0;
      const here = bytes.map((length, place): Category => {
        const group = String(found[byte] ?? "");
        byte += length;
        return categoryOf(group, [...written][place] ?? "");
      });
      return [...here, "blank"];
    });
    const differences = differencesFrom(text, seen);
    wrong += differences.length;
    for (const each of differences.slice(0, 5)) print(`WRONG  ${name}: ${each}`);
  }
  return wrong;
}

const answers = v.object({
  diagnostics: v.array(v.string()),
  hover: v.string(),
  completion: v.array(v.string()),
  tokens: v.number(),
});

/** Asks the language server of a spec with one mistake, by a `medctc` on the PATH. */
function checkServer(): void {
  const bin = join(folder, "bin");
  mkdirSync(bin);
  symlinkSync(resolve("dist/medctc.js"), join(bin, "medctc"));
  const spec = join(folder, "wrong.vlm");
  const right = readFileSync("specs/medct-small.vlm", "utf8");
  writeFileSync(spec, right.replace("on vision.attn.qkv, text", "on vision.attn.v, text"));
  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env["PATH"]}` };
  const printed = run(["-c", "luafile test/editors/language-server.lua", spec], env);
  const { diagnostics, hover, completion, tokens } = v.parse(answers, JSON.parse(printed));
  const expected: readonly (readonly [what: string, holds: boolean, found: string])[] = [
    ["diagnostics", diagnostics.length === 1 && diagnostics[0]?.startsWith("E504") === true, diagnostics.join("; ")],
    ["hover", hover.includes("encoder text"), hover.split("\n").slice(0, 3).join(" ")],
    ["completion", ["q", "k", "v", "qkv"].every((role) => completion.includes(role)), completion.join(" ")],
    ["semantic tokens", tokens > 20, `${tokens}`],
  ];
  for (const [what, holds, found] of expected) {
    print(`${holds ? "fine " : "WRONG"}  ${what}: ${found}`);
    if (!holds) process.exitCode = 1;
  }
}

try {
  checkServer();
  const texts = [...specs, ...examples];
  const wrong = checkColours(texts);
  print(`${wrong === 0 ? "fine " : "WRONG"}  the colours of ${texts.length} texts: ${wrong} differences`);
  if (wrong > 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
