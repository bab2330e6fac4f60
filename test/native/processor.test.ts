import { describe, expect, test } from "vitest";
import { bf16ProductsOf } from "../../runtime/backends/tensorflow/native/index.ts";

describe("products of bf16 are computed", () => {
  test.each([
    [
      "by the processor where it has instructions for tiles",
      "processor\t: 0\nflags\t\t: fpu avx2 amx_bf16 amx_tile\n",
      "native",
    ],
    ["by the processor where it has instructions for vectors", "flags\t\t: avx512f avx512_bf16\n", "native"],
    ["in f32 where it has none", "flags\t\t: fpu avx avx2 avx512f\n", "widened"],
    ["in f32 where nothing is known", "", "widened"],
  ] as const)("%s", (_, information, expected) => {
    expect(bf16ProductsOf(information)).toBe(expected);
  });
});
