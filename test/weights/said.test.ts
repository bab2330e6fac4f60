import { describe, expect, test } from "vitest";
import { elementsOf, readSafetensors } from "../../runtime/weights/index.ts";
import { JsonReader } from "../../runtime/weights/json-reader.ts";
import { openBytes, problemOf } from "./opened.ts";
import { dictOf, floatBytes, long, pickleOf, tensorOf, text, torchFile, utf8, zipOf } from "./torch-file.ts";

describe("the numbers of each kind of float", () => {
  test.each<["F16" | "BF16" | "F8_E4M3" | "F8_E5M2" | "BOOL", readonly (readonly [number, number])[]]>([
    [
      "F16",
      [
        [0x7c00, Number.POSITIVE_INFINITY],
        [0xfc00, Number.NEGATIVE_INFINITY],
        [0x7c01, Number.NaN],
        [0x7e00, Number.NaN],
        [0x0001, 2 ** -24],
        [0x03ff, 1023 * 2 ** -24],
        [0x0400, 2 ** -14],
        [0x3555, 0.333251953125],
        [0x7bff, 65504],
        [0xc000, -2],
      ],
    ],
    [
      "BF16",
      [
        [0x7f80, Number.POSITIVE_INFINITY],
        [0x7fc0, Number.NaN],
        [0x4049, 3.140625],
        [0xbf80, -1],
      ],
    ],
    [
      "F8_E4M3",
      [
        [0x7f, Number.NaN],
        [0xff, Number.NaN],
        [0x7e, 448],
        [0x77, 240],
        [0x01, 2 ** -9],
        [0x87, -7 * 2 ** -9],
        [0x08, 2 ** -6],
        [0x3c, 1.5],
      ],
    ],
    [
      "F8_E5M2",
      [
        [0x7c, Number.POSITIVE_INFINITY],
        [0x7d, Number.NaN],
        [0x01, 2 ** -16],
        [0xbe, -1.5],
      ],
    ],
    [
      "BOOL",
      [
        [0, 0],
        [1, 1],
        [2, 1],
      ],
    ],
  ])("%s", (dtype, numbers) => {
    const wide = dtype === "F16" || dtype === "BF16";
    const codes = numbers.map(([code]) => code);
    const bytes = wide ? new Uint8Array(Uint16Array.from(codes).buffer) : Uint8Array.from(codes);
    expect([...elementsOf({ dtype, shape: [codes.length], bytes })]).toEqual(numbers.map(([, value]) => value));
  });
});

describe("JSON that is read as it is asked for", () => {
  const reader = (json: string) => new JsonReader(json, (problem) => new Error(problem));

  test("a quote behind an odd number of backslashes is within its string", () => {
    const reads = (json: string) => {
      const from = reader(`${json} ,`);
      return [from.string(), from.peek()];
    };
    expect(reads('"a"')).toEqual(["a", ","]);
    expect(reads('"a\\""')).toEqual(['a"', ","]);
    expect(reads('"a\\\\"')).toEqual(["a\\", ","]);
    expect(reads('"\\\\\\""')).toEqual(['\\"', ","]);
    expect(reads('""')).toEqual(["", ","]);
  });

  test("blanks are blanks, tabs and line ends, and nothing else", () => {
    const from = reader(" \t\r\n[ \n1\t,\r2 ]\u00a0");
    const sizes: (number | null)[] = [];
    from.list(() => sizes.push(from.size()));
    expect(sizes).toEqual([1, 2]);
    expect(() => from.end()).toThrow("`\u00a0` stands at character 14, where its end is expected");
  });

  test.each<[string, number | null]>([
    ["0", 0],
    ["7", 7],
    ["9007199254740991", 2 ** 53 - 1],
    ["9007199254740992", null],
    ["12345678901234567", null],
    ["1.5", null],
    ["1e3", null],
    ["-1", null],
    ['"1"', null],
    ["[1]", null],
    ["null", null],
  ])("%s is the size %o, and is passed over", (json, expected) => {
    const from = reader(`${json} ]`);
    expect(from.size()).toBe(expected);
    expect(from.peek()).toBe("]");
  });

  test.each<[string, string]>([
    ["", "it ends at character 0, where a value is expected"],
    ["truely", "`t` stands at character 0, where a value is expected"],
    ["01", "`0` stands at character 0, where a value is expected"],
    ["[1 2]", "`2` stands at character 3, where `]` is expected"],
    ['{"a" 1}', "`1` stands at character 5, where `:` is expected"],
    ['{"a": 1', "it ends at character 7, where `}` is expected"],
    ["{1: 2}", "`1` stands at character 1, where a string is expected"],
    ['{"a": 1, "a": 2}', "it has `a` twice"],
    ['"a', "a string in it is never closed"],
    ['"\\x"', "the string at character 0 is malformed"],
    [`${"[".repeat(66)}`, "it is nested more than 64 deep"],
  ])("%s: %s", (json, problem) => {
    expect(() => reader(json).skip()).toThrow(problem);
  });

  test("65 values within each other are passed over, and all kinds of them", () => {
    const deep = reader(`${"[".repeat(64)}1${"]".repeat(64)}`);
    deep.skip();
    deep.end();
    const all = reader('{"a": [true, false, null, -0.5e-10, 1E+3, "x", {}, []]} 7');
    expect(all.raw()).toBe('{"a": [true, false, null, -0.5e-10, 1E+3, "x", {}, []]}');
    expect(all.peek()).toBe("7");
  });
});

