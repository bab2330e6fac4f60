import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { compileSpec, stepPrograms, whyNoStep } from "../../compiler/index.ts";
import { couplingPointsOf } from "../../compiler/programs/coupling-points.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { f32, meetingIn } from "./row-trace.ts";

describe("the rows of a batch meet", () => {
  test("at the latents that a contrastive loss compares", () => {
    const path = "test/golden/programs/micro-batches.vlm";
    const { spec } = compileSpec(createSource(path, readFileSync(path, "utf8")), new SpecLibrary("specs/std", path));
    const [whole] = spec?.losses ?? [];
    const [piece] = spec?.inMicroBatches?.().spec?.losses ?? [];
    if (whole === undefined || piece === undefined) throw new Error("the spec has a loss, also for a piece");
    const found = couplingPointsOf([whole], [piece])?.map((value) => value.whole);
    expect(found).toEqual([spec?.outputs.get("image"), spec?.outputs.get("report")]);
  });

  test("at the numbers of the rows, for a loss that is their mean", () => {
    const { found, given } = meetingIn((trace) => {
      const each = trace.sum(trace.add({ op: "abs" }, trace.vectors()), [1]);
      const mean = trace.add({ op: "mul" }, trace.sum(each, [0]), trace.constant(1 / trace.rows));
      return { loss: mean, given: each };
    });
    expect(found).toEqual([given]);
  });

  test("at a value and at what follows from it, where a loss reads both", () => {
    const { found, given } = meetingIn((trace) => {
      const first = trace.vectors();
      const second = trace.add({ op: "exp" }, first);
      const loss = trace.add({ op: "add" }, trace.total(second), trace.total(first));
      return { loss, given: [first, second] };
    });
    expect(found).toEqual(given);
  });
});

describe("what is carried from pieces to the whole batch", () => {
  test("has its rows on the first axis: a transposed value is transposed again", () => {
    const { found, given } = meetingIn((trace) => {
      const vectors = trace.vectors();
      return { loss: trace.total(trace.transpose(vectors, 1, 0)), given: vectors };
    });
    expect(found).toEqual([given]);
  });

  test("has gradients: a whole number is found again", () => {
    const { found, given } = meetingIn((trace) => {
      const vectors = trace.vectors();
      const places = trace.add({ op: "argmax", axis: 1, keep: false }, vectors);
      return { loss: trace.add({ op: "cast", dtype: "f32" }, trace.total(places)), given: vectors };
    });
    expect(found).toEqual([given]);
  });

  test("follows from inputs: what weights and constants give is the same in every piece", () => {
    const { found, given } = meetingIn((trace) => {
      const vectors = trace.vectors();
      const same = trace.add({ op: "broadcast", shape: [trace.rows, 4] }, trace.weight(4));
      const products = trace.matmul(
        trace.add({ op: "add" }, same, trace.constant(1, trace.rows, 4)),
        vectors,
        false,
        true,
      );
      return { loss: trace.total(products), given: vectors };
    });
    expect(found).toEqual([given]);
  });

  test("is no input, of which all rows are there", () => {
    const { found } = meetingIn((trace) => {
      const input = trace.input("y", f32(trace.rows));
      return { loss: trace.total(trace.add({ op: "mul" }, input, input)), given: null };
    });
    expect(found).toHaveLength(1);
    const { found: none } = meetingIn((trace) => ({
      loss: trace.total(trace.input("y", f32(trace.rows))),
      given: null,
    }));
    expect(none).toEqual([]);
  });

  test("is nothing that comes from an input with its rows on another axis", () => {
    const { found } = meetingIn((trace) => {
      const turned = trace.input("y", f32(4, trace.rows));
      return { loss: trace.total(trace.add({ op: "exp" }, trace.transpose(turned, 1, 0))), given: null };
    });
    expect(found).toEqual([]);
  });
});

test("a model whose operations follow from the number of rows has no values at which rows meet", () => {
  const repeated = meetingIn((trace) => {
    let value = trace.vectors();
    for (let row = 0; row < trace.rows; row++) value = trace.add({ op: "sin" }, value);
    return { loss: trace.total(value), given: null };
  });
  expect(repeated.found).toBeNull();
  const another = meetingIn((trace) => {
    return { loss: trace.total(trace.add({ op: trace.rows > 2 ? "sin" : "cos" }, trace.vectors())), given: null };
  });
  expect(another.found).toBeNull();
  const swapped = meetingIn((trace) => {
    const [x, y] = [trace.vectors(), trace.add({ op: "exp" }, trace.input("y", f32(trace.rows, 4)))];
    return { loss: trace.total(trace.add({ op: "sub" }, ...(trace.rows > 2 ? [x, y] : [y, x]))), given: null };
  });
  expect(swapped.found).toBeNull();
});

test("a metric that reads all rows of a large input is refused by its name", () => {
  const because = (metric: string): string | null => {
    const text = `model m {
  input ct: f32[batch, 1, 80, 64, 64] = volume()
  param gain: f32[] = ones
  let bright = mean(gain * ct, axis = [1, 2, 3, 4])
  metric level = ${metric}
  loss mean(bright * bright)
}
train {
  batch = 4, micro_batch = 2
}
data {
  size = [80, 64, 64]
}
`;
    const { spec } = compileSpec(createSource("m.vlm", text), new SpecLibrary("specs/std", "m.vlm"));
    if (spec === null) throw new Error("the spec compiles");
    return stepPrograms(spec) === null ? whyNoStep(spec) : null;
  };
  expect(because("mean(ct)")).toBe(
    "the metric `level` reads `ct` where all rows of a batch meet, which is too large for that with `micro_batch`",
  );
  expect(because("mean(mean(ct, axis = [1, 2, 3, 4]))")).toBeNull();
});
