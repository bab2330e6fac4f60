import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import {
  type ConfigFields,
  ia3Config,
  type LoraOf,
  loraFiles,
  loraPartsOf,
  readAdapter,
} from "../../runtime/adapters/index.ts";
import { countOf, type FloatTensor } from "../../runtime/weights/index.ts";

const folder = mkdtempSync(join(tmpdir(), "medctc-peft-files-"));
afterAll(() => rmSync(folder, { recursive: true }));

const prefix = "base_model.model.";

/** What wraps a model or a file's names, by what becomes of a name that PEFT gives. */
const wraps: Readonly<Record<string, (name: string) => string>> = {
  none: (name) => name,
  "DistributedDataParallel around PEFT": (name) => `module.${name}`,
  "DistributedDataParallel in PEFT": (name) => name.replace(prefix, `${prefix}module.`),
  "torch.compile around PEFT": (name) => `_orig_mod.${name}`,
  "torch.compile in PEFT": (name) => name.replace(prefix, `${prefix}_orig_mod.`),
  "a PeftModel's own names": (name) => name.replace(/(lora_[AB]|lora_embedding_[AB]|ia3_l)/, "$1.default"),
};

/** Numbers that 16 bits have room for, so that every type has them as they are. */
const eighths = fc.integer({ min: -64, max: 64 }).map((count) => count / 8);
const valuesOf = (count: number) => fc.array(eighths, { minLength: count, maxLength: count });
const moduleNames = ["net.stem", "net.layers.0.attn.q", "net.layers.1.attn.q", "net.layers.1.mlp.up", "net.tokens"];
const names = fc.uniqueArray(fc.constantFrom(...moduleNames), { minLength: 1, maxLength: moduleNames.length });

/** LoRA of one module: linear, a table, or a convolution, which may be in groups. */
function loraOf(module: string): fc.Arbitrary<LoraOf> {
  const form = fc.record({
    kernel: fc.constantFrom([], [3], [2, 2]),
    isTable: fc.boolean(),
    own: fc.integer({ min: 1, max: 3 }),
    parts: fc.integer({ min: 1, max: 2 }),
    width: fc.integer({ min: 1, max: 3 }),
    alpha: fc.integer({ min: 1, max: 20 }),
  });
  return form.chain(({ kernel, isTable, own, parts, width, alpha }) => {
    const isConvolution = kernel.length > 0;
    const groups = isConvolution ? parts : 1;
    const rank = own * groups;
    const [outputs, inputs] = [2 * groups, (width + 1) * countOf(kernel)];
    return fc.tuple(valuesOf(rank * inputs), valuesOf((outputs * rank) / groups)).map(([down, up]) => ({
      ...{ module, attention: null, isEmbedding: isTable && !isConvolution, kernel, dropout: 0, scale: alpha / rank },
      matrices: { outputs, inputs, rank, groups, down: Float64Array.from(down), up: Float64Array.from(up) },
    }));
  });
}

const dtypes = ["F32", "F16", "BF16"] as const;

type Dtype = (typeof dtypes)[number];

/** The bits of a multiple of an eighth as a 16-bit float, which has it as it is. */
function bitsOf(value: number, dtype: "F16" | "BF16"): number {
  if (dtype === "BF16") return (new Uint32Array(Float32Array.of(value).buffer)[0] ?? 0) >>> 16;
  if (value === 0) return 0;
  const exponent = Math.floor(Math.log2(Math.abs(value)));
  const fraction = (Math.abs(value) / 2 ** exponent - 1) * 1024;
  return (value < 0 ? 0x8000 : 0) | ((exponent + 15) << 10) | fraction;
}

