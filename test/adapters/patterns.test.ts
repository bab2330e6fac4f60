import { readFileSync } from "node:fs";
import * as v from "valibot";
import { describe, expect, test } from "vitest";
import { fitsName, PatternReader, readPeftConfig } from "../../runtime/adapters/index.ts";
import { Random } from "../random.ts";

const fixture = v.parse(
  v.object({
    names: v.array(v.string()),
    patterns: v.array(v.object({ key: v.string(), fits: v.array(v.string()) })),
    targets: v.array(v.object({ fields: v.record(v.string(), v.unknown()), targets: v.array(v.string()) })),
  }),
  JSON.parse(readFileSync("test/fixtures/peft-patterns/patterns.json", "utf8")),
);

function ending(text: string) {
  const pattern = new PatternReader().ending(text);
  if (pattern.kind === "wrong") throw new Error(pattern.problem);
  return pattern;
}

describe("a pattern fits the names that it fits in PEFT", () => {
  test.each(fixture.patterns.map(({ key, fits }) => [key, fits] as const))("%j", (key, fits) => {
    const pattern = ending(key);
    expect(fixture.names.filter((name) => fitsName(pattern, name))).toEqual(fits);
  });
});

describe("a config has adapters on the modules that PEFT gives some", () => {
  test.each(fixture.targets.map(({ fields, targets }) => [JSON.stringify(fields), targets] as const))(
    "%s",
    (fields, targets) => {
      const config = readPeftConfig(`{"peft_type": "LORA", "r": 4, "lora_alpha": 8, ${fields.slice(1)}`);
      if (config.kind === "wrong") throw new Error(config.problem);
      expect(fixture.names.filter((name) => config.targets(name) === null)).toEqual(targets);
    },
  );

  test("says why there is none, and nothing where PEFT finds them by their classes", () => {
    const whyNot = (fields: Readonly<Record<string, unknown>>, name: string): string | null => {
      const config = readPeftConfig(JSON.stringify({ peft_type: "IA3", feedforward_modules: ".*fc1", ...fields }));
      if (config.kind === "wrong") throw new Error(config.problem);
      return config.targets(name);
    };
    expect(whyNot({ target_modules: ["q"] }, "a.v")).toBe("does not have `a.v` among its `target_modules`");
    expect(whyNot({ target_modules: ["v"], exclude_modules: ["a.v"] }, "a.v")).toBe(
      "excludes `a.v` (`exclude_modules`)",
    );
    expect(whyNot({ target_modules: ["v"], modules_to_save: ["a"] }, "a.v")).toContain("`modules_to_save`");
    expect(whyNot({ target_modules: ["v"], layers_to_transform: 3 }, "a.layer.2.v")).toContain("`layers_to_transform`");
    for (const all of ["all-linear", "ALL-LINEAR", null, []]) expect(whyNot({ target_modules: all }, "a.v")).toBeNull();
    expect(whyNot({ target_modules: ["a.v"] }, "a._orig_mod.v")).toBeNull();
    expect(whyNot({ target_modules: ["a._orig_mod.v"] }, "a._orig_mod.v")).toBeNull();
  });
});

describe("an expression that a pass over a name does not decide, or that is none, is refused in words", () => {
  test.each([
    ["(a)\\1", "refers back to a group (`\\1`), which is not supported"],
    ["(?P<x>a)(?P=x)", "refers back to a group (`(?P=`)"],
    ["(?<=a)q", "looks at what is before (`(?<`)"],
    ["(?<!a)q", "looks at what is before"],
    ["(?>a)q", "has an atomic group"],
    ["a++q", "has a possessive quantifier"],
    ["(?i)q", "sets flags (`(?i`)"],
    ["(?i:q)", "sets flags"],
    ["(a)?(?(1)b|c)", "has a condition"],
    ["q\\", "is not a valid regular expression: it ends with a backslash"],
    ["(q", "is not a valid regular expression: a `(` is not closed"],
    ["a)(b", "is not a valid regular expression: a `)` closes nothing"],
    ["[q", "a `[` is not closed"],
    ["[z-a]", "the range `z-a` goes downwards"],
    ["*q", "`*` has nothing to repeat"],
    ["a**", "one quantifier stands behind another"],
    ["^*", "a quantifier stands behind a place"],
    ["a{3,2}", "`{3,2}` counts downwards"],
    ["a{1001}", "repeats more than 1000 times"],
    ["((a{900}){900}){900}", "repeats too much, alone or with those before it"],
    ["\\q", "`\\q` is not an escape"],
    ["(".repeat(201), "nested deeper than 200 levels"],
    ["a".repeat(50_001), "a pattern of 50001 characters is too long"],
  ])("%j", (text, problem) => {
    const pattern = new PatternReader().ending(text);
    expect(pattern.kind === "wrong" ? pattern.problem : "it is read").toContain(problem);
  });
});

test("expressions that others take for ever to match take milliseconds", () => {
  const name = `${"a".repeat(60)}!`;
  const started = performance.now();
  for (const text of ["(a+)+b", "(.*)*b", "(a|a)*b", "(a?){60}a{60}b", "(?=(a+)+b)a*", "((a*)*)*b"])
    expect([text, fitsName(ending(text), name)]).toEqual([text, false]);
  expect(fitsName(ending("(a?){60}a{60}!"), name)).toBe(true);
  expect(performance.now() - started).toBeLessThan(5000);
});

test("a config whose patterns would take minutes is refused after some seconds' work", () => {
  const pattern = ending(`(${"(a?){1000}".repeat(10)})*b`);
  const name = `${"a".repeat(1000)}b`;
  expect(() => Array.from({ length: 1000 }, () => fitsName(pattern, name))).toThrow("its patterns take too long");
});

test("made-up expressions fit the names that JavaScript's own fit", () => {
  const random = new Random(5);
  const atoms = [
    "q",
    "v",
    ".",
    "\\.",
    "a",
    "1",
    "\\d",
    "\\w",
    "[qv]",
    "[^a]",
    "(?:a|q)",
    "(a.)",
    "(?=a)",
    "(?!q)",
    "^",
    "$",
    "\\b",
  ];
  const repeats = ["", "", "", "*", "+", "?", "{2}", "{1,2}", "*?"];
  let fitting = 0;
  for (let index = 0; index < 6000; index++) {
    const parts = Array.from({ length: 1 + random.below(4) }, () => {
      const atom = random.pick(atoms);
      return `${atom}${/^(?:\^|\$|\\b|\(\?[=!].*)$/.test(atom) ? "" : random.pick(repeats)}`;
    });
    const text = random.below(5) === 0 ? `${parts.slice(0, 2).join("")}|${parts.slice(2).join("")}` : parts.join("");
    const name = Array.from({ length: 1 + random.below(5) }, () => random.pick(["q", "v", ".", "a", "1"])).join("");
    const expected = new RegExp(`^(.*\\.)?(${text})$`).test(name);
    expect([text, name, fitsName(ending(text), name)]).toEqual([text, name, expected]);
    if (expected) fitting++;
  }
  expect(fitting).toBeGreaterThan(300);
});