describe("what is wrong with a file of safetensors is said", () => {
  const file = (json: string, data = 4): Uint8Array => {
    const header = utf8(json);
    const bytes = new Uint8Array(8 + header.length + data);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(header.length), true);
    bytes.set(header, 8);
    return bytes;
  };
  const entry = (fields: object): string =>
    JSON.stringify({ a: { dtype: "U8", shape: [4], data_offsets: [0, 4], ...fields } });
  const two = (first: readonly number[], second: readonly number[]): string => {
    const described = ([from = 0, to = 0]: readonly number[]) => ({
      dtype: "U8",
      shape: [to - from],
      data_offsets: [from, to],
    });
    return JSON.stringify({ a: described(first), b: described(second) });
  };

  test.each<[string, string, number?]>([
    [entry({ dtype: "F8" }), "`a` has the dtype `F8`, which is not read"],
    [entry({ dtype: 4 }), "`a` has no dtype"],
    [entry({ shape: undefined }), "`a` has no shape of at most 64 whole numbers"],
    [entry({ shape: 4 }), "`a` has no shape of at most 64 whole numbers"],
    [entry({ shape: [4, null] }), "`a` has no shape of at most 64 whole numbers"],
    [entry({ shape: [...Array<number>(64).fill(1), 4] }), "`a` has no shape of at most 64 whole numbers"],
    [entry({ data_offsets: [0] }), "`a` has no valid data_offsets"],
    [entry({ data_offsets: [0, 4, 4] }), "`a` has no valid data_offsets"],
    [entry({ data_offsets: [4, 0] }), "`a` has no valid data_offsets"],
    [entry({ data_offsets: undefined }), "`a` has no valid data_offsets"],
    [entry({ shape: [3] }), "`a` has 4 bytes, but its shape needs 3"],
    [entry({ dtype: "F32", shape: [2] }), "`a` has 4 bytes, but its shape needs 8"],
    ['{"a": 4}', "`a` has no description"],
    ['{"__metadata__": []}', "`__metadata__` has a value that is not a string"],
    ["[]", "its header does not start with `{`"],
    ["{} x", "its header is malformed: `x` stands at character 3, where its end is expected"],
    [JSON.stringify({ ["n".repeat(2049)]: 4 }), "a name in it has more than 2048 characters"],
    [two([0, 2], [3, 4]), "`b` starts at byte 3, where 2 is expected"],
    [two([2, 4], [1, 2]), "`b` starts at byte 1, where 0 is expected"],
    [entry({}), "`a` goes beyond the end of the file", 3],
    [entry({}), "1 byte is left over", 5],
  ])("%s: %s", (json, problem, data = 4) => {
    expect(() => readSafetensors("weights", file(json, data))).toThrow(new RegExp(`^weights: ${escaped(problem)}$`));
  });

  test("tensors of no elements may stand where others start, in any order", () => {
    const read = readSafetensors("weights", file(two([0, 4], [0, 0])));
    expect([...read.keys()]).toEqual(["b", "a"]);
    const most = entry({ shape: [...Array<number>(63).fill(1), 4] });
    expect(readSafetensors("weights", file(most)).get("a")?.shape).toHaveLength(64);
  });

  test("bytes that are not UTF-8 are said to be none", () => {
    expect(() => readSafetensors("weights", file('{"a"}').with(10, 0xff))).toThrow("its header is not UTF-8");
  });
});

function escaped(text: string): string {
  return text.replaceAll(/[^\w ]/g, "\\$&");
}

