import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  type CodeAction,
  type CompletionItem,
  CompletionItemKind,
  type DocumentSymbol,
  type Hover,
  type InlayHint,
  type Location,
  type TextEdit,
} from "vscode-languageserver/node";
import { diagnosticToJson } from "../../grammar/index.ts";
import { ratesOf, writeRates } from "../../runtime/machine/index.ts";
import { checkPath } from "../../runtime/specs/index.ts";
import { Editor } from "./client.ts";

const specs = ["specs", "examples"].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".vlm"))
    .map((name) => `${folder}/${name.replaceAll("\\", "/")}`),
);

let editor: Editor;
beforeAll(async () => {
  editor = new Editor();
  await editor.start();
});
afterAll(async () => {
  expect(await editor.end()).toBe(0);
  expect(editor.errors).toBe("");
});

const everything = { start: { line: 0, character: 0 }, end: { line: 9999, character: 0 } };

test.each(specs)("%s: every feature answers, and what is wrong is what `check` says", async (path) => {
  const uri = await editor.open(path);
  const found = await editor.diagnostics(uri);
  const own = checkPath(path).filter(({ file }) => file === path);
  expect(found.map(({ code }) => code)).toEqual(own.map(({ code }) => code));
  expect(found.map(({ range }) => range)).toEqual(own.map((each) => diagnosticToJson(each).range));
  const text = editor.text(uri);
  const symbols = await editor.ask<DocumentSymbol[]>("documentSymbol", uri);
  expect(symbols.length).toBeGreaterThan(0);
  expect((await editor.ask<unknown[]>("foldingRange", uri)).length).toBeGreaterThan(0);
  expect((await editor.ask<{ data: number[] }>("semanticTokens/full", uri)).data.length).toBeGreaterThan(0);
  expect(
    await editor.ask<TextEdit[]>("formatting", uri, null, { options: { tabSize: 2, insertSpaces: true } }),
  ).toEqual([]);
  const hints = await editor.ask<InlayHint[]>("inlayHint", uri, null, { range: everything });
  if (/^ +(?:encoder|let) /m.test(text) && /^model /m.test(text)) expect(hints.length).toBeGreaterThan(0);
  // The first name that is declared is where it says it is.
  const name = /^(?:model|module|function|adapter|loss) (\w+)/m.exec(text);
  if (name !== null) {
    const at = name.index + name[0].length - 1;
    const definition = await editor.ask<Location>("definition", uri, at);
    expect(definition).toMatchObject({
      uri,
      range: { start: editor.positionOf(uri, at - (name[1]?.length ?? 0) + 1) },
    });
    const { contents } = await editor.ask<Hover>("hover", uri, at);
    expect(JSON.stringify(contents)).toContain(name[1]);
    expect(
      (await editor.ask<Location[]>("references", uri, at, { context: { includeDeclaration: true } })).length,
    ).toBeGreaterThan(0);
    expect(await editor.ask("prepareRename", uri, at)).not.toBeNull();
    const renamed = await editor.ask<{ changes: Record<string, TextEdit[]> }>("rename", uri, at, {
      newName: "another_name",
    });
    expect(renamed.changes[uri]?.length).toBeGreaterThan(0);
  }
  const places = [...text.matchAll(/[(.]/g)].map(({ index }) => index + 1).slice(0, 20);
  for (const at of places) {
    expect(Array.isArray(await editor.ask<CompletionItem[]>("completion", uri, at))).toBe(true);
    await editor.ask("signatureHelp", uri, at);
  }
  await importOffered(uri);
  await valuesOffered(uri);
  await editor.close(uri);
});

/** A name of the library that a model does not import yet is offered with its import, which clashes with nothing. */
async function importOffered(uri: string): Promise<void> {
  const text = editor.text(uri);
  const model = /^model .*\{\n/m.exec(text);
  if (model === null) return;
  const codes = async () => (await editor.diagnostics(uri)).map(({ code }) => code);
  const before = await codes();
  const items = await editor.ask<CompletionItem[]>("completion", uri, model.index + model[0].length);
  const offered = items.filter(({ additionalTextEdits }) => additionalTextEdits !== undefined);
  expect(offered.length).toBeGreaterThan(0);
  for (const { labelDetails, additionalTextEdits } of offered.slice(0, 3)) {
    const [edit] = additionalTextEdits ?? [];
    expect(edit?.newText.trim()).toBe(`import "${labelDetails?.description}"`);
    const at = editor.offsetOf(uri, edit?.range.start ?? { line: 0, character: 0 });
    await editor.edit(uri, at, at, edit?.newText ?? "");
    expect(await codes()).toEqual(before);
    const form = { options: { tabSize: 2, insertSpaces: true } };
    expect(await editor.ask<TextEdit[]>("formatting", uri, null, form)).toEqual([]);
    await editor.edit(uri, at, at + (edit?.newText.length ?? 0), "");
  }
}

/** What a block's settings can be is offered in the block, a variant's too, and taken. */
async function valuesOffered(uri: string): Promise<void> {
  const block = /^train (?:amends )?\{\n/m.exec(editor.text(uri));
  if (block === null || /^ {2}recompute = /m.test(editor.text(uri))) return;
  const at = block.index + block[0].length;
  const codes = async () => (await editor.diagnostics(uri)).map(({ code }) => code);
  const before = await codes();
  const setting = "  recompute = ";
  await editor.edit(uri, at, at, `${setting}\n`);
  const items = await editor.ask<CompletionItem[]>("completion", uri, at + setting.length);
  const words = items.flatMap(({ label, kind }) => (kind === CompletionItemKind.EnumMember ? label : []));
  expect(words).toEqual(["none", "layers"]);
  await editor.edit(uri, at + setting.length, at + setting.length, "layers");
  expect(await codes()).toEqual(before);
  await editor.edit(uri, at, at + `${setting}layers\n`.length, "");
}

test("an edit that breaks a file keeps its facts, and one that mends it gives them anew", async () => {
  const uri = await editor.open("test/language-server/small.vlm");
  const labels = async () =>
    (await editor.ask<InlayHint[]>("inlayHint", uri, null, { range: everything })).map(({ label }) =>
      JSON.stringify(label),
    );
  const before = await labels();
  const at = editor.text(uri).indexOf("rank = 2") + "rank = ".length;
  await editor.edit(uri, at, at + 1, "");
  expect((await editor.diagnostics(uri)).length).toBeGreaterThan(0);
  expect((await labels()).length).toBeGreaterThan(before.length - 2);
  await editor.edit(uri, at, at, "4");
  expect(await editor.diagnostics(uri)).toEqual([]);
  expect((await labels()).join("\n")).toContain("2 adapters, 256 parameters");
  await editor.close(uri);
});

test("when typing pauses, the memory of a step stands behind its cost, and goes with another text", async () => {
  const uri = await editor.open("test/language-server/small.vlm");
  const hints = async () =>
    JSON.stringify(await editor.ask<InlayHint[]>("inlayHint", uri, null, { range: everything }));
  await expect.poll(hints, { timeout: 60_000, interval: 300 }).toMatch(/expected peak [\d.]+ MiB \(TensorFlow\)/);
  const at = editor.text(uri).indexOf("rank = 2") + "rank = ".length;
  await editor.edit(uri, at, at + 1, "4");
  await editor.diagnostics(uri);
  expect(await hints()).not.toMatch(/expected peak|a step here/);
  await expect.poll(hints, { timeout: 60_000, interval: 300 }).toContain("expected peak");
  await editor.close(uri);
}, 150_000);

test("where rates of this machine are stored, the time of a step stands there too", async () => {
  const cache = mkdtempSync(join(tmpdir(), "medctc-editor-rates-"));
  const rates = { productFlops: { f32: 1e9, bf16: null }, bytes: 1e9, operationSeconds: 0, runSeconds: 20 };
  const about = { engine: null, device: null, gpus: null, exchange: null };
  const storage = { voxelsRead: null, bytesRead: null, saving: null };
  writeRates([ratesOf({ backend: "tensorflow", ...about, rates }, new Date())], storage, cache);
  const other = new Editor(cache);
  await other.start();
  const uri = await other.open("test/language-server/small.vlm");
  const hints = async () => JSON.stringify(await other.ask<InlayHint[]>("inlayHint", uri, null, { range: everything }));
  await expect
    .poll(hints, { timeout: 60_000, interval: 300 })
    .toContain("(TensorFlow), about 20 s a step here (TensorFlow)");
  expect(await other.end()).toBe(0);
  rmSync(cache, { recursive: true });
}, 90_000);

test("a mistake has a fix, which mends it", async () => {
  const uri = await editor.open("test/language-server/small.vlm");
  const at = editor.text(uri).indexOf("vision.latent");
  await editor.edit(uri, at, at + 6, "vison");
  const [diagnostic] = await editor.diagnostics(uri);
  const [action] = await editor.ask<CodeAction[]>("codeAction", uri, null, {
    range: diagnostic?.range,
    context: { diagnostics: [] },
  });
  expect(action).toMatchObject({ title: "write `vision`", kind: "quickfix", isPreferred: true });
  expect(action?.edit?.changes?.[uri]).toEqual([{ range: diagnostic?.range, newText: "vision" }]);
  await editor.close(uri);
});

test("a name is renamed in all specs of the workspace, the library is not, and symbols are found", async () => {
  const folder = "test/language-server/renaming";
  const uri = await editor.open(`${folder}/user.vlm`);
  const text = editor.text(uri);
  const at = text.indexOf("block(");
  const renamed = await editor.ask<{ changes: Record<string, TextEdit[]> }>("rename", uri, at, { newName: "layer" });
  const found = Object.entries(renamed.changes).map(([file, edits]) => [file.split("/").at(-1), edits.length]);
  expect(found).toEqual([
    ["user.vlm", 2],
    ["blocks.vlm", 1],
  ]);
  const places = await editor.ask<Location[]>("references", uri, at, { context: { includeDeclaration: true } });
  expect(places).toHaveLength(3);
  await expect(editor.ask("rename", uri, at, { newName: "own" })).rejects.toThrow(
    /`own` is already declared in .*other\.vlm \(module, line 3\)/,
  );
  const medct = await editor.open("specs/medct.vlm");
  const library = editor.text(medct).indexOf("lora(");
  expect(await editor.ask("prepareRename", medct, library)).toBeNull();
  await expect(editor.ask("rename", medct, library, { newName: "mine" })).rejects.toThrow(
    /std\/lora\.vlm, which comes with medctc/,
  );
  const inLibrary = await editor.ask<Location[]>("references", medct, library, {
    context: { includeDeclaration: true },
  });
  expect(inLibrary.length).toBeGreaterThan(20);
  const symbols = await editor.connection.sendRequest<{ name: string; location: Location }[]>("workspace/symbol", {
    query: "mdct",
  });
  expect(symbols.map(({ name }) => name)).toContain("medct_small");
  for (const each of [uri, medct]) await editor.close(each);
});

test("a file that is imported is taken as it is in the editor, saved or not", async () => {
  const library = await editor.open(
    "test/language-server/mine.vlm",
    "module block(n: int) {\n  forward(x: f32[batch, n]) {\n    return x\n  }\n}\n",
  );
  const uri = await editor.open(
    "test/language-server/user.vlm",
    'import "./mine"\nmodel m {\n  encoder a = block(n = 3)\n  loss sum(a.x)\n}\n',
  );
  expect((await editor.diagnostics(uri)).map(({ message }) => message)).not.toContain("there is no file to import");
  const at = editor.text(library).indexOf("block");
  await editor.edit(library, at, at + 5, "other");
  await editor.diagnostics(library);
  await editor.edit(uri, 0, 0, "\n");
  expect((await editor.diagnostics(uri)).map(({ code }) => code)).toContain("E301");
  for (const each of [library, uri]) await editor.close(each);
});

test("a key in medct.vlm is answered; how fast is printed, not judged", async () => {
  const uri = await editor.open("specs/medct.vlm");
  const times: number[] = [];
  // The first ones are among them, for which nothing has been compiled to machine code.
  for (let count = 0; count < 100; count++) {
    const at = editor.text(uri).indexOf("rank = ") + "rank = ".length;
    const began = performance.now();
    await editor.edit(uri, at, at + 2, String(10 + (count % 90)));
    await editor.diagnostics(uri);
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  const at = (share: number): string => `${times[Math.floor(share * times.length)]?.toFixed(0)} ms`;
  const slowest = `${times.at(-1)?.toFixed(0)} ms`;
  console.log(`a key in specs/medct.vlm: median ${at(0.5)}, 95th percentile ${at(0.95)}, slowest ${slowest}`);
  await editor.close(uri);
});
