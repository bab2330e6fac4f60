import { readFileSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { defaultData } from "../../compiler/index.ts";
import { type ArchiveMember, memberPath, readMember } from "../../runtime/data/archive-member.ts";
import { layoutOf, layouts } from "../../runtime/data/layouts/list.ts";
import { loadPacked } from "../../runtime/data/load-packed.ts";
import { openDataset } from "../../runtime/data/open-dataset.ts";
import { scanTar } from "../../runtime/data/readers/index.ts";
import { dataFolder } from "./data-folder.ts";
import { npyFile, paxRecord, type TarPart, tarFile } from "./tar-file.ts";

const needs = { files: [null], texts: [null], labels: null, split: "all" } as const;

function refusalOf(bytes: Uint8Array): string {
  const scan = scanTar(join(dataFolder({ "a.tar": bytes }), "a.tar"), () => false);
  if (scan.kind === "ok") throw new Error(`it was read: ${scan.value.map(({ name }) => name).join()}`);
  return scan.problem.message;
}

function namesIn(bytes: Uint8Array): readonly string[] {
  const scan = scanTar(join(dataFolder({ "a.tar": bytes }), "a.tar"), () => false);
  if (scan.kind === "failed") throw new Error(scan.problem.message);
  return scan.value.map(({ name }) => name);
}

const sound: TarPart = { name: "a.txt", content: "A text." };

describe("an archive", () => {
  test("is read whatever wrote it: with folders, prefixes, pax headers and GNU's long names", () => {
    const long = `${"n".repeat(150)}.txt`;
    const parts: readonly TarPart[] = [
      { name: "folder/", type: "5" },
      { name: "./a.txt", content: "A" },
      { name: "b.txt", prefix: "deep/er" },
      { name: "pax", type: "x", content: paxRecord("path", `pax/${long}`) + paxRecord("mtime", "1.5") },
      { name: "cut", content: "C" },
      { name: "comment", type: "g", content: paxRecord("comment", "of all") },
      { name: "././@LongLink", type: "L", content: `gnu/${long}\0` },
      { name: "cut", content: "D", magic: "ustar  \0", prefix: "not a prefix" },
    ];
    expect(namesIn(tarFile(parts))).toEqual(["a.txt", "deep/er/b.txt", `pax/${long}`, `gnu/${long}`]);
  });

  test.each<[string, Uint8Array, string]>([
    ["an empty file", new Uint8Array(), "it has 0 bytes, too few for an archive"],
    ["a compressed one", Buffer.concat([Buffer.from([0x1f, 0x8b]), Buffer.alloc(600)]), "it is compressed"],
    ["something else", Buffer.alloc(2048, "text"), "the member at byte 0: its checksum is wrong"],
    ["one without its end", tarFile([sound], 0), "it is truncated after `a.txt`"],
    ["one that ends in a member", tarFile([sound]).subarray(0, 515), "it is truncated after `a.txt`"],
    ["a size past its end", tarFile([{ ...sound, size: "77777777777\0" }]), "it is truncated after `a.txt`"],
    ["a size of letters", tarFile([{ ...sound, size: "0000000001g\0" }]), "its size is not a number"],
    [
      "a negative size",
      tarFile([{ ...sound, size: "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff" }]),
      "its size is not a number",
    ],
    [
      "a size beyond all numbers",
      tarFile([{ ...sound, size: `\x80${"\x7f".repeat(11)}` }]),
      "its size is not a number",
    ],
    ["a wrong checksum", tarFile([{ ...sound, checksum: "000000\0 " }]), "its checksum is wrong"],
    ["an absolute name", tarFile([{ name: "/etc/passwd" }]), "its name `/etc/passwd` is an absolute path"],
    ["a name that leads out", tarFile([{ name: "a/../../b.txt" }]), "leads out of its folder"],
    ["a name without characters", tarFile([{ name: "" }]), "it has no name"],
    ["a link", tarFile([{ name: "a.txt", type: "2", link: "/etc/passwd" }]), "it is a link"],
    ["a hard link", tarFile([{ name: "a.txt", type: "1", link: "b.txt" }]), "it is a link"],
    ["a device", tarFile([{ name: "a.txt", type: "3" }]), "it is a device or a pipe"],
    ["a sparse file", tarFile([{ name: "a.txt", type: "S" }]), "it is of a type that is not read, `S`"],
    [
      "a large pax header",
      tarFile([{ name: "p", type: "x", content: "x".repeat(70_000) }]),
      "it has 70000 bytes of names",
    ],
    [
      "a pax record longer than its header",
      tarFile([{ name: "p", type: "x", content: "99 path=a\n" }, sound]),
      "it is damaged",
    ],
    ["a pax record of no length", tarFile([{ name: "p", type: "x", content: "0 path=a\n" }, sound]), "it is damaged"],
    [
      "a second pax record without a length",
      tarFile([{ name: "p", type: "x", content: `${paxRecord("a", "b")}path=a\n` }, sound]),
      "it is damaged",
    ],
    [
      "a pax size of letters",
      tarFile([{ name: "p", type: "x", content: paxRecord("size", "-1") }, sound]),
      "is not a number of bytes",
    ],
    [
      "a pax size past its end",
      tarFile([{ name: "p", type: "x", content: paxRecord("size", "9999999") }, sound]),
      "it is truncated",
    ],
    [
      "a pax path that leads out",
      tarFile([{ name: "p", type: "x", content: paxRecord("path", "../a.txt") }, sound]),
      "leads out",
    ],
    [
      "a path for all members",
      tarFile([{ name: "p", type: "g", content: paxRecord("path", "a.txt") }, sound]),
      "for all members",
    ],
    ["an archive behind it", Buffer.concat([tarFile([sound]), tarFile([sound])]), "something follows its end"],
  ])("with %s is refused", (_, bytes, message) => {
    expect(refusalOf(bytes)).toContain(message);
  });

  test("of 50 GB, of which nothing is there, is refused at once", () => {
    const path = join(dataFolder({ "a.tar": tarFile([sound]) }), "a.tar");
    truncateSync(path, 50e9);
    const scan = scanTar(path, () => false);
    expect(scan.kind === "failed" ? scan.problem.message : "").toContain("bytes follow its end at byte 1024");
  });
});

/** An archive's only member. */
function memberOf(content: Uint8Array, name = "a.image.npy"): ArchiveMember {
  const path = join(dataFolder({ "a.tar": tarFile([{ name, content }]) }), "a.tar");
  return { path, name, offset: 512, bytes: content.length };
}

describe("an array in an archive", () => {
  const shape = [1, 2, 3];
  const values = [0, -1, 1, 0.1, 0.2, 0.3];

  test("has its values to the bit", () => {
    expect(loadPacked(memberOf(npyFile(shape, values)), shape)).toEqual({
      kind: "ok",
      value: Float32Array.from(values),
    });
  });

  test("of 16-bit floats has the values of each of them", () => {
    const all = Buffer.from(
      Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits).filter((bits) => (bits & 0x7c00) !== 0x7c00).buffer,
    );
    const count = all.length / 2;
    const text = `{'descr': '<f2', 'fortran_order': False, 'shape': (${count},), }`;
    const loaded = loadPacked(memberOf(Buffer.concat([npyFile([], [], text), all])), [count]);
    if (loaded.kind === "failed") throw new Error(loaded.problem.message);
    // Zero, the smallest, the largest without a leading one, the smallest with one, one, the largest, and the same below zero.
    const some = [0, 1, 0x3ff, 0x400, 0x3c00, 0x7bff].map((bits) => loaded.value[bits]);
    expect(some).toEqual([0, 2 ** -24, 1023 * 2 ** -24, 2 ** -14, 1, 65504]);
    expect([...loaded.value.subarray(count / 2)].map((value) => -value)).toEqual([
      ...loaded.value.subarray(0, count / 2),
    ]);
  });

  test.each<[string, Uint8Array, string]>([
    ["another shape", npyFile([1, 3, 2], values), "it has 1 x 3 x 2 values, but the model takes 1 x 2 x 3"],
    [
      "doubles",
      npyFile(shape, values, "{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2, 3), }"),
      "its values are of type '<f8'",
    ],
    [
      "objects",
      npyFile(shape, values, "{'descr': '|O', 'fortran_order': False, 'shape': (1, 2, 3), }"),
      "its values are of type '|O'",
    ],
    [
      "its first axis fastest",
      npyFile(shape, values, "{'descr': '<f4', 'fortran_order': True, 'shape': (1, 2, 3), }"),
      "its first axis is the fastest",
    ],
    ["a key twice", npyFile(shape, values, "{'descr': '<f4', 'descr': '<f4', 'shape': (1, 2, 3), }"), "is not NumPy's"],
    ["a program for a header", npyFile(shape, values, "__import__('os').system('true')"), "is not NumPy's"],
    ["too few values", npyFile(shape, values.slice(1)), "it has 148 bytes, but 1 x 2 x 3 values have 152"],
    ["too many values", npyFile(shape, [...values, 0]), "it has 156 bytes, but 1 x 2 x 3 values have 152"],
    ["a value that is not a number", npyFile(shape, [0, Number.NaN, 0, 0, 0, 0]), "value 1 of 6 is NaN"],
    ["an infinite value", npyFile(shape, [0, 0, 0, 0, 0, -Infinity]), "value 5 of 6 is -Infinity"],
    ["nothing in it", new Uint8Array(), "it is not a NumPy file"],
    ["a header without an end", npyFile(shape, values).subarray(0, 60), "its header has 118 bytes"],
  ])("with %s is refused", (_, content, message) => {
    const member = memberOf(content);
    const loaded = loadPacked(member, shape);
    expect(loaded.kind === "failed" ? loaded.problem : null).toMatchObject({ subject: memberPath(member) });
    expect(loaded.kind === "failed" ? loaded.problem.message : "").toContain(message);
  });
});