describe("what is wrong with a checkpoint of torch.save is said", () => {
  const two = { "0": floatBytes(1, 2) };
  const storage = (type: string, key: string, count: string): string =>
    `(${text("storage")}${type}${key}${text("cpu")}${count}tQ`;
  const floats = "ctorch\nFloatStorage\n";
  const made = (from: string, rest: string): Uint8Array =>
    dictOf(`ctorch._utils\n_rebuild_tensor_v2\n(${from}${rest}tR`);
  const shaped = `${long(0)}(${long(2)}t(${long(1)}t\x89}`;

  test.each<[string, Uint8Array, string]>([
    [
      "a persistent id of another thing",
      made(`(${text("module")}${floats}${text("0")}${text("cpu")}${long(2)}tQ`, shaped),
      "is not a storage",
    ],
    ["a storage without a type", made(storage("N", text("0"), long(2)), shaped), "is not a storage"],
    [
      "a storage of a type of elements",
      made(storage("ctorch\nfloat32\n", text("0"), long(2)), shaped),
      "is not a storage",
    ],
    ["a storage with a number for a key", made(storage(floats, long(0), long(2)), shaped), "is not a storage"],
    ["a storage of less than nothing", made(storage(floats, text("0"), long(-1)), shaped), "is not a storage"],
    ["a storage with a text for a count", made(storage(floats, text("0"), text("2")), shaped), "is not a storage"],
    ["a tensor of a text", made(text("0"), shaped), "a tensor has no storage"],
    [
      "a shape of a text",
      made(storage(floats, text("0"), long(2)), `${long(0)}(${text("2")}t(${long(1)}t\x89}`),
      "no shape with strides",
    ],
    [
      "an offset of a text",
      made(storage(floats, text("0"), long(2)), `${text("0")}(${long(2)}t(${long(1)}t\x89}`),
      "no shape with strides",
    ],
    [
      "a tensor with something set",
      made(storage(floats, text("0"), long(2)), `${shaped}}(${text("neg")}\x88u`),
      "negated or conjugated",
    ],
    [
      "a parameter of a text",
      dictOf(`ctorch._utils\n_rebuild_parameter\n(${text("0")}\x89}tR`),
      "a parameter has no tensor",
    ],
    ["a dict of a text", pickleOf("ccollections\nOrderedDict\n(", text("a"), "tR"), "not made from a list of pairs"],
    ["a dict of None", pickleOf("ccollections\nOrderedDict\n(NtR"), "not made from a list of pairs"],
    ["a dict of two lists", pickleOf("ccollections\nOrderedDict\n(]]tR"), "not made from a list of pairs"],
    ["a global of a number", pickleOf(`${long(1)}${text("system")}\x93`), "a global in it has no name"],
    ["complex elements", pickleOf("ctorch\ncomplex64\n"), "an object of `torch.complex64`, which was left unread"],
    ["quantized elements", pickleOf("ctorch\nqint8\n"), "an object of `torch.qint8`, which was left unread"],
    [
      "complex storages",
      pickleOf("ctorch\nComplexDoubleStorage\n"),
      "elements of the type `torch.ComplexDoubleStorage`",
    ],
    ["what only ends like elements", pickleOf("ctorch\nmyfloat8\n"), "an object of `torch.myfloat8`"],
    ["what only starts like storages", pickleOf("ctorch\nComplexStorages\n"), "an object of `torch.ComplexStorages`"],
  ])("%s", (_, pickle, problem) => {
    expect(problemOf(torchFile(pickle, two))).toContain(problem);
  });

  test("a dict may be made from a list of pairs", () => {
    const tensor = tensorOf("0", 2, 0, [2], [1]);
    const pickle = pickleOf("ccollections\nOrderedDict\n(](](", text("weight"), tensor, "ee", "tR");
    const pairs = pickleOf("ccollections\nOrderedDict\n(]((", text("weight"), tensor, "te", "tR");
    for (const each of [pickle, pairs]) {
      const opened = openBytes(torchFile(each, two));
      expect([opened.kind, opened.kind === "tensors" && [...opened.tensors.keys()]]).toEqual(["tensors", ["weight"]]);
    }
  });
});

describe("the names of files in an archive", () => {
  const good = [
    { name: "archive/data.pkl", bytes: dictOf(tensorOf("0", 2, 0, [2], [1])) },
    { name: "archive/data/0", bytes: floatBytes(1, 2) },
  ];

  test.each(["/archive/x", "archive//x", "archive/../x", "./x", "C:x", "c:/x", "a\\b", "a\0b", "archive/x/"])(
    "%j does not name a file inside it",
    (name) => {
      expect(problemOf(zipOf([...good, { name, bytes: utf8("x") }]))).toContain("which does not name a file inside it");
    },
  );

  test("may have colons, dots and blanks", () => {
    for (const name of ["archive/C:x", "ab:c", "archive/...", "archive/a b"])
      expect(openBytes(zipOf([...good, { name, bytes: utf8("x") }])).kind).toBe("tensors");
  });
});
