import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { run } from "../../runtime/cli/program.ts";
import { terminalOn } from "../../runtime/cli/terminal.ts";

/** What a command prints, and how it ends. */
async function shown(...words: readonly string[]): Promise<string> {
  let text = "";
  const write = (part: string): void => {
    text += part;
  };
  const terminal = terminalOn({
    out: write,
    err: write,
    outIsTerminal: false,
    colour: false,
    interactive: false,
    readInput: () => Promise.resolve(new Uint8Array()),
    ask: null,
    programFile: "",
  });
  const code = await run(words, terminal);
  return `${text}\nexit ${code}\n`;
}

function golden(name: string): string {
  return join(import.meta.dirname, "placements", `${name}.txt`);
}

describe("placements that meet a budget are shown as the golden files say", () => {
  test.each([
    ["reference", ["specs/medct.vlm", "--budget", "1.67M"]],
    [
      "reference-attention",
      ["specs/medct.vlm", "--budget", "1.67M", "--on", "vision.attn.qkv,o, text.attn.qkv,o", "--top", "40"],
    ],
    [
      "dora-at-most",
      [
        ...["specs/medct-small.vlm", "--budget", "4K", "--at-most", "--kinds", "lora,dora", "--same-rank"],
        ...["--with", "alpha = 2 * rank", "--memory", "1"],
      ],
    ],
    ["clip", ["specs/clip-vit-b32.vlm", "--budget", "491_520"]],
    ["none", ["specs/medct.vlm", "--budget", "17"]],
    ["refused", ["specs/medct.vlm", "--budget", "1.67M", "--kinds", "loro"]],
  ])("%s", async (name, words) => {
    await expect(await shown("place", ...words, "--costs", "3")).toMatchFileSnapshot(golden(name));
  });
});

describe("what two specs differ in is shown as the golden files say", () => {
  test.each([
    ["diff-same", "specs/medct.vlm", "specs/medct.vlm"],
    ["diff-card", "specs/medct.vlm", "examples/placements/card.vlm"],
    ["diff-heads", "specs/medct.vlm", "examples/placements/heads.vlm"],
    ["diff-families", "specs/medct.vlm", "specs/clip-vit-b32.vlm"],
    ["diff-missing", "specs/medct.vlm", "specs/none.vlm"],
    ["diff-broken", "specs/medct-small.vlm", "test/golden/errors/cannot-adapt.vlm"],
  ])("%s", async (name, before, after) => {
    await expect(await shown("diff", before, after)).toMatchFileSnapshot(golden(name));
  });
});