describe("shards of others", () => {
  const written = "test/fixtures/webdataset";

  test("as webdataset writes them for open_clip have images and captions", async () => {
    const path = join(written, "pairs-000000.tar");
    const wanted = { files: ["jpg"], texts: [null, ["caption"]], labels: ["Nodule"], split: "train" } as const;
    const { examples, problems } = await openDataset(path, defaultData, wanted);
    expect(problems).toEqual([]);
    expect(examples.map(({ name, texts }) => [name, texts])).toEqual(
      [0, 1, 2].map((number) => [`00000000${number}`, Array(2).fill(`Chest ${number}, ä and 日.`)]),
    );
    expect(examples.map(({ labels }) => labels.get("Nodule"))).toEqual([false, true, false]);
    for (const { files } of examples) {
      const [member] = files;
      if (member === undefined || typeof member === "string") throw new Error("no member");
      const bytes = new Uint8Array(member.bytes);
      expect(readMember(member, bytes)).toBe(true);
      expect([bytes[0], bytes[1], bytes.at(-2), bytes.at(-1)]).toEqual([0xff, 0xd8, 0xff, 0xd9]);
    }
  });

  test("as webdataset writes arrays have NumPy's values, of 32 bits and of 16", async () => {
    const path = join(written, "volumes-000000.tar");
    const wanted = { files: ["image", "half"], texts: [], labels: null, split: "all" } as const;
    const { examples } = await openDataset(path, defaultData, wanted);
    expect(examples.map(({ name }) => name)).toEqual(["case0", "case1"]);
    for (const [number, { files }] of examples.entries()) {
      const values = Array.from({ length: 24 }, (_, place) => Math.fround(Math.fround(place / 24) - number));
      const [image, half] = files.map((file) => {
        const loaded = typeof file === "string" ? null : loadPacked(file, [1, 2, 3, 4]);
        return loaded?.kind === "ok" ? [...loaded.value] : null;
      });
      expect(image).toEqual(values);
      for (const [place, value] of values.entries())
        expect(Math.abs((half?.[place] ?? 9) - value)).toBeLessThan(2 ** -11);
    }
  });

  test("have texts and labels by the names of members and of the fields of their JSON", async () => {
    const folder = dataFolder({
      "train-0.tar": tarFile([
        { name: "__meta__/a.json", content: "{" },
        { name: "x/000.JPG", content: "pixels" },
        { name: "x/000.txt", content: "A chest." },
        { name: "x/000.json", content: '{"caption": "Another.", "nodule": 1, "labels": {"effusion": null}}' },
        { name: "README" },
      ]),
    });
    const wanted = {
      files: [null],
      texts: [null, ["caption"]],
      labels: ["nodule", "effusion"],
      split: "train",
    } as const;
    const { examples, problems } = await openDataset(folder, defaultData, wanted);
    expect(problems).toEqual([]);
    expect(examples).toMatchObject([
      { name: "x/000", metadata: null, texts: ["A chest.", "Another."], files: [{ name: "x/000.JPG", bytes: 6 }] },
    ]);
    expect(examples[0]?.labels.get("nodule")).toBe(true);
    expect(examples[0]?.labels.get("effusion")).toBe(null);
  });

  test("have splits by the fields of their JSON; what has none is trained on, and what is of another is left out", async () => {
    const parts = [
      ...["train", "valid", null].map((split, place) => ({
        name: `${place}.json`,
        content: JSON.stringify({ split }),
      })),
      { name: "3.json", content: "{}" },
    ];
    const members = [0, 1, 2, 3].flatMap((place) => [{ name: `${place}.jpg` }, parts[place] ?? { name: "" }]);
    const folder = dataFolder({ "a.tar": tarFile(members) });
    const readOf = async (split: "train" | "valid") => {
      const { examples, notes } = await openDataset(folder, defaultData, {
        files: [null],
        texts: [],
        labels: null,
        split,
      });
      return { names: examples.map(({ name }) => name), notes };
    };
    const notes = ["1 example says nothing of a split, and so is trained on"];
    expect(await readOf("train")).toEqual({ names: ["0", "3"], notes });
    expect(await readOf("valid")).toEqual({ names: ["1"], notes });
  });

  test("say what is not known of arrays, which labels are missing, and which cannot be read", async () => {
    const members = (labels: Readonly<Record<string, unknown>>) => [
      { name: "a.npy" },
      { name: "a.json", content: JSON.stringify({ split: "valid", labels }) },
    ];
    const opened = async (labels: Readonly<Record<string, unknown>>) => {
      const folder = dataFolder({ "a.tar": tarFile(members(labels)) });
      const wanted = { files: [null], texts: [], labels: ["nodule", "effusion"], split: "valid" } as const;
      const { notes, problems } = await openDataset(folder, defaultData, wanted);
      return { notes, problems: problems.map(({ message }) => message) };
    };
    const missing = await opened({ nodule: 1, effusion: null });
    expect(missing.problems).toEqual([]);
    expect(missing.notes[0]).toMatch(
      /^no .*\.json says what the values in .*a\.tar.* mean; they are taken as they are$/,
    );
    expect(missing.notes[1]).toContain("effusion");
    const unread = await opened({ nodule: "perhaps", effusion: 0 });
    expect(unread.problems).toEqual([expect.stringContaining("perhaps")]);
  });

  test("of which one is damaged are read but for that one, which is named", async () => {
    const good = tarFile([{ name: "a.npy" }, { name: "a.txt", content: "A." }]);
    const folder = dataFolder({ "a.tar": good, "b.tar": good.subarray(0, 600) });
    const { examples, problems } = await openDataset(folder, defaultData, needs);
    expect(examples.map(({ name }) => name)).toEqual(["a"]);
    expect(problems).toMatchObject([{ subject: join(folder, "b.tar") }]);
  });

  test("in which an example is twice, or has two files, or none, are refused in words", async () => {
    const of = (...names: readonly string[]) =>
      tarFile([...names.map((name) => ({ name })), { name: "a.txt", content: "A." }]);
    const messages = async (files: Readonly<Record<string, Uint8Array>>) =>
      (await openDataset(dataFolder(files), defaultData, needs)).problems.map(({ message }) => message);
    expect(await messages({ "a.tar": of("a.npy"), "b.tar": of("a.npy") })).toEqual([
      expect.stringContaining("the example `a` is in two places"),
    ]);
    expect(await messages({ "a.tar": of("a.npy", "a.jpg") })).toEqual([
      "it has several files: its members are `npy`, `jpg`, `txt`",
    ]);
    expect(await messages({ "a.tar": of() })).toEqual(["it has no file: its members are `txt`"]);
    expect(await messages({ "a.tar": of("a.npy", "a.npy") })).toEqual(["its member `a.npy` is there twice"]);
  });
});

