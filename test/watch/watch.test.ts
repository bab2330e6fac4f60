import { mkdirSync, renameSync, rmSync, symlinkSync, unlinkSync, writeFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { terminalOn } from "../../runtime/cli/terminal.ts";
import { medctc, prepareProgram } from "../cli/medctc.ts";
import { SpecFolder, Watching } from "./watching.ts";

const folders: SpecFolder[] = [];
const watches: Watching[] = [];

beforeAll(prepareProgram);

afterEach(async () => {
  for (const watching of watches.splice(0)) await watching.stop();
  for (const folder of folders.splice(0)) folder.remove();
});

function spec(rank: number, imports: readonly string[] = ["./part"]): string {
  return `${imports.map((name) => `import "${name}"\n`).join("")}import "std/linear"
import "std/lora"

model small {
  input x: f32[batch, 8] = table(columns = classes)
  part tower = tower()

  let y = tower(x)

  freeze tower
  lora(rank = ${rank}) on tower.first
  loss mean(y)
}

train {
  batch = 2
}

eval {
  classes = ["a", "b", "c", "d", "e", "f", "g", "h"]
}
`;
}

function part(width: number): string {
  return `import "std/linear"

module tower() {
  part first = linear(${width}, 8)

  forward(x: f32[batch, 8]) {
    return first(x)
  }
}
`;
}

function project(): SpecFolder {
  const folder = new SpecFolder();
  folders.push(folder);
  folder.write("small.vlm", spec(2));
  folder.write("part.vlm", part(8));
  return folder;
}

function watch(...words: readonly string[]): Watching {
  const watching = new Watching(...words);
  watches.push(watching);
  return watching;
}

describe.each([
  ["events", []],
  ["polling", ["--poll"]],
] as const)("by %s", (_, options) => {
  test("each way of saving compiles once, with what changed since the last good one", async () => {
    const folder = project();
    const watching = watch(folder.path("small.vlm"), "--json", ...options);
    expect(await watching.compile(0)).toMatchObject({
      ...{ changed: [], isGood: true, lastGood: null, comparison: null },
      summary: { totals: { trainable: 32 } },
    });
    folder.rename("small.vlm", spec(4));
    expect(await watching.compile(1)).toMatchObject({
      changed: [folder.path("small.vlm")],
      summary: { totals: { trainable: 64 } },
      lastGood: { totals: { trainable: 32 } },
      comparison: { isEqual: false },
    });
    // In two parts, with the file empty and then cut off between.
    folder.write("small.vlm", "");
    await wait(100);
    const text = spec(1);
    folder.write("small.vlm", text.slice(0, 60));
    await wait(20);
    folder.write("small.vlm", text);
    expect(await watching.compile(2)).toMatchObject({ isGood: true, summary: { totals: { trainable: 16 } } });
    folder.write("small.vlm", spec(1));
    expect(await watching.compile(3)).toMatchObject({ isGood: true, comparison: { isEqual: true } });
    await wait(1000);
    expect(watching.compiles()).toHaveLength(4);
    expect(await watching.stop()).toMatchObject({ code: 130, err: "" });
  });

  test("imports are watched, also new ones, and those that are missing", async () => {
    const folder = project();
    const watching = watch(folder.path("small.vlm"), "--json", ...options);
    await watching.compile(0);
    folder.rename("part.vlm", part(16));
    expect(await watching.compile(1)).toMatchObject({
      changed: [folder.path("part.vlm")],
      summary: { totals: { trainable: 48 } },
    });
    folder.rename("small.vlm", spec(2, ["./below/new"]));
    expect(await watching.compile(2)).toMatchObject({ compiles: false, lastGood: { totals: { trainable: 48 } } });
    // Neither the file nor its folder was there when the watch began.
    folder.write("below/new.vlm", part(32));
    expect(await watching.compile(3)).toMatchObject({ isGood: true, summary: { totals: { trainable: 80 } } });
    folder.write("below/new.vlm", part(24));
    expect(await watching.compile(4)).toMatchObject({ isGood: true, summary: { totals: { trainable: 64 } } });
    folder.rename("part.vlm", part(64));
    await wait(1000);
    expect(watching.compiles()).toHaveLength(5);
  });

  test("a broken spec is told with its diagnostics, and compared with the last good one when it is mended", async () => {
    const folder = project();
    const watching = watch(folder.path("small.vlm"), "--json", ...options);
    await watching.compile(0);
    folder.rename("small.vlm", spec(9));
    expect(await watching.compile(1)).toMatchObject({
      ...{ compiles: false, isGood: false, summary: null, comparison: null },
      diagnostics: [{ code: "E406" }],
      lastGood: { totals: { trainable: 32 } },
    });
    folder.rename("small.vlm", spec(2));
    expect(await watching.compile(2)).toMatchObject({ isGood: true, comparison: { isEqual: true } });
  });

  test("a file that is deleted and comes back is told twice, with its folder, too", async () => {
    const folder = project();
    const watching = watch(folder.path("small.vlm"), "--json", ...options);
    await watching.compile(0);
    unlinkSync(folder.path("small.vlm"));
    expect(await watching.compile(1)).toMatchObject({ compiles: false, diagnostics: [{ code: "E201" }] });
    folder.write("small.vlm", spec(4));
    expect(await watching.compile(2)).toMatchObject({ isGood: true, lastGood: { totals: { trainable: 32 } } });
    renameSync(folder.root, `${folder.root}-moved`);
    expect(await watching.compile(3)).toMatchObject({ compiles: false });
    rmSync(`${folder.root}-moved`, { recursive: true });
    mkdirSync(folder.root);
    folder.write("part.vlm", part(8));
    folder.write("small.vlm", spec(8));
    await expect.poll(() => watching.compiles().at(-1)?.isGood, { timeout: 30_000 }).toBe(true);
    expect(watching.compiles().at(-1)).toMatchObject({ summary: { totals: { trainable: 128 } } });
  });

  test("files behind links are watched where they lie, and links that change", async () => {
    const folder = project();
    folder.write("package.json", "{}");
    folder.write("stored/first.vlm", spec(2));
    folder.write("stored/second.vlm", spec(4));
    folder.write("stored/part.vlm", part(8));
    unlinkSync(folder.path("part.vlm"));
    symlinkSync(folder.path("stored/part.vlm"), folder.path("part.vlm"));
    symlinkSync(folder.path("stored/first.vlm"), folder.path("linked.vlm"));
    const watching = watch(folder.path("linked.vlm"), "--json", ...options);
    expect(await watching.compile(0)).toMatchObject({ summary: { totals: { trainable: 32 } } });
    writeFileSync(folder.path("stored/first.vlm"), spec(1));
    expect(await watching.compile(1)).toMatchObject({ summary: { totals: { trainable: 16 } } });
    writeFileSync(folder.path("stored/part.vlm"), part(16));
    expect(await watching.compile(2)).toMatchObject({ summary: { totals: { trainable: 24 } } });
    unlinkSync(folder.path("linked.vlm"));
    symlinkSync(folder.path("stored/second.vlm"), folder.path("linked.vlm"));
    expect(await watching.compile(3)).toMatchObject({ summary: { totals: { trainable: 96 } } });
  });
});

test("in a pipe there are plain lines with the time, diagnostics beside them, and nothing that moves a cursor", async () => {
  const folder = project();
  const path = folder.path("small.vlm");
  const watching = watch(path, "--set", "train.batch=4");
  await watching.says("estimated cost of a batch of 4");
  folder.rename("small.vlm", spec(4));
  await watching.says("changes since ");
  folder.rename("part.vlm", "module");
  await watching.says("last good: ");
  const { code, out, err } = await watching.stop("SIGTERM");
  expect(code).toBe(143);
  expect(out).not.toContain("\x1b");
  const [first, changes] = out
    .split("\n\n[")
    .map((each) => each.replaceAll(/\d\d:\d\d:\d\d/g, "HH:MM:SS").replaceAll(/\d+\.\d\d s/g, "N s"));
  expect(first).toMatch(/^\[HH:MM:SS\] .*small\.vlm: compiles in N s\n/);
  expect(changes).toContain(
    `small.vlm: compiles in N s

changes since HH:MM:SS
  adapters
    changed lora: rank 2 -> 4, alpha 2 -> 4
      tower.first: 1 module
`,
  );
  expect(changes).toMatch(/trainable +32 -> 64 +\+32\n/);
  expect(out).toMatch(
    /small\.vlm: does not compile after a change of .*part\.vlm: \d+ errors?\nlast good: \d\d:\d\d:\d\d, 64 of \d+ parameters trained/,
  );
  expect(err).toMatch(/^error\[E\d+\]/);
});

test("an expectation that fails is shown with the summary, and is not what later ones are compared with", async () => {
  const folder = project();
  const expecting = (rank: number): string => spec(rank).replace("  loss", "  expect trainable = 32\n  loss");
  folder.write("small.vlm", expecting(2));
  const watching = watch(folder.path("small.vlm"), "--json");
  expect(await watching.compile(0)).toMatchObject({ isGood: true });
  folder.rename("small.vlm", expecting(4));
  expect(await watching.compile(1)).toMatchObject({ compiles: true, isGood: false, comparison: { isEqual: false } });
  folder.rename("small.vlm", expecting(2));
  expect(await watching.compile(2)).toMatchObject({ isGood: true, comparison: { isEqual: true } });
});

test("a spec that is not there at the start is a wrong name", () => {
  const missing = medctc(["watch", "missing.vlm"]);
  expect(missing).toMatchObject({ code: 1, out: "" });
  expect(missing.err).toContain("missing.vlm");
  expect(medctc(["watch", "."])).toMatchObject({ code: 1, out: "" });
});

test("the screen is cleared where both a person reads what is printed and the cursor can move", () => {
  const cleared = (outIsTerminal: boolean, interactive: boolean): string => {
    let out = "";
    const streams = {
      ...{ outIsTerminal, interactive, colour: false, ask: null, programFile: "medctc.js" },
      out: (text: string) => {
        out += text;
      },
      err: () => undefined,
      readInput: () => Promise.resolve(new Uint8Array()),
    };
    terminalOn(streams).clear();
    return out;
  };
  expect([cleared(false, true), cleared(true, false), cleared(false, false)]).toEqual(["", "", ""]);
  expect(cleared(true, true)).toBe("\x1b[2J\x1b[3J\x1b[H");
});
