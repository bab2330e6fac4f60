import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v from "valibot";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { compileSpec } from "../../compiler/index.ts";
import { createSource } from "../../grammar/index.ts";
import { SpecLibrary } from "../../runtime/specs/library.ts";
import { readSafetensors, rounded, type StoredPieces, storedPieces } from "../../runtime/weights/index.ts";
import { runHere } from "../cli/medctc.ts";
import { floatBytes } from "./torch-file.ts";

const text = `
import "std/lora"
import "std/linear"
import "std/rotary"

module turned(dim: int, positions: int, counted: bool) {
  part up = linear(dim, dim)
  optional buffer position_ids: i32[1, positions] = rearrange(iota(positions), "n -> 1 n") when counted
  optional buffer periods: f32[dim // 6] = axis_periods(dim // 6, 100) named "rope.periods"
  optional buffer num_batches_tracked: i32[]
  optional buffer shift: f32[2, 2] = zeros

  forward(x: f32[batch, dim]) {
    let y = up(x)
    return y
  }
}

model m {
  encoder e = turned(dim = 12, positions = 3, counted = true) named "network"
  encoder plain = turned(dim = 12, positions = 3, counted = false)
  optional buffer version: i32[] = 4
  let both = mean(e.y) + mean(plain.y)
  freeze e, plain
  lora(rank = 1) on e.up
  loss both
  expect total - trainable = 2 * (12 * 12 + 12)
}
`;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "medctc-optional-"));
  writeFileSync(join(folder, "m.vlm"), text);
});
afterAll(() => rmSync(folder, { recursive: true }));

const floats = (shape: readonly number[], ...values: readonly number[]): StoredPieces => ({
  dtype: "F32",
  shape,
  bytes: () => [floatBytes(...values)],
});
const whole = (shape: readonly number[], ...values: readonly number[]): StoredPieces => ({
  dtype: "I64",
  shape,
  bytes: () => [new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer)],
});
const weight = floats([12, 12], ...Array.from({ length: 144 }, (_, index) => index / 100));
const bias = floats([12], ...Array.from({ length: 12 }, () => 0));
const needed = {
  "network.up.weight": weight,
  "network.up.bias": bias,
  "plain.up.weight": weight,
  "plain.up.bias": bias,
};
const right = {
  "network.position_ids": whole([1, 3], 0, 1, 2),
  "network.rope.periods": floats([2], 1, 10),
  "network.num_batches_tracked": whole([], 12_345),
  "network.shift": floats([2, 2], 0, 0, 0, 0),
  version: whole([], 4),
};

function file(name: string, tensors: Readonly<Record<string, StoredPieces>>): string {
  const path = join(folder, `${name}.safetensors`);
  writeFileSync(path, Buffer.concat([...storedPieces(new Map(Object.entries(tensors)), new Map())]));
  return path;
}

const rows = v.array(v.looseObject({ name: v.string() }));
const comparison = v.object({
  found: v.number(),
  missing: rows,
  misshapen: rows,
  differing: v.array(v.looseObject({ name: v.string(), found: v.nullable(v.number()) })),
  unexpected: rows,
});

async function checked(path: string) {
  const { code, out } = await runHere(["weights", "check", join(folder, "m.vlm"), path, "--json"]);
  return { code, ...v.parse(comparison, JSON.parse(out)) };
}

const clean = { code: 0, found: 4, missing: [], misshapen: [], differing: [], unexpected: [] };

test("they are in no list of parameters and buffers, and have the names of checkpoints", () => {
  const path = join(folder, "m.vlm");
  const { plan, spec } = compileSpec(createSource(path, text), new SpecLibrary("specs/std", path));
  expect(plan?.buffers).toEqual([]);
  expect(plan?.parameters.filter(({ ofAdapter }) => !ofAdapter)).toHaveLength(4);
  expect(spec?.optional.map(({ path: at, checkpoint }) => [at, checkpoint])).toEqual([
    ["version", "version"],
    ["e.position_ids", "network.position_ids"],
    ["e.periods", "network.rope.periods"],
    ["e.num_batches_tracked", "network.num_batches_tracked"],
    ["e.shift", "network.shift"],
    ["plain.periods", "plain.rope.periods"],
    ["plain.num_batches_tracked", "plain.num_batches_tracked"],
    ["plain.shift", "plain.shift"],
  ]);
});

