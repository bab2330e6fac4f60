import {
  type Comparison,
  compareCompiled,
  compileSpec,
  type ExpectedMemory,
  expectMemory,
  type Plan,
  type SpecAsCompiled,
} from "../../../compiler/index.ts";
import { createSource, type Diagnostic, hasErrors } from "../../../grammar/index.ts";
import { readText, whyUnread } from "../../files/index.ts";
import { type StopSignal, watchSignals } from "../../machine/index.ts";
import { openSpec } from "../../specs/index.ts";
import type { SpecRequest } from "../compiled-spec.ts";
import { type Refused, type Reporter, refuseBy, type Stopped } from "../reporter.ts";
import { Changes } from "./changes.ts";
import { WatchedLibrary } from "./watched-library.ts";

export interface WatchRequest extends SpecRequest {
  /** Expect the memory of a training step even where the spec does not limit it. */
  readonly memory: boolean;
  /** Look at the files again and again, where the system does not tell of changes. */
  readonly poll: boolean;
}

/** What came of one compilation. */
export interface WatchedCompile {
  readonly at: Date;
  readonly elapsedMs: number;
  /** The files that changed since the last one; empty for the first. */
  readonly changed: readonly string[];
  readonly diagnostics: readonly Diagnostic[];
  /** Null for a spec that does not compile. */
  readonly summary: SpecSummary | null;
  /** Whether it compiles and all that it expects holds. */
  readonly isGood: boolean;
  /** The last one before that was good. */
  readonly lastGood: GoodCompile | null;
  /** What changed since that one, where both compile. */
  readonly comparison: Comparison | null;
}

export interface SpecSummary {
  readonly plan: Plan;
  readonly memory: ExpectedMemory | null;
}

export interface GoodCompile extends SpecSummary {
  readonly at: Date;
}

/** One that a later one is compared with. */
interface KeptCompile extends GoodCompile {
  readonly spec: SpecAsCompiled;
}

/** Compiles a spec, and again at each change of its files, until a signal asks for an end. */
export async function watchSpec(
  request: WatchRequest,
  reporter: Pick<Reporter, "diagnostics" | "note">,
  hear: (compile: WatchedCompile) => void,
): Promise<Refused | Stopped> {
  // A name that is misspelt would be waited for without end.
  const opened = openSpec(request.spec);
  if (opened.kind === "unread") return refuseBy([opened.diagnostic], reporter);
  const signals = watchSignals();
  const ended = new AbortController();
  const changes = new Changes(request);
  try {
    return await Promise.race([
      signals.stopped.then((signal: StopSignal): Stopped => ({ kind: "stopped", signal })),
      compileAtChanges(request, changes, ended.signal, reporter, hear),
    ]);
  } finally {
    ended.abort();
    changes.close();
    signals.dispose();
  }
}

async function compileAtChanges(
  request: WatchRequest,
  changes: Changes,
  signal: AbortSignal,
  reporter: Pick<Reporter, "note">,
  hear: (compile: WatchedCompile) => void,
): Promise<never> {
  let lastGood: KeptCompile | null = null;
  let changed: readonly string[] = [];
  let isRefusalNoted = false;
  for (;;) {
    const library = new WatchedLibrary(request.spec);
    const { compile, kept } = compileOnce(request, library, lastGood);
    hear({ ...compile, changed });
    lastGood = kept;
    const next = changes.next(library.states, signal);
    if (changes.refusal !== null && !isRefusalNoted) {
      reporter.note(`the system does not tell of changes (${changes.refusal}); looking at the files twice a second`);
      isRefusalNoted = true;
    }
    changed = await next;
  }
}

function compileOnce(
  { spec: path, set, memory: withMemory }: WatchRequest,
  library: WatchedLibrary,
  lastGood: KeptCompile | null,
): { readonly compile: Omit<WatchedCompile, "changed">; readonly kept: KeptCompile | null } {
  const at = new Date();
  const start = performance.now();
  const file = readText(path);
  if (file.kind !== "text") {
    const diagnostics = [whyUnread(file, path)];
    const nothing = { diagnostics, summary: null, isGood: false, lastGood, comparison: null };
    return { compile: { at, elapsedMs: performance.now() - start, ...nothing }, kept: lastGood };
  }
  const source = createSource(path, file.text);
  const compiled = compileSpec(source, library, { set });
  const { plan, spec: traced, diagnostics } = compiled;
  const readable: SpecAsCompiled = { source, library, set, compiled };
  const memory = compiled.memory ?? (withMemory && traced !== null ? expectMemory(traced) : null);
  const summary = plan === null ? null : { plan, memory };
  const comparison = lastGood === null ? null : compareCompiled(lastGood.spec, readable);
  const isGood = summary !== null && !hasErrors(diagnostics);
  const compile = { at, elapsedMs: performance.now() - start, diagnostics, summary, isGood, lastGood, comparison };
  return { compile, kept: isGood ? { ...summary, at, spec: readable } : lastGood };
}
