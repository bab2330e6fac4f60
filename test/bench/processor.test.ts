import { expect, test } from "vitest";
import { instructionSets } from "../../runtime/machine/index.ts";

test("instruction sets are those of the flags of the first processor", () => {
  const text = "processor\t: 0\nflags\t\t: fpu avx avx2 avx512f avx512_bf16 amx_bf16\nprocessor\t: 1\nflags\t\t: fpu\n";
  expect(instructionSets(() => text)).toEqual(["AVX2", "AVX-512", "AVX-512 BF16", "AMX BF16"]);
  expect(instructionSets(() => "flags\t\t: fpu sse avx\n")).toEqual([]);
});

test("a system without /proc/cpuinfo tells of none", () => {
  const missing = (): string => {
    throw new Error("no such file");
  };
  expect(instructionSets(missing)).toEqual([]);
});
