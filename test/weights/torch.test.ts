import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openBytes, openWhole, problemOf, wrongOf } from "./opened.ts";
import { dictOf, floatBytes, long, pickleOf, tensorOf, text, torchFile, utf8, zipOf } from "./torch-file.ts";

const fixtures = "test/fixtures/torch";

describe("what torch.save wrote reads as the same tensors in safetensors do", () => {
  test.each(["mixed", "views", "training", "protocol-5", "wrapped"])("%s", (name) => {
    const found = openWhole(join(fixtures, `${name}.pt`));
    const expected = openWhole(join(fixtures, `${name}.safetensors`));
    if (found.kind === "wrong" || expected.kind === "wrong") throw new Error(JSON.stringify([found, expected]));
    const sorted = (tensors: typeof found.tensors) => [...tensors].toSorted(([a], [b]) => (a < b ? -1 : 1));
    expect(found.tensors.size).toBeGreaterThan(3);
    expect(sorted(found.tensors)).toEqual(sorted(expected.tensors));
  });
});

test("dicts in dicts have their names with dots between", () => {
  const file = openWhole(join(fixtures, "training.pt"));
  expect(file.kind === "tensors" && [...file.tensors.keys()].filter((name) => /weight$|0\.step$/.test(name))).toEqual([
    "model.0.weight",
    "model.1.weight",
    "optim.state.0.step",
  ]);
});

describe("what is no checkpoint of plain tensors is refused, with what to do about it", () => {
  test.each([
    ["legacy.pt", /before PyTorch 1\.6/, /write it with torch\.save/],
    ["bare.pkl", /a pickle without the archive/, /torch\.save/],
    ["sparse.pt", /sparse/, /to_dense/],
    ["complex.pt", /torch\.ComplexFloatStorage/, /safetensors/],
    ["negated.pt", /negated or conjugated/, /clone/],
    ["expanded.pt", /repeats the 1 elements/, /contiguous/],
    ["list.pt", /a list, not a dict/, /state_dict/],
    ["compressed.pt", /is compressed/, /torch\.save/],
    ["big-endian.pt", /big-endian/, /little-endian/],
    ["script.pt", /TorchScript/, /state_dict/],
  ])("%s", (name, problem, help) => {
    const wrong = wrongOf(openWhole(join(fixtures, name)));
    expect(wrong.problem).toMatch(problem);
    expect(wrong.help).toMatch(help);
  });
});

test("a pickle that names a command of the system gives its tensors; the command is listed, and not run", () => {
  const file = openWhole(join(fixtures, "command.pt"));
  if (file.kind === "wrong") throw new Error(JSON.stringify(file));
  expect(file.unread).toEqual([{ name: "posix.system", at: "hook" }]);
  expect(readFileSync(join(fixtures, "command.pt"), "latin1")).toContain("touch pickle-was-run");
  expect(existsSync("pickle-was-run")).toBe(false);
});

test("a whole module has the tensors of its state dict", () => {
  const module = openWhole(join(fixtures, "whole-module.pt"));
  const wrapped = openWhole(join(fixtures, "wrapped.safetensors"));
  if (module.kind === "wrong" || wrapped.kind === "wrong") throw new Error(JSON.stringify([module, wrapped]));
  const own = [...wrapped.tensors].flatMap(([name, tensor]) =>
    name.startsWith("state_dict.module.") ? [[name.slice("state_dict.module.".length), tensor] as const] : [],
  );
  expect(own.length).toBe(7);
  expect(new Map(module.tensors)).toEqual(new Map(own));
  expect(module.unread[0]).toEqual({ name: "torch.nn.modules.container.Sequential", at: null });
});

/** The values of the only tensor. */
function valuesOf(bytes: Uint8Array): readonly number[] | undefined {
  const file = openBytes(bytes);
  return file.kind === "tensors" ? file.tensors.get("weight")?.values : undefined;
}

const four = { "0": floatBytes(1, 2, 3, 4) };

