import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { boundsOf } from "../../runtime/json/bounds.ts";
import { parseJson, readOwnJson, readOwnLines } from "../../runtime/json/index.ts";
import { repeatedKey } from "../../runtime/json/repeated-key.ts";

describe("how deep a text is nested and how long its longest string is", () => {
  test.each<[string, number, number]>([
    ["", 0, 0],
    ["7", 0, 0],
    ["[]", 1, 0],
    ["{}", 1, 0],
    ['[[{"a": []}]]', 4, 1],
    ["[[], [], []]", 2, 0],
    ['{"abc": "de"}', 1, 3],
    ['["a", "abcd", "ab"]', 1, 4],
    ['["[[{{"]', 1, 4],
    ['["]", [1]]', 2, 1],
    ['["a\\"b[["]', 1, 6],
    ['["\\\\", [[]]]', 3, 2],
    ['["a", [2]]', 2, 1],
    ['"never ends [', 0, 12],
  ])("%j: %d and %d", (json, depth, string) => {
    expect(boundsOf(json)).toEqual({ depth, string });
  });
});

describe("a key that an object has twice", () => {
  test.each<[string, string | null]>([
    ['{"a": 1, "a": 2}', "a"],
    ['{"a": 1, "b": 2}', null],
    ['{"a": {"a": 1}, "b": {"a": 2}}', null],
    ['{"a": {"b": 1, "b": 2}}', "b"],
    ['{"b": {"a": 1}, "b": 2}', "b"],
    ['{"b": [{"a": 1}], "c": 1, "b": 2}', "b"],
    ['[{"a": 1}, {"a": 2}]', null],
    ['[{"a": 1}, {"a": 2, "a": 3}]', "a"],
    ['{"a": "a", "b": "a"}', null],
    ['{"a": ["b", "b", "a"], "b": 1}', null],
    ['["a", "a"]', null],
    ['{"a" : 1, "a"\n:2}', "a"],
    ['{"a": 1, "\\u0061": 2}', "a"],
    ['{"a\\"": 1, "a\\"": 2}', 'a"'],
    ['{"a:": 1, "b": "x", "a:": 2}', "a:"],
    ['{"__proto__": 1, "__proto__": 2}', "__proto__"],
    ['{"a": "}", "a": 1}', "a"],
    ['{"x": "a", "y": [1, "a"], "a": 3}', null],
    ["7", null],
  ])("%s: %s", (json, key) => {
    JSON.parse(json);
    expect(repeatedKey(json)).toBe(key);
  });
});

describe("a text from elsewhere", () => {
  test("is its value", () => {
    expect(parseJson('{"a": [1, "b", null]}', { depth: 2, string: 1 })).toEqual({
      kind: "ok",
      value: { a: [1, "b", null] },
    });
    expect(parseJson('"any length"', { depth: 0 })).toEqual({ kind: "ok", value: "any length" });
  });

  test.each<[string, string]>([
    ["[[[]]]", "it is nested deeper than 2 levels"],
    ['["abcd"]', "it has a string of more than 3 characters"],
    ['{"a": 1, "a": 2}', "it has `a` twice"],
  ])("%s is refused: %s", (json, problem) => {
    expect(parseJson(json, { depth: 2, string: 3 })).toEqual({ kind: "failed", problem });
  });

  test("that is no JSON is refused with what is wrong", () => {
    const read = parseJson("[1,]", { depth: 2 });
    expect(read.kind === "failed" && read.problem).toMatch(/^it is not valid JSON: ./);
  });

  test("is shown in one line, whatever lines it has", () => {
    const read = parseJson('{\n\t"a": x\r\n}\n', { depth: 2 });
    expect(read.kind === "failed" && read.problem).toMatch(/^it is not valid JSON: [^\n\r\t]+$/);
  });
});

describe("a text of this program's own", () => {
  const schema = v.object({ step: v.number() });

  test("is read by its schema, or nothing", () => {
    expect(readOwnJson('{"step": 7, "more": 1}', schema)).toEqual({ step: 7 });
    expect(readOwnJson('{"step": "7"}', schema)).toBeNull();
    expect(readOwnJson('{"step": 7', schema)).toBeNull();
  });

  test("has lines, of which those that are damaged are left out", () => {
    expect(readOwnLines('{"step": 1}\n\n{"step": "2"}\n{"step": 3}\n{"ste', schema)).toEqual([
      { step: 1 },
      { step: 3 },
    ]);
    expect(readOwnLines("", schema)).toEqual([]);
  });
});