/** A safetensors file of tensors in an order and with types of their own. */
function fileOf(tensors: readonly (readonly [string, FloatTensor, Dtype])[]): Uint8Array {
  const header: Record<string, unknown> = {};
  const pieces: Uint8Array[] = [];
  let end = 0;
  for (const [name, { shape, data }, dtype] of tensors) {
    const values = Array.from(typeof data === "function" ? [...data()].flatMap((piece) => [...piece]) : data);
    const stored =
      dtype === "F32" ? Float32Array.from(values) : Uint16Array.from(values, (value) => bitsOf(value, dtype));
    const bytes = new Uint8Array(stored.buffer);
    header[name] = { dtype, shape, data_offsets: [end, end + bytes.length] };
    end += bytes.length;
    pieces.push(bytes);
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const length = new Uint8Array(new BigUint64Array([BigInt(text.length)]).buffer);
  return Buffer.concat([length, text, ...pieces]);
}

let written = 0;

/** Writes PEFT's two files and reads them again. */
function readAgain(
  tensors: ReadonlyMap<string, FloatTensor>,
  config: ConfigFields,
  { wrap, dtype, seed }: { readonly wrap: string; readonly dtype: Dtype; readonly seed: number },
) {
  const to = join(folder, String(written++));
  mkdirSync(to);
  const named = [...tensors].map(([name, tensor]) => [wraps[wrap]?.(name) ?? name, tensor, dtype] as const);
  const order = named.map((each, place) => [Math.imul(place + 1, 0x9e3779b1 ^ seed) >>> 0, each] as const);
  const shuffled = order.toSorted(([a], [b]) => a - b).map(([, each]) => each);
  writeFileSync(join(to, "adapter_model.safetensors"), fileOf(shuffled));
  writeFileSync(join(to, "adapter_config.json"), JSON.stringify(config));
  return readAdapter(join(to, "adapter_model.safetensors"));
}

const forms = fc.record({
  wrap: fc.constantFrom(...Object.keys(wraps)),
  dtype: fc.constantFrom(...dtypes),
  seed: fc.integer(),
});

/** How often files were read as what they are, by what wraps them: what is always refused would prove nothing. */
const equal = new Map<string, number>();

function count(wrap: string): void {
  equal.set(wrap, (equal.get(wrap) ?? 0) + 1);
}

test("LoRA of any modules, ranks, scales, types and order is read as it was written; under other names so, or refused", () => {
  equal.clear();
  const updates = names.chain((modules) => fc.tuple(...modules.map(loraOf)));
  fc.assert(
    fc.property(updates, forms, (all, form) => {
      const { tensors, config } = loraFiles(all);
      const read = readAgain(tensors, config, form);
      if (read.kind === "wrong") {
        expect([form.wrap, read.diagnostic.code]).not.toEqual(["none", expect.anything()]);
        return;
      }
      const { modules, others, unscaled } = loraPartsOf(read);
      expect([[...others.keys()], unscaled, [...modules.keys()].toSorted()]).toEqual([
        [],
        [],
        all.map(({ module }) => module).toSorted(),
      ]);
      for (const { module, scale, ...given } of all) {
        const found = modules.get(module);
        expect(found).toMatchObject(given);
        expect(Math.abs((found?.scale ?? 0) - scale)).toBeLessThanOrEqual(1e-12 * scale);
      }
      count(form.wrap);
    }),
    { numRuns: 200, seed: 11 },
  );
  expect([...equal.keys()].toSorted()).toEqual(Object.keys(wraps).toSorted());
});

test("factors of IA3 are read with the sides that the config says, under every name that is read", () => {
  equal.clear();
  const factors = names.chain((modules) =>
    fc.tuple(...modules.map((module) => fc.tuple(fc.constant(module), fc.boolean(), valuesOf(3)))),
  );
  fc.assert(
    fc.property(factors, forms, (all, form) => {
      const tensors = new Map(
        all.map(([module, onInputs, values]) => [
          `${prefix}${module}.ia3_l`,
          { shape: onInputs ? [1, 3] : [3, 1], data: Float32Array.from(values) },
        ]),
      );
      const config = ia3Config(all.map(([module, onInputs]) => ({ module, on: onInputs ? "inputs" : "outputs" })));
      const read = readAgain(tensors, config, form);
      if (read.kind === "wrong") {
        expect(form.wrap).not.toBe("none");
        return;
      }
      for (const [module, onInputs, values] of all) {
        const part = read.parts.get(`${module}.ia3_l`);
        expect(part?.kind === "tensor" ? Array.from(part.values) : null).toEqual(values);
        const { config: found } = read;
        expect(found.kind === "config" && found.config.kind === "ia3" && found.config.isOnInputs(module)).toBe(
          onInputs,
        );
      }
      count(form.wrap);
    }),
    { numRuns: 100, seed: 12 },
  );
  expect([...equal.keys()].toSorted()).toEqual(Object.keys(wraps).toSorted());
});
