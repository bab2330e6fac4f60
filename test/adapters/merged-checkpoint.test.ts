import { copyFileSync, linkSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type ExportWeightsRequest, exportWeights } from "../../runtime/app/export/weights.ts";
import { noChoices } from "../../runtime/app/weights/open.ts";
import {
  countOf,
  elementsOf,
  openTensors,
  type RoundedDtype,
  readSafetensors,
  rounded,
  type StoredPieces,
  type StoredTensor,
  storedPieces,
} from "../../runtime/weights/index.ts";
import { collectedReporter } from "../collected-reporter.ts";
import { fixture } from "../parity/ctclip-fixture.ts";
import { floatBytes, pickleOf, tensorOf, text, torchFile } from "../weights/torch-file.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-merged-"));
afterAll(() => rmSync(folder, { recursive: true }));

const base = fixture("weights.safetensors");
const adapter = "test/fixtures/ctclip-small/lora.safetensors";
const adapted = "text_transformer.encoder.layer.0.attention.self.query.weight";

interface Heard {
  readonly ended: "done" | "refused" | "misused" | "stopped";
  readonly said: string;
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly metadata: ReadonlyMap<string, string>;
}

async function exported(weights: string | null, more: Partial<ExportWeightsRequest> = {}): Promise<Heard> {
  const { reporter, said } = collectedReporter();
  const file = join(folder, "out.safetensors");
  rmSync(file, { force: true });
  const given = { spec: "specs/medct-small.vlm", set: [], weights, adapter, allowMissing: [], choices: noChoices };
  const ended = await exportWeights({ ...given, file, merge: true, dtype: null, ...more }, reporter);
  const isDone = ended.kind === "done";
  const opened = isDone ? openTensors(file) : null;
  if (opened?.kind === "tensors") opened.close();
  return {
    ended: ended.kind,
    said: said(),
    tensors: isDone ? readSafetensors(file, readFileSync(file)) : new Map(),
    metadata: opened?.kind === "tensors" ? opened.metadata : new Map(),
  };
}

/** A file with the model's tensors in a type, some of them changed, under other names and with others beside. */
function checkpoint(
  name: string,
  dtype: RoundedDtype,
  {
    change = () => undefined,
    beside = {},
    named = (each: string) => [each],
    metadata = {},
  }: {
    readonly change?: (name: string, values: Float64Array) => void;
    readonly beside?: Readonly<Record<string, StoredPieces>>;
    readonly named?: (name: string) => readonly string[];
    readonly metadata?: Readonly<Record<string, string>>;
  } = {},
): string {
  const tensors = new Map<string, StoredPieces>(Object.entries(beside));
  for (const [own, stored] of base) {
    const values = elementsOf(stored);
    change(own, values);
    const bytes = rounded(dtype, values);
    for (const each of named(own)) tensors.set(each, { dtype, shape: stored.shape, bytes: () => [bytes] });
  }
  const path = join(folder, `${name}.safetensors`);
  writeFileSync(path, Buffer.concat([...storedPieces(tensors, new Map(Object.entries(metadata)))]));
  return path;
}

function bytesIn(tensors: ReadonlyMap<string, StoredTensor>, name: string): string {
  return Buffer.from(tensors.get(name)?.bytes ?? []).toString("hex");
}