test("a tensor may be any part of its storage, in any order of its axes", () => {
  const places: readonly (readonly [number, readonly number[], readonly number[], readonly number[]])[] = [
    [0, [2, 2], [2, 1], [1, 2, 3, 4]],
    [0, [2, 2], [1, 2], [1, 3, 2, 4]],
    [1, [3], [1], [2, 3, 4]],
    [0, [2], [3], [1, 4]],
    [3, [], [], [4]],
    [2, [1, 2], [77, 1], [3, 4]],
    [4, [0, 3], [3, 1], []],
    [0, [2, 2], [0, 1], [1, 2, 1, 2]],
  ];
  for (const [offset, shape, strides, values] of places) {
    const bytes = torchFile(dictOf(tensorOf("0", 4, offset, shape, strides)), four);
    expect([shape, strides, valuesOf(bytes)]).toEqual([shape, strides, values]);
  }
});

describe("a pickle that asks for more than tensors is refused", () => {
  test.each<[string, Uint8Array, RegExp]>([
    [
      "a whole that is only a call",
      pickleOf("cos\nsystem\n(", text("true"), "tR"),
      /an object of `os\.system`, which was/,
    ],
    ["STACK_GLOBAL of what is no text", pickleOf("NN\x93"), /no name/],
    ["BUILD of what is no object", pickleOf("ctorch\nFloatStorage\n}b"), /not an object/],
    ["an object of nothing", pickleOf("(o"), /of nothing/],
    ["an extension", pickleOf("\x82\x01"), /EXT1/],
    ["PERSID", pickleOf("Pname\n"), /PERSID/],
    ["a call of a type of storages", pickleOf("ctorch\nFloatStorage\n)R"), /calls a value that is not callable/],
    ["a call of a text", pickleOf(text("os.system"), ")R"), /calls a value that is not callable/],
    ["a call without a tuple", pickleOf("ccollections\nOrderedDict\nNR"), /not a tuple/],
    ["no storage", dictOf("ctorch._utils\n_rebuild_tensor_v2\n(NK\x00)))NtR"), /no storage/],
    ["another thing outside of it", pickleOf("(", text("module"), "tQ"), /not a storage/],
  ])("%s", (_, pickle, problem) => {
    expect(problemOf(torchFile(pickle, four))).toMatch(problem);
  });
});

