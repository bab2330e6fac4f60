/** What the command line has to know of a backend, apart from what runs it, which takes long to load. */
interface BackendWords {
  /** Earlier names, which are still understood. */
  readonly aliases: readonly string[];
  /** Whether it is fast enough to train and evaluate with. */
  readonly trains: boolean;
  /** Whether it runs programs one by one, or models as a whole. */
  readonly runs: "programs" | "models";
}

/** All backends by their names on the command line and in files, in the order in which `auto` tries them. */
const backendWords = {
  tensorflow: { aliases: ["tfjs"], trains: true, runs: "programs" },
  onnx: { aliases: [], trains: true, runs: "programs" },
  pytorch: { aliases: [], trains: true, runs: "models" },
  evaluator: { aliases: [], trains: false, runs: "programs" },
} as const satisfies Readonly<Record<string, BackendWords>>;

export type BackendName = keyof typeof backendWords;

/** The names of backends that run programs one by one, or models as a whole. */
export type NameOf<Runs extends BackendWords["runs"]> = {
  [Name in BackendName]: (typeof backendWords)[Name]["runs"] extends Runs ? Name : never;
}[BackendName];

/** What a backend is wanted for: training and evaluation, a program by itself, or either. */
export type BackendUse = "training" | "programs" | "any";

const all: ReadonlyMap<string, BackendWords> = new Map(Object.entries(backendWords));

/** The names of the backends for a use, in the order in which `auto` tries them. */
export function backendNames(use: BackendUse = "any"): readonly string[] {
  return [...all].filter(([, words]) => isFor(words, use)).map(([name]) => name);
}

function isFor({ trains, runs }: BackendWords, use: BackendUse): boolean {
  switch (use) {
    case "training":
      return trains;
    case "programs":
      return runs === "programs";
    case "any":
      return true;
  }
}

/** The name that a word stands for, as an earlier name does. */
export function currentName(word: string): string {
  return [...all].find(([, { aliases }]) => aliases.includes(word))?.[0] ?? word;
}
