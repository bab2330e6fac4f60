import { expect, test } from "vitest";
import { catalogue, nearest, nearestText, report } from "../../grammar/diagnostics/index.ts";
import { createSource } from "../../grammar/source.ts";

const library = ["linear", "layer_norm", "lora", "dora", "bert", "ctvit", "attention"];

test("a slip of one letter, two swapped letters or the wrong case finds the name that was meant", () => {
  expect(nearest("linaer", library)).toEqual(["linear"]);
  expect(nearest("Linear", library)).toEqual(["linear"]);
  expect(nearest("lorra", library)).toEqual(["lora"]);
  expect(nearest("atention", library)).toEqual(["attention"]);
});

test("of several names the nearest are offered, and a far name is not", () => {
  expect(nearest("ora", library)).toEqual(["dora", "lora"]);
  expect(nearest("transformer", library)).toEqual([]);
  expect(nearest("q", ["k", "v"])).toEqual([]);
});

test("a long name costs no time", () => {
  expect(nearest("x".repeat(1_000_000), ["x".repeat(1_000_001)])).toEqual([]);
});

test("the help line joins up to three names", () => {
  expect(nearestText("linaer", library)).toBe("did you mean `linear`?");
  expect(nearestText("ora", library)).toBe("did you mean `dora` or `lora`?");
  expect(nearestText("zzzz", library)).toBeNull();
});

test("every code stands in the catalogue once, in its family", () => {
  const codes = Object.values(catalogue).map((row) => row.code);
  expect(new Set(codes).size).toBe(codes.length);
  for (const code of codes) expect(code).toMatch(/^E\d{3}$/);
});

test("a report takes its file from the span, and a help that is given replaces the row's", () => {
  const source = createSource("a.vlm", "bad");
  const diagnostic = report("unknown-type", { source, start: 0, end: 3 }, { name: "bad" }, { help: "use `int`" });
  expect(diagnostic).toMatchObject({ code: "E110", severity: "error", file: "a.vlm", help: "use `int`" });
  expect(report("is-directory", "specs", { path: "specs" })).toMatchObject({ span: null, file: "specs" });
});