describe("a file", () => {
  const behind = (prefix: string) =>
    Object.fromEntries(Object.entries({ ...needed, ...right }).map(([name, each]) => [prefix + name, each]));

  test.each([
    ["without them", needed],
    ["with them", { ...needed, ...right }],
    ["with them behind a prefix", behind("module.")],
    ["with floats for whole numbers", { ...needed, "network.position_ids": floats([1, 3], 0, 1, 2) }],
    [
      "with periods in few digits",
      {
        ...needed,
        "network.rope.periods": { dtype: "BF16", shape: [2], bytes: () => [rounded("BF16", Float64Array.of(1, 9.94))] },
      },
    ],
  ] as const)("%s is the model's", async (name, tensors) => {
    expect(await checked(file(name, tensors))).toEqual(clean);
  });

  test("of one encoder alone is the encoder's", async () => {
    const names = Object.entries({ ...needed, ...right }).filter(([name]) => name.startsWith("network."));
    const alone = Object.fromEntries(names.map(([name, each]) => [name.replace("network.", "bert."), each]));
    const unexpected = (await checked(file("alone", { ...alone, "plain.up.weight": weight, "plain.up.bias": bias })))
      .unexpected;
    // Two names are too few to be found under another prefix.
    expect(unexpected).toHaveLength(6);
  });

  test("with what only the other module may have is told of it", async () => {
    const other = { ...needed, "plain.position_ids": whole([1, 3], 0, 1, 2) };
    expect(await checked(file("other", other))).toMatchObject({
      code: 0,
      unexpected: [{ name: "plain.position_ids" }],
    });
  });

  test.each([
    ["values", { "network.rope.periods": floats([2], 1, 31.6) }, "network.rope.periods", [1], 31.6, 10],
    ["half a value", { "network.position_ids": floats([1, 3], 0, 1.5, 2) }, "network.position_ids", [0, 1], 1.5, 1],
    [
      "what is not a number",
      { "network.shift": floats([2, 2], 0, 0, Number.NaN, 0) },
      "network.shift",
      [1, 0],
      null,
      0,
    ],
    ["another number", { version: whole([], 5) }, "version", [], 5, 4],
  ] as const)("with %s is refused", async (name, tensors, tensor, index, found, expected) => {
    const path = file(`wrong ${name}`, { ...needed, ...tensors });
    const differing = [{ name: tensor, inFile: tensor, index, expected }];
    const compared = await checked(path);
    expect(compared).toMatchObject({ ...clean, code: 1, differing });
    if (found !== null) expect(compared.differing[0]?.found).toBeCloseTo(found, 5);
    const table = await runHere(["weights", "check", join(folder, "m.vlm"), path]);
    expect(table.out).toMatch(
      new RegExp(`^differs +${tensor.replaceAll(".", "\\.")} +${expected} at \\[${index.join(", ")}\\] `, "m"),
    );
    expect(table.out).toContain("0 misshapen, 1 different, 0 unexpected");
    const output = join(folder, "never.safetensors");
    const merged = await runHere(["adapter", "merge", join(folder, "m.vlm"), "--weights", path, "-o", output]);
    expect(merged.code).toBe(1);
    const at = index.length === 0 ? "it is" : `at [${index.join(", ")}] it is`;
    expect(merged.err).toContain(`E750]: \`${tensor}\` in \`${path}\` is not what the model computes: ${at} `);
  });

  test("with another shape is refused, whatever its values may be", async () => {
    const path = file("shape", { ...needed, "network.num_batches_tracked": whole([2], 1, 2) });
    expect(await checked(path)).toMatchObject({
      code: 1,
      misshapen: [{ name: "network.num_batches_tracked", shape: [], found: [2] }],
    });
  });
});

test("a merged checkpoint has them byte for byte, and nothing is said of it", async () => {
  const weights = file("whole", { ...needed, ...right });
  const output = join(folder, "merged.safetensors");
  const adapter = file("adapter", {
    "network.up.lora_A.weight": floats([1, 12], ...Array.from({ length: 12 }, () => 1)),
    "network.up.lora_B.weight": floats([12, 1], ...Array.from({ length: 12 }, () => 1)),
  });
  const given = ["--weights", weights, "--adapter", adapter, "--adapter-alpha", "1", "-o", output];
  const { code, err } = await runHere(["adapter", "merge", join(folder, "m.vlm"), ...given]);
  expect([code, err.match(/^(note|warning|error).*/gm)]).toEqual([0, null]);
  const stored = readSafetensors(output, readFileSync(output));
  for (const [name, { dtype, shape, bytes }] of Object.entries(right)) {
    expect(stored.get(name)).toMatchObject({ dtype, shape });
    expect(Buffer.concat([stored.get(name)?.bytes ?? new Uint8Array()])).toEqual(Buffer.concat([...bytes()]));
  }
});
