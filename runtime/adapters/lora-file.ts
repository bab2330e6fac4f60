import { at } from "../at.ts";
import type { FloatTensor } from "../weights/index.ts";
import { attentionNames } from "./attention.ts";
import type { LoraOf } from "./lora-modules.ts";
import { peftPrefix } from "./peft-names.ts";
import { type ConfigFields, type LoraModule, loraConfig } from "./write-config.ts";

/** What PEFT's two files hold of some modules with LoRA. */
export interface LoraFiles {
  readonly config: ConfigFields;
  readonly tensors: ReadonlyMap<string, FloatTensor>;
}

/**
 * PEFT's files of modules with LoRA. Both projections of an nn.MultiheadAttention have one rank and one scale there, so the smaller rank
 * is filled up with zeros, and the scale of the second is that of the first. PEFT adds the update of `out_proj` twice.
 */
export function loraFiles(modules: readonly LoraOf[]): LoraFiles {
  const tensors = new Map<string, FloatTensor>();
  const configs: LoraModule[] = [];
  const attentions = new Map<string, LoraOf[]>();
  for (const each of modules) {
    const { module, attention, isEmbedding, kernel, matrices, scale, dropout } = each;
    if (attention !== null) {
      attentions.set(attention, [...(attentions.get(attention) ?? []), each]);
      continue;
    }
    const { rank, groups, outputs, inputs, down, up } = matrices;
    const places = kernel.reduce((product, size) => product * size, 1);
    const ones = kernel.map(() => 1);
    const names = isEmbedding ? ["lora_embedding_A", "lora_embedding_B"] : ["lora_A.weight", "lora_B.weight"];
    const prefix = `${peftPrefix}${module}.`;
    tensors.set(`${prefix}${at(names, 0)}`, tensorOf([rank, inputs / places, ...kernel], down));
    tensors.set(`${prefix}${at(names, 1)}`, tensorOf([outputs, rank / groups, ...ones], up));
    configs.push({ module, rank, scale, dropout, hasLengths: false });
  }
  for (const [attention, projections] of attentions) {
    const rank = Math.max(...projections.map(({ matrices }) => matrices.rank));
    const { scale, dropout } = at(projections, 0);
    for (const [name, tensor] of attentionTensors(attention, projections, rank, scale)) tensors.set(name, tensor);
    configs.push({ module: attention, rank, scale, dropout, hasLengths: false });
  }
  return { config: loraConfig(configs), tensors };
}

function attentionTensors(
  attention: string,
  projections: readonly LoraOf[],
  rank: number,
  scale: number,
): readonly (readonly [string, FloatTensor])[] {
  const width = Math.max(...projections.map(({ matrices }) => matrices.inputs));
  return (["in_proj", "out_proj"] as const).flatMap((part) => {
    const own = projections.find(({ module }) => module === `${attention}.${part}`);
    const outputs = part === "in_proj" ? 3 * width : width;
    const names = attentionNames(attention, part);
    const [down, up] = [new Float64Array(rank * width), new Float64Array(outputs * rank)];
    if (own !== undefined) {
      const { matrices } = own;
      const factor = (own.scale === scale ? 1 : own.scale / scale) * (part === "out_proj" ? 0.5 : 1);
      down.set(matrices.down);
      for (let row = 0; row < outputs; row++)
        for (let index = 0; index < matrices.rank; index++)
          up[row * rank + index] = factor * at(matrices.up, row * matrices.rank + index);
    }
    return [[names.down, tensorOf([rank, width], down)] as const, [names.up, tensorOf([outputs, rank], up)] as const];
  });
}

function tensorOf(shape: readonly number[], values: Float64Array): FloatTensor {
  return { shape, data: Float32Array.from(values) };
}
