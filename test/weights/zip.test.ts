import { describe, expect, test } from "vitest";
import { openBytes, problemOf } from "./opened.ts";
import { dictOf, type Entry, floatBytes, pickleOf, tensorOf, utf8, zipOf } from "./torch-file.ts";

const weight: Entry = { name: "archive/data/0", bytes: floatBytes(1, 2) };
const pickle: Entry = { name: "archive/data.pkl", bytes: dictOf(tensorOf("0", 2, 0, [2], [1])) };
const good = zipOf([pickle, weight]);

test("an archive is read with and without a comment at its end", () => {
  for (const comment of ["", "a comment", "PK\x05\x06", "x".repeat(0xffff)]) {
    expect(openBytes(zipOf([pickle, weight], { comment })).kind).toBe("tensors");
  }
});

describe("an archive that is not as torch.save writes it is refused", () => {
  test.each<[string, Uint8Array, RegExp]>([
    ["that is cut off", good.subarray(0, good.length - 30), /no end/],
    ["with something behind its end", Uint8Array.from([...good, 0]), /no end/],
    ["with something before its start", Uint8Array.from([0x50, 0x4b, 3, 4, ...good]), /not where its end says/],
    ["with a compressed storage", zipOf([pickle, { ...weight, method: 8 }]), /is compressed/],
    ["with an encrypted storage", zipOf([pickle, { ...weight, flags: 1 }]), /is encrypted/],
    ["with one name twice", zipOf([pickle, weight, weight]), /`archive\/data\/0` twice/],
    [
      "with two names for the same bytes",
      zipOf([pickle, weight, { ...weight, name: "archive/data/1", listed: { local: 30 } }]),
      /not where its directory says/,
    ],
    [
      "with an entry inside of another",
      zipOf([
        pickle,
        { name: "archive/data/0", bytes: zipOf([{ name: "archive/data/1", bytes: floatBytes(1) }]) },
        { name: "archive/data/1", bytes: floatBytes(1), listed: { local: 30 + 16 + pickle.bytes.length + 30 + 14 } },
      ]),
      /overlap/,
    ],
    [
      "with a name that its entry does not have",
      zipOf([pickle, { ...weight, listed: { name: "archive/data/1" } }]),
      /not where/,
    ],
    ["with two sizes of an entry", zipOf([pickle, { ...weight, listed: { size: 4 } }]), /two sizes/],
    [
      "with a size beyond its end",
      zipOf([pickle, { ...weight, listed: { size: 999, packed: 999 } }]),
      /beyond its end/,
    ],
    [
      "with a size of 4 GiB",
      zipOf([pickle, { ...weight, listed: { size: 0xfffffffe, packed: 0xfffffffe } }]),
      /beyond its end/,
    ],
    ["with a place beyond its end", zipOf([pickle, { ...weight, listed: { local: 0xfffffffe } }]), /beyond its end/],
  ])("%s", (_, bytes, problem) => {
    expect(problemOf(bytes)).toMatch(problem);
  });
});

test("an archive with a name that leads out of it is refused", () => {
  const names = [
    "../data/0",
    "/data/0",
    "archive/../../0",
    "archive\\data\\0",
    "C:/data/0",
    "archive//0",
    "archive/\0",
    "",
  ];
  for (const name of names) {
    expect(problemOf(zipOf([pickle, { ...weight, name }]))).toMatch(/which does not name a file inside it/);
  }
});

test("an archive with more entries than a model has is refused before they are looked at", () => {
  const entries = Array.from({ length: 300 }, (_, index) => ({
    name: `a/${"x".repeat(60_000)}${index}`,
    bytes: utf8(""),
  }));
  expect(problemOf(zipOf([{ name: "a/data.pkl", bytes: pickleOf("}") }, ...entries]))).toMatch(/lists more than/);
});
