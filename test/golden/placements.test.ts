import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { diff } from "../../runtime/cli/diff.ts";
import { place } from "../../runtime/cli/place.ts";
import { type Terminal, terminalOn } from "../../runtime/cli/terminal.ts";

const defaults = {
  atMost: false,
  kinds: null,
  ranks: Array.from({ length: 63 }, (_, index) => index + 2),
  on: null,
  sameRank: false,
  with: "",
  top: 20,
  costs: 3,
  memory: 0,
  json: false,
};

/** What a command prints, and how it ends. */
function shown(run: (terminal: Terminal) => number): string {
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
    libraryFolder: "specs/std",
    programFile: "",
  });
  const code = run(terminal);
  return `${text}\nexit ${code}\n`;
}

function golden(name: string): string {
  return join(import.meta.dirname, "placements", `${name}.txt`);
}

describe("placements that meet a budget are shown as the golden files say", () => {
  test.each([
    ["reference", "specs/medct.vlm", { budget: "1.67M" }],
    ["reference-attention", "specs/medct.vlm", { budget: "1.67M", on: "vision.attn.qkv,o, text.attn.qkv,o", top: 40 }],
    [
      "dora-at-most",
      "specs/medct-small.vlm",
      { budget: "4K", atMost: true, kinds: ["lora", "dora"], with: "alpha = 2 * rank", sameRank: true, memory: 1 },
    ],
    ["clip", "specs/clip-vit-b32.vlm", { budget: "491_520" }],
    ["none", "specs/medct.vlm", { budget: "17" }],
    ["refused", "specs/medct.vlm", { budget: "1.67M", kinds: ["loro"] }],
  ])("%s", async (name, spec, options) => {
    await expect(shown((terminal) => place(spec, { ...defaults, ...options }, terminal))).toMatchFileSnapshot(
      golden(name),
    );
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
    await expect(shown((terminal) => diff(before, after, { json: false }, terminal))).toMatchFileSnapshot(golden(name));
  });
});