describe("a merged checkpoint", () => {
  test("has tensors that the spec does not have, byte for byte, with their types and their names", async () => {
    const beside = {
      position_ids: { dtype: "I64", shape: [1, 2], bytes: () => [new Uint8Array(16).fill(7)] },
      steps: { dtype: "U8", shape: [], bytes: () => [Uint8Array.of(200)] },
      "module.mask": { dtype: "BOOL", shape: [3], bytes: () => [Uint8Array.of(1, 0, 1)] },
      // A NaN of its own kind, which a number would lose.
      table: { dtype: "F16", shape: [2], bytes: () => [Uint8Array.of(1, 0x7d, 0xff, 0xff)] },
      nothing: { dtype: "F32", shape: [0, 4], bytes: () => [] },
    } as const;
    const metadata = { author: "us", sha256: "of the old file", format: "pt" };
    const found = await exported(checkpoint("beside", "F32", { beside, metadata }));
    expect(found.ended).toBe("done");
    for (const [name, { dtype, shape, bytes }] of Object.entries(beside)) {
      expect(found.tensors.get(name)).toMatchObject({ dtype, shape });
      expect(bytesIn(found.tensors, name)).toBe(Buffer.concat(bytes()).toString("hex"));
    }
    expect([...found.tensors.keys()].toSorted()).toEqual([...base.keys(), ...Object.keys(beside)].toSorted());
    expect(found.said).toContain("note: 5 tensors of ");
    expect(found.said).toContain("the spec does not have are copied unchanged: `position_ids`, `");
    expect(found.said).toContain("note: left out of the export: metadata about the old file (`sha256`)");
    expect([...found.metadata]).toEqual([
      ["format", "pt"],
      ["author", "us"],
    ]);
  });

  test("keeps the type of each tensor, and says how many were rounded; --dtype asks for another one", async () => {
    const path = checkpoint("brain", "BF16", {
      beside: { ids: { dtype: "I64", shape: [1], bytes: () => [new Uint8Array(8)] } },
    });
    const kept = await exported(path);
    expect(new Set([...kept.tensors.values()].map(({ dtype }) => dtype))).toEqual(new Set(["I64", "BF16"]));
    expect(kept.said).toContain("note: rounded 12 tensors to bf16, the file's type; --dtype f32 keeps 32 bits");
    const wide = await exported(path, { dtype: "f32" });
    expect(wide.said).not.toContain("rounded");
    expect(new Set([...wide.tensors.values()].map(({ dtype }) => dtype))).toEqual(new Set(["I64", "F32"]));
    const narrowed = elementsOf(wide.tensors.get(adapted) ?? { dtype: "F32", shape: [0], bytes: new Uint8Array() });
    expect(bytesIn(kept.tensors, adapted)).toBe(Buffer.from(rounded("BF16", narrowed)).toString("hex"));
    const half = await exported(path, { dtype: "f16" });
    expect(half.said).toContain(`note: rounded ${base.size} tensors to f16`);
  });

  test("keeps a weight in 32 bits that its type has no room for, and names values that are not numbers", async () => {
    const path = checkpoint("large", "F16", {
      change: (name, values) => {
        if (name === adapted) values[5] = 65_504;
        if (name === adapted) values[6] = Number.NaN;
      },
    });
    const large = join(folder, "large-lora.safetensors");
    const tensors = new Map(
      [...fixture("lora.safetensors")].map(([name, { dtype, shape, bytes }]) => {
        const values = elementsOf({ dtype, shape, bytes });
        const isFar = name.includes("layer.0.attention.self.query.lora_");
        const stored = rounded("F32", isFar ? values.fill(10) : values);
        return [name, { dtype: "F32", shape, bytes: () => [stored] }] as const;
      }),
    );
    writeFileSync(large, Buffer.concat([...storedPieces(tensors)]));
    const found = await exported(path, { adapter: large });
    const { dtype } = found.tensors.get(adapted) ?? {};
    expect(dtype).toBe("F32");
    // Rank 4, alpha 8: 2 * 4 * 10 * 10 more.
    expect(found.said).toContain(`warning: \`${adapted}\` is written in 32 bits: its value 66304 is too large for f16`);
    expect(found.said).toContain(`warning: \`${adapted}\` has 1 value that is not finite`);
    expect(elementsOf(found.tensors.get(adapted) ?? { dtype: "F32", shape: [0], bytes: new Uint8Array() })[5]).toBe(
      66_304,
    );
  });

  test("of two copies has the one that was asked for, by the names without it", async () => {
    const path = checkpoint("copies", "F32", {
      named: (name) => [`student.${name}`, `teacher.${name}`],
      beside: { epoch: { dtype: "I64", shape: [], bytes: () => [new Uint8Array(8)] } },
    });
    const found = await exported(path, { choices: { ...noChoices, copy: "teacher" } });
    expect([...found.tensors.keys()].toSorted()).toEqual([...base.keys()].toSorted());
    expect(found.said).toContain(
      `left out of the export: ${base.size + 1} tensors outside of the copy that --weights-copy`,
    );
    const bare = checkpoint("bare", "F32", { named: (name) => [name, `ema.${name}`] });
    const without = await exported(bare, { choices: { ...noChoices, copy: "" } });
    expect([...without.tensors.keys()].toSorted()).toEqual([...base.keys()].toSorted());
    expect((await exported(bare)).ended).toBe("refused");
  });

  test("without --merge has the model alone, and says that adapters are left out", async () => {
    const lora = fixture("lora.safetensors");
    const beside = Object.fromEntries(
      [...lora].map(([name, { dtype, shape, bytes }]) => [name, { dtype, shape, bytes: () => [bytes] }]),
    );
    const both = checkpoint("both", "F32", { beside });
    const without = await exported(both, { adapter: null, merge: false });
    expect([...without.tensors.keys()].toSorted()).toEqual([...base.keys()].toSorted());
    expect(bytesIn(without.tensors, adapted)).toBe(bytesIn(base, adapted));
    expect(without.said).toContain(`note: left out of the export: ${lora.size} tensors of adapters`);
    const merged = await exported(both, { adapter: null });
    const apart = await exported("test/fixtures/ctclip-small/weights.safetensors");
    expect(bytesIn(merged.tensors, adapted)).toBe(bytesIn(apart.tensors, adapted));
  });

  test("is not made of nothing, where adapters are needed", async () => {
    const found = await exported("test/fixtures/ctclip-small/weights.safetensors", {
      adapter: null,
      needsAdapters: true,
    });
    expect([found.ended, found.said]).toEqual([
      "refused",
      expect.stringContaining("error: nothing to merge: test/fixtures/ctclip-small/weights.safetensors has no values"),
    ]);
  });

  test("is not written over the weights or the adapter that it is made of", async () => {
    const weights = checkpoint("kept", "F32");
    const before = readFileSync(weights);
    const found = await exported(weights, { file: join(folder, ".", "kept.safetensors") });
    expect(found.ended).toBe("refused");
    expect(found.said).toContain(`the result would be written over \`${weights}\`, which it is made of`);
    expect(readFileSync(weights).equals(before)).toBe(true);
    const own = join(folder, "own.safetensors");
    copyFileSync(adapter, own);
    expect((await exported(weights, { adapter: own, file: own })).ended).toBe("refused");
    const index = join(folder, "kept.safetensors.index.json");
    writeFileSync(index, JSON.stringify({ weight_map: { [adapted]: "kept.safetensors" } }));
    expect((await exported(index, { file: weights })).said).toContain(`would be written over \`${index}\``);
    linkSync(weights, join(folder, "hard-link.safetensors"));
    expect((await exported(weights, { file: join(folder, "hard-link.safetensors") })).ended).toBe("refused");
    expect(readFileSync(weights).equals(before)).toBe(true);
  });

  test("says of a tensor that shares memory with a merged one, and is another view of it, that the two differ", async () => {
    // The adapted weight, and its first row; all others come from the file beside it in an index.
    const shape = base.get(adapted)?.shape ?? [];
    const own = (size: readonly number[]): string => tensorOf("0", countOf(shape), 0, size, [shape[1] ?? 0, 1]);
    const view = pickleOf("}(", text(adapted), own(shape), text("row"), own([1, shape[1] ?? 0]), "u");
    writeFileSync(
      join(folder, "views.pt"),
      torchFile(view, {
        0: floatBytes(...elementsOf(base.get(adapted) ?? { dtype: "F32", shape: [0], bytes: new Uint8Array() })),
      }),
    );
    const rest = new Map(
      [...base].flatMap(([name, { dtype, shape: size, bytes }]) =>
        name === adapted ? [] : [[name, { dtype, shape: size, bytes: () => [bytes] }] as const],
      ),
    );
    writeFileSync(join(folder, "rest.safetensors"), Buffer.concat([...storedPieces(rest)]));
    writeFileSync(join(folder, "index.json"), JSON.stringify({ parts: { "": ["views.pt", "rest.safetensors"] } }));
    const found = await exported(join(folder, "index.json"));
    expect(found.said).toContain(`warning: \`row\` shares memory with \`${adapted}\` in `);
    expect(found.tensors.has("row")).toBe(true);
  });

  test("of no file has all weights of the spec in 32 bits", async () => {
    const found = await exported(null, { adapter: null, merge: false });
    expect([...base.keys()].filter((name) => found.tensors.get(name)?.dtype !== "F32")).toEqual([]);
  });
});