describe("what is no tensor is left unread, and listed with its place", () => {
  const weight = [text("weight"), tensorOf("0", 4, 0, [4], [1])];
  const beside = (value: string): Uint8Array => pickleOf("}(", text("a"), value, ...weight, "u");
  test.each<[string, Uint8Array, readonly string[]]>([
    ["GLOBAL and REDUCE", beside(`cos\nsystem\n(${text("true")}tR`), ["os.system at a"]],
    ["a name that is never called", beside("cbuiltins\neval\n"), ["builtins.eval at a"]],
    ["STACK_GLOBAL", beside("\x8c\x02os\x8c\x06system\x93"), ["os.system at a"]],
    ["INST", beside(`(${text("true")}ios\nsystem\n`), ["os.system at a"]],
    ["OBJ", beside("(cdatetime\ndate\nC\x04\x07\xe6\x01\x02o"), ["datetime.date at a"]],
    ["NEWOBJ and BUILD", beside(`cargparse\nNamespace\n)\x81}${text("lr")}K\x01sb`), ["argparse.Namespace at a"]],
    ["NEWOBJ_EX", beside("cmy.config\nConfig\n)}\x92"), ["my.config.Config at a"]],
    [
      "a call of what a call gives",
      beside(`cbuiltins\ngetattr\n(cos\nsystem\n${text("x")}tR)R`),
      ["builtins.getattr at a", "os.system"],
    ],
    ["an object with items", beside("cmy\nList\n)\x81(K\x01K\x02e"), ["my.List at a"]],
    [
      "sets, bytes and long numbers",
      beside(`\x8f(K\x01\x90(K\x02\x910B\x02\x00\x00\x00ab0\x8b\x01\x00\x00\x00\x010`),
      [],
    ],
    ["an object in a list", beside("](cenum\nEnum\n(K\x01tRe"), ["enum.Enum"]],
    ["a part of a known module", beside("ctorch\nload\n"), ["torch.load at a"]],
    ["a type of elements that is not read", beside("ctorch\nqint8\n"), ["torch.qint8 at a"]],
    ["a known name of another module", beside("ccollections\nFloatStorage\n"), ["collections.FloatStorage at a"]],
    [
      "a dotted name",
      beside("ctorch._utils\n_rebuild_tensor_v2.__globals__\n"),
      ["torch._utils._rebuild_tensor_v2.__globals__ at a"],
    ],
  ])("%s", (_, pickle, expected) => {
    const file = openBytes(torchFile(pickle, four));
    if (file.kind === "wrong") throw new Error(JSON.stringify(file));
    expect(file.unread.map(({ name, at }) => (at === null ? name : `${name} at ${at}`))).toEqual(expected);
    expect([...file.tensors].map(([name, { values }]) => [name, values])).toEqual([["weight", [1, 2, 3, 4]]]);
  });

  test("the tensors of a type of dicts are taken, and so are those of a module", () => {
    const tensor = tensorOf("0", 4, 0, [4], [1]);
    const own = pickleOf("}(", text("model"), "cmy\nStateDict\n)\x81", text("w"), tensor, "su");
    const named = openBytes(torchFile(own, four));
    expect(named.kind === "tensors" && [...named.tensors.keys()]).toEqual(["model.w"]);
    const state = ["_parameters", "_buffers", "_modules"].map((name) => `${text(name)}}`);
    const module = (parameters: string, modules: string): string =>
      `cmy\nModel\n)\x81}(${state[0]}${parameters}${state[1]}${state[2]}${modules}${text("training")}\x88ub`;
    const inner = module(`${text("bias")}${tensor}s`, "");
    const whole = pickleOf(module(`${text("scale")}${tensor}s`, `${text("head")}${inner}s`));
    const opened = openBytes(torchFile(whole, four));
    expect(opened.kind === "tensors" && [...opened.tensors.keys()]).toEqual(["scale", "head.bias"]);
  });

  test("a hostile number of names is cut, and nothing of it takes long", () => {
    const names = Array.from({ length: 50_000 }, (_, index) => `cm\nn${index}\n)R0`).join("");
    const start = performance.now();
    const file = openBytes(torchFile(pickleOf(names, "}(", ...weight, "u"), four));
    expect(file.kind === "tensors" && file.unread.length).toBe(100);
    const long = pickleOf(`\x8b\x00\x00\x40\x00${"\xff".repeat(2 ** 22)}0}(`, ...weight, "u");
    expect(openBytes(torchFile(long, four)).kind).toBe("tensors");
    expect(performance.now() - start).toBeLessThan(5000);
  });
});

describe("a pickle that is not in order is refused", () => {
  test.each<[string, Uint8Array, RegExp]>([
    ["empty", new Uint8Array(), /truncated/],
    ["of protocol 0", utf8("(dp0\n."), /instruction of code 100/],
    ["of protocol 6", Uint8Array.of(0x80, 6, 0x7d, 0x2e), /protocol is 6/],
    ["without an end", pickleOf("}").subarray(0, 3), /truncated/],
    ["with something behind its end", Uint8Array.from([...pickleOf("}"), 0x2e]), /past its end/],
    ["of two values", pickleOf("}}"), /more than one value/],
    ["of no value", pickleOf(), /no/],
    ["with an open mark", pickleOf("}("), /no/],
    ["that takes behind a mark", pickleOf("}(", text("a"), "(s"), /takes a value from an empty stack/],
    ["with values and no mark", pickleOf("}u"), /but there is none/],
    ["with a key without a value", pickleOf("}(", text("a"), "u"), /no value/],
    ["that recalls what it did not keep", pickleOf("h\x07"), /never stored/],
    ["that keeps nothing", pickleOf("q\x00"), /an empty stack/],
    ["that appends to a dict", pickleOf("}Na"), /not a list/],
    ["that sets an item of a list", pickleOf("]NNs"), /not a dict/],
    ["with a text that is too long", pickleOf("X\xff\xff\xff\x7f"), /truncated/],
    ["with a text that is not UTF-8", pickleOf("X\x01\x00\x00\x00\xff"), /UTF-8/],
    ["with a name that has no end", pickleOf("cos"), /truncated/],
    ["with half a million instructions", pickleOf("N".repeat(2 ** 20)), /more than 524288 instructions/],
  ])("%s", (_, pickle, problem) => {
    expect(problemOf(torchFile(pickle))).toMatch(problem);
  });
});