describe("a folder", () => {
  test("of another layout with archives beside it is not one of shards", async () => {
    const archive = tarFile([sound]);
    expect(await layoutOf(dataFolder({ "all.tar": archive }), defaultData)).toBe(layouts.shards);
    expect(await layoutOf(dataFolder({ "all.tar": archive, "reports.csv": "" }), defaultData)).toBe(layouts["ct-rate"]);
    expect(await layoutOf(dataFolder({ "all.tar": archive, "train/a.nii.gz": "" }), defaultData)).toBe(
      layouts["ct-rate"],
    );
    const named = { ...defaultData, table: "chests.csv" };
    expect(await layoutOf(dataFolder({ "all.tar": archive, "chests.csv": "" }), named)).toBe(layouts.table);
    expect(await layoutOf(dataFolder({ "all.tar": archive, "shards.json": "" }), named)).toBe(layouts.shards);
    const folder = dataFolder({ "all.tar": archive });
    expect(await layoutOf(join(folder, "all.tar"), defaultData)).toBe(layouts.shards);
    symlinkSync("/dev/zero", join(folder, "device.tar"));
    const { examples, problems } = await openDataset(folder, defaultData, needs);
    expect(examples).toEqual([]);
    expect(
      problems.some(({ subject, message }) => subject.endsWith("device.tar") && /not a regular file/.test(message)),
    ).toBe(true);
  });

  test("whose manifest is damaged is refused with the place that is wrong", async () => {
    const folder = dataFolder({ "a.tar": tarFile([sound]), "shards.json": "{}" });
    const path = join(folder, "shards.json");
    const refusal = async () => (await openDataset(folder, defaultData, needs)).problems[0];
    expect(await refusal()).toMatchObject({ subject: path, message: "its `format` cannot be read" });
    writeFileSync(path, "{");
    expect((await refusal())?.message).toContain("it is not valid JSON");
    writeFileSync(path, readFileSync(path).subarray(0, 0));
    expect((await refusal())?.subject).toBe(path);
  });
});
