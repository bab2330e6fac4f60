import { type Diagnostic, report } from "../../../grammar/index.ts";
import { type LoraOf, loraFiles, peftPrefix, tokensName } from "../../adapters/index.ts";
import type { FloatTensor } from "../../weights/index.ts";
import { type Ended, type Reporter, refuseBy } from "../reporter.ts";
import type { GivenAdapter } from "./given-adapter.ts";
import type { MadeOf } from "./made-card.ts";
import { whyNot } from "./why-not.ts";
import { type WrittenAdapter, type WrittenFiles, writeAdapter } from "./write-adapter.ts";

const tokensEnding = ".trainable_tokens_delta";

/** Why other updates cannot take the place of an adapter's own; nothing where they can. */
export function unchangeable({ path, file, isPeft, updates, others, factors }: GivenAdapter): readonly Diagnostic[] {
  const wrong = (name: string | null, why: string): readonly Diagnostic[] => [
    report("not-only-updates", file, { path, name, why }),
  ];
  const [ofFactors] = factors.keys();
  if (ofFactors !== undefined) return wrong(ofFactors, "has factors of IA3, which have no rank");
  for (const name of others.keys()) {
    const { isKept, why } = whyNot(name);
    if (!isKept || !isPeft) return wrong(name, why);
  }
  return updates.size > 0 ? [] : wrong(null, "has no updates");
}

/** Writes an adapter with other updates than it had, and everything else that it has. */
export function writeChanged(
  adapter: GivenAdapter,
  updates: readonly LoraOf[],
  about: Pick<WrittenAdapter, "folder" | "forSpec" | "origin" | "card"> & { readonly made: Omit<MadeOf, "sources"> },
  reporter: Reporter,
): Ended<WrittenFiles> {
  const unfit = unchangeable(adapter);
  if (unfit.length > 0) return refuseBy(unfit, reporter);
  const files = loraFiles(updates);
  const tensors = new Map<string, FloatTensor>(files.tensors);
  for (const [name, { shape, values }] of adapter.others) {
    const own = name.endsWith(tokensEnding) ? tokensName(name.slice(0, -tokensEnding.length), true) : name;
    tensors.set(`${peftPrefix}${own}`, { shape, data: Float32Array.from(values) });
  }
  const config = { ...files.config, ...adapter.fields };
  const made = { ...about.made, sources: [{ path: adapter.path, weight: null }] };
  return writeAdapter({ ...about, files: { config, tensors }, contract: adapter.contract, made }, reporter);
}
