/** What the command line has to know of a backend, apart from what runs it, which takes long to load. */
interface BackendWords {
  /** Earlier names, which are still understood. */
  readonly aliases: readonly string[];
  /** Whether it is fast enough to train and evaluate with. */
  readonly trains: boolean;
}

/** All backends by their names on the command line and in files, the fastest first. */
const backendWords = {
  tensorflow: { aliases: ["tfjs"], trains: true },
  onnx: { aliases: [], trains: true },
  evaluator: { aliases: [], trains: false },
} satisfies Readonly<Record<string, BackendWords>>;

export type BackendName = keyof typeof backendWords;

const all: ReadonlyMap<string, BackendWords> = new Map(Object.entries(backendWords));

/** The names of all backends, or of those that are fast enough to train with; the fastest first. */
export function backendNames({ trains = false }: { readonly trains?: boolean } = {}): readonly string[] {
  return [...all].filter(([, words]) => words.trains || !trains).map(([name]) => name);
}

/** The name that a word stands for, as an earlier name does. */
export function currentName(word: string): string {
  return [...all].find(([, { aliases }]) => aliases.includes(word))?.[0] ?? word;
}
