import { describe, expect, test } from "vitest";
import { commands } from "../../runtime/cli/commands.ts";
import { run } from "../../runtime/cli/program.ts";
import { listeningTerminal } from "./listening-terminal.ts";

const listed = commands.filter(({ isHidden = false }) => !isHidden);

async function helpOf(...words: readonly string[]): Promise<string> {
  const { terminal, said } = listeningTerminal();
  expect(await run([...words, "--help"], terminal)).toBe(0);
  return said.out;
}

describe.each(listed.map(({ words, summary }) => [words.join(" "), words, summary] as const))(
  "`medctc %s --help`",
  (name, words, summary) => {
    test("shows its summary and an example that begins with it", async () => {
      const help = await helpOf(...words);
      expect(help.replaceAll(/\s+/g, " ")).toContain(summary);
      expect(help).toContain(`\n  $ medctc ${name} `.trimEnd());
    });
  },
);

test("the program's help lists every command or its group, and no hidden one", async () => {
  const help = await helpOf();
  for (const { words, isHidden = false } of commands) {
    expect([words[0], help.includes(`\n  ${words[0]} `)]).toEqual([words[0], !isHidden]);
  }
});

test("`medctc help COMMAND` is the command's own help", async () => {
  const { terminal, said } = listeningTerminal();
  expect(await run(["help", "train"], terminal)).toBe(0);
  expect(said.out).toBe(await helpOf("train"));
});
