import { gzipSync } from "node:zlib";
import { beforeAll, expect, test } from "vitest";
import { type PageFile, pageFiles, pageTexts } from "../../runtime/play/index.ts";
import { prepareProgram } from "../cli/medctc.ts";

let files: readonly PageFile[] = [];

beforeAll(() => {
  prepareProgram();
  const texts = pageTexts(null);
  if (texts.kind === "ok") files = pageFiles(texts.value);
});

test("the page takes less than 600 KB on its way to a browser", () => {
  const bytes = files.reduce((sum, { content }) => sum + gzipSync(content).length, 0);
  expect(files.map(({ name }) => name)).toEqual(["index.html", "page.css", "page.js", "worker.js", "texts.json"]);
  expect(bytes).toBeGreaterThan(100_000);
  expect(bytes).toBeLessThan(600_000);
});

test("its document has no script or style of its own, and addresses that work below any path", () => {
  const document = String(files.find(({ name }) => name === "index.html")?.content);
  expect(document).not.toMatch(/<style|style="| on[a-z]+="/);
  expect([...document.matchAll(/<script([^>]*)>(.*?)<\/script>/gs)].map(([, , body]) => body)).toEqual([""]);
  const addresses = [...document.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address);
  expect(addresses).toEqual(["data:,", "texts.json", "page.css", "page.js"]);
  expect(document).toContain("default-src 'none'");
});

test("a spec of the reader's comes with what it imports, under paths that do not say where it lies", () => {
  const own = pageTexts("examples/placements/card.vlm");
  if (own.kind !== "ok") throw new Error("it is read");
  expect(own.value.start).toEqual({ path: "examples/placements/card.vlm", isBundled: false });
  const elsewhere = pageTexts(`${process.cwd()}/examples/placements/card.vlm`);
  if (elsewhere.kind !== "ok") throw new Error("it is read");
  expect(elsewhere.value.start.path).toBe("card.vlm");
  expect(Object.keys(elsewhere.value.own)).toEqual(["card.vlm"]);
  expect(pageTexts("missing.vlm").kind).toBe("failed");
});