describe("a tensor that is not within its storage is refused", () => {
  test.each<[string, string, RegExp]>([
    ["a storage that is too short", tensorOf("0", 5, 0, [5], [1]), /has 16 bytes, but 20 are needed/],
    ["a storage that is too long", tensorOf("0", 3, 0, [3], [1]), /has 16 bytes, but 12 are needed/],
    ["a storage that is not there", tensorOf("1", 4, 0, [4], [1]), /`1`, which is missing/],
    ["a storage outside of the archive", tensorOf("../version", 4, 0, [4], [1]), /which is missing/],
    ["a stride out of range", tensorOf("0", 4, 0, [2, 2], [3, 1]), /goes beyond/],
    ["an offset out of range", tensorOf("0", 4, 1, [4], [1]), /goes beyond/],
    ["a shape without strides", tensorOf("0", 4, 0, [4], []), /no shape with strides/],
    ["a negative stride", tensorOf("0", 4, 3, [2], [-1]), /no shape with strides/],
    ["a negative offset", tensorOf("0", 4, -1, [1], [1]), /no shape with strides/],
    ["sizes that overflow", tensorOf("0", 4, 0, [2 ** 52, 2 ** 52], [0, 0]), /repeats/],
    ["strides that overflow", tensorOf("0", 4, 0, [2, 2], [2 ** 53 - 1, 2 ** 53 - 1]), /goes beyond/],
    ["too many axes", tensorOf("0", 4, 0, Array(65).fill(1), Array(65).fill(1)), /no shape with strides/],
  ])("%s", (_, tensor, problem) => {
    expect(problemOf(torchFile(dictOf(tensor), four))).toMatch(problem);
  });
});

test("dicts that are shared, or in themselves, are looked into once", () => {
  let shared = "}";
  for (let depth = 0; depth < 12; depth++)
    shared = `}(${text("a")}${shared}q${String.fromCharCode(depth)}${text("b")}h${String.fromCharCode(depth)}u`;
  expect(problemOf(torchFile(pickleOf(shared)))).toBe("");
  const inItself = pickleOf("}q\x00(", text("self"), "h\x00", text("weight"), tensorOf("0", 4, 0, [4], [1]), "u");
  expect(valuesOf(torchFile(inItself, four))).toEqual([1, 2, 3, 4]);
});

test("one name twice, by two ways into a dict, is refused", () => {
  const tensor = tensorOf("0", 4, 0, [4], [1]);
  const pickle = pickleOf("}(", text("a.b"), tensor, text("a"), "}(", text("b"), tensor, "uu");
  expect(problemOf(torchFile(pickle, four))).toMatch(/has `a\.b` twice/);
});

test("names that objects have of their own are names like any other", () => {
  const tensor = tensorOf("0", 4, 0, [4], [1]);
  const pickle = pickleOf("}(", text("__proto__"), tensor, text("constructor"), tensor, "u");
  const file = openBytes(torchFile(pickle, four));
  expect(file.kind === "tensors" && [...file.tensors.keys()]).toEqual(["__proto__", "constructor"]);
});

test("numbers that are no places stand in a checkpoint without harm", () => {
  const pickle = pickleOf("}(", text("seed"), `\x8a\x09${"\xff".repeat(8)}\x00`, text("step"), long(-1), "u");
  expect(problemOf(torchFile(pickle))).toBe("");
});

test("an archive without the pickle is no checkpoint", () => {
  const archive = zipOf([{ name: "weights.npy", bytes: utf8("x") }]);
  expect(problemOf(archive)).toMatch(/not a PyTorch checkpoint/);
  const two = zipOf([
    { name: "a/data.pkl", bytes: pickleOf("}") },
    { name: "b/data.pkl", bytes: pickleOf("}") },
  ]);
  expect(problemOf(two)).toMatch(/not a PyTorch checkpoint/);
});
