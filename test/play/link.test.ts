import { deflateRawSync } from "node:zlib";
import fc from "fast-check";
import { expect, test } from "vitest";
import { fragmentOf, readFragment } from "../../runtime/play/page/link.ts";

function fragment(content: string | Uint8Array): string {
  return `spec=${deflateRawSync(content).toString("base64url")}`;
}

test("a link gives back the spec that it was made of, with the files that it imports", async () => {
  const texts = fc.string({ unit: "binary", maxLength: 400 });
  const files = fc.dictionary(fc.stringMatching(/^[a-z/]{1,20}$/), texts, { maxKeys: 4, noNullPrototype: true });
  await fc.assert(
    fc.asyncProperty(fc.stringMatching(/^[\w./-]{1,80}$/), texts, files, async (path, text, own) => {
      const written = await fragmentOf({ path, text, files: own });
      expect(written).toMatch(/^spec=[A-Za-z0-9_-]+$/);
      const read = await readFragment(written ?? "");
      expect(read).toEqual({ kind: "spec", spec: { path, text, files: own } });
    }),
    { numRuns: 60 },
  );
});

test("a spec that is too long for a link has none", async () => {
  const random = Array.from({ length: 60_000 }, (_, at) => ((at * 2_654_435_761) >>> 7).toString(36)).join("");
  expect(await fragmentOf({ path: "a.vlm", text: random, files: {} })).toBeNull();
  expect(await fragmentOf({ path: "a.vlm", text: " ".repeat(600_000), files: {} })).toBeNull();
});

test("the path of a spec that comes with the page is a link, too", async () => {
  expect(await readFragment("open=specs/medct.vlm")).toEqual({ kind: "bundled", path: "specs/medct.vlm" });
  expect(await readFragment("open=<script>")).toEqual({ kind: "none" });
  expect(await readFragment("")).toEqual({ kind: "none" });
  expect(await readFragment("section")).toEqual({ kind: "none" });
});

test.each([
  ["is cut off", fragment('{"path":"a.vlm","text":"model"}').slice(0, -6), /damaged or cut off/],
  ["has other characters", "spec=a+b/", /characters that no link has/],
  ["is no DEFLATE", "spec=AAAAAAAA", /damaged/],
  ["is no JSON", fragment("model"), /damaged/],
  ["is no UTF-8", fragment(Uint8Array.of(0x22, 0xff, 0x22)), /damaged/],
  ["is no spec", fragment('{"path":"a.vlm"}'), /does not hold a spec/],
  ["has more than a spec", fragment('{"path":"a.vlm","text":"","run":"rm"}'), /does not hold a spec/],
  [
    "has a path that is no name",
    fragment(JSON.stringify({ path: "a".repeat(5000), text: "" })),
    /does not hold a spec/,
  ],
  ["is longer than any link", `spec=${"A".repeat(40_000)}`, /more than 32000 characters/],
  ["unpacks to more than a page can hold", fragment(new Uint8Array(20_000_000)), /unpacks to more/],
])("a link that %s is refused", async (_, written, why) => {
  const read = await readFragment(written);
  expect(read.kind).toBe("wrong");
  if (read.kind === "wrong") expect(read.why).toMatch(why);
});
