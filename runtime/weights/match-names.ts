/** A tensor that a model has, by its name in checkpoints. */
export interface Wanted {
  readonly checkpoint: string;
  /** Names of one group may be found together under another prefix: those of one component. */
  readonly group: string;
  readonly ofAdapter?: boolean;
}

/** How names in a file follow from those that are wanted: `removed` stands in the file where `added` is wanted. */
export interface PrefixRule {
  readonly removed: string;
  readonly added: string;
}

export interface NameMatch {
  /** The file's names by those that are wanted. */
  readonly found: ReadonlyMap<string, string>;
  readonly rules: readonly PrefixRule[];
  /** What stands before the names of each of several copies of the same weights, with its dot; empty where there is one copy. */
  readonly copies: readonly string[];
}

/** A prefix has at most so many parts with dots between. */
const mostParts = 16;
/** A group of fewer names would be found by chance; one of adapters has names of its own. */
const smallestGroup = { model: 4, adapters: 1 } as const;
/** Parts of a name that tell a module with its adapter from another: `self.query.lora_A.weight`. */
const fewestParts = 4;
/** A second copy of the weights has at least this share of what the first has: an average may leave out buffers. */
const shareOfCopy = 0.5;
/** Copies that are listed. */
const mostCopies = 20;

/**
 * Finds the names that are wanted among those of a file. First one prefix is taken from all names of the file: the one by
 * which most are found, such as `module.`, the `model.` of a checkpoint with more than the weights, or none. What stands beside the
 * weights there, such as parameters of the loss, is found by its whole name, or under a part of the prefix. Then a group of which nothing
 * was found is looked for alone, without the prefix that its names share, or a part of that, and under one of the file instead; at least half
 * of the group has to be there. `gamma` and `beta`, as old layer norms have them, stand for `weight` and `bias`, and LoRA's matrices have the names of
 * PEFT or of loralib, whichever the model has.
 *
 * Where most of the names stand behind several prefixes, these are said as copies. `copy` is the one that is wanted, without its dot: what
 * stands behind it alone is looked at, or the names without any prefix for an empty one.
 */
export function matchNames(wanted: readonly Wanted[], names: Iterable<string>, copy: string | null = null): NameMatch {
  const left = new Set(names);
  const all = new Set(wanted.map(({ checkpoint }) => checkpoint));
  const found = new Map<string, string>();
  const rules: PrefixRule[] = [];
  const copies = new Set<string>();
  const isOfCopy = (prefix: string): boolean =>
    copy === null || (copy === "" ? prefix === "" : prefix.startsWith(`${copy}.`));
  const take = (rule: PrefixRule, checkpoints: Iterable<string>): void => {
    let isUsed = false;
    for (const checkpoint of checkpoints) {
      const current = rule.removed + checkpoint.slice(rule.added.length);
      const name = namesOf(current).find((each) => left.has(each));
      if (name === undefined) continue;
      found.set(checkpoint, name);
      left.delete(name);
      isUsed = true;
    }
    const isKnown = rules.some(({ removed, added }) => removed === rule.removed && added === rule.added);
    if (isUsed && rule.removed !== rule.added && !isKnown) rules.push(rule);
  };
  /** Finds the other copies of what was found behind a prefix, in what is left. */
  const lookForCopies = (ownNames: ReadonlySet<string>, { prefix, count }: Prefix): void => {
    if (count < smallestGroup.model) return;
    const rest = new Set(left);
    for (let known = 0; known < mostCopies; known++) {
      const other = best(prefixesOf(ownNames, rest).filter((each) => isOfCopy(each.prefix)));
      if (other.count < shareOfCopy * count) return;
      copies.add(prefix).add(other.prefix);
      // Parts of a copy look like copies themselves.
      for (const own of ownNames) for (const each of namesOf(other.prefix + own)) rest.delete(each);
    }
  };
  const whole = best(prefixesOf(all, left).filter(({ prefix }) => isOfCopy(prefix)));
  take({ removed: whole.prefix, added: "" }, all);
  lookForCopies(all, whole);
  for (const removed of shortenings(whole.prefix).slice(1))
    take(
      { removed, added: "" },
      [...all].filter((each) => !found.has(each)),
    );
  for (const { names: group, isOfAdapters } of groupsOf(wanted)) {
    const smallest = isOfAdapters ? smallestGroup.adapters : smallestGroup.model;
    if (group.length < smallest || group.some((each) => found.has(each))) continue;
    for (const added of prefixesUpTo(sharedPrefix(group))) {
      const own = new Set(group.map((each) => each.slice(added.length)));
      if (isOfAdapters && [...own].some((name) => name.split(".").length < fewestParts)) break;
      const prefixes = prefixesOf(own, left).filter(({ prefix }) => isOfCopy(prefix));
      const behind = best(prefixes);
      if (behind.count < group.length / 2) continue;
      // Which of several modules that look alike is meant is not guessed.
      if (isOfAdapters && prefixes.filter(({ count }) => count === behind.count).length > 1) break;
      const rule = { removed: behind.prefix, added };
      take(rule, group);
      lookForCopies(own, behind);
      // What was trained beside adapters is in their file under the same prefix.
      if (isOfAdapters)
        take(
          rule,
          [...all].filter((each) => each.startsWith(added) && !found.has(each)),
        );
      break;
    }
  }
  return { found, rules, copies: [...copies] };
}

/** A name, and what it is called elsewhere: by old layer norms, and a matrix of LoRA by PEFT and by loralib. */
function namesOf(name: string): readonly string[] {
  const old = name.replace(/\.weight$/, ".gamma").replace(/\.bias$/, ".beta");
  const matrix = /^(.*\.lora_[AB])(\.weight)?$/.exec(name);
  if (matrix === null) return [name, old];
  const [, bare = "", weight] = matrix;
  return [name, weight === undefined ? `${bare}.weight` : bare];
}

/** A prefix, and what is left of it by taking its last part away, down to nothing: `a.b.`, `a.` and ``. */
function shortenings(prefix: string): readonly string[] {
  if (prefix === "") return [""];
  const dot = prefix.lastIndexOf(".", prefix.length - 2);
  return [prefix, ...shortenings(prefix.slice(0, dot + 1))];
}

interface Prefix {
  readonly prefix: string;
  readonly count: number;
}

/** The first of those behind which most names stand; none where it is as good as any. */
function best(prefixes: readonly Prefix[]): Prefix {
  let found: Prefix = prefixes.find(({ prefix }) => prefix === "") ?? { prefix: "", count: 0 };
  for (const each of prefixes) if (each.count > found.count) found = each;
  return found;
}

/** The prefixes behind which some names stand, and how many. */
function prefixesOf(names: ReadonlySet<string>, among: Iterable<string>): readonly Prefix[] {
  const known = new Set([...names].flatMap(namesOf));
  const counts = new Map<string, number>();
  for (const name of among) {
    let start = 0;
    for (let part = 0; part < mostParts; part++) {
      if (known.has(name.slice(start))) {
        const prefix = name.slice(0, start);
        counts.set(prefix, (counts.get(prefix) ?? 0) + 1);
      }
      const dot = name.indexOf(".", start);
      if (dot < 0) break;
      start = dot + 1;
    }
  }
  return [...counts].map(([prefix, count]) => ({ prefix, count }));
}

/** Names of one group; those of an encoder are not looked for among those of its adapters. */
function groupsOf(
  wanted: readonly Wanted[],
): Iterable<{ readonly names: readonly string[]; readonly isOfAdapters: boolean }> {
  const groups = new Map<string, { names: string[]; isOfAdapters: boolean }>();
  for (const { checkpoint, group, ofAdapter: isOfAdapters = false } of wanted) {
    const key = `${isOfAdapters ? "adapters of " : ""}${group}`;
    const own = groups.get(key);
    if (own === undefined) groups.set(key, { names: [checkpoint], isOfAdapters });
    else own.names.push(checkpoint);
  }
  return groups.values();
}

/** What a prefix starts with, from its first part to all of it: an encoder's own names may start with some of its parts. */
function prefixesUpTo(prefix: string): readonly string[] {
  return [...prefix.matchAll(/\./g)].map(({ index }) => prefix.slice(0, index + 1));
}

/** What all of some names start with, up to behind a dot. */
function sharedPrefix(names: readonly string[]): string {
  const [first = "", ...others] = names;
  let end = first.lastIndexOf(".") + 1;
  for (const name of others) {
    while (!name.startsWith(first.slice(0, end))) end = end > 1 ? first.lastIndexOf(".", end - 2) + 1 : 0;
  }
  return first.slice(0, end);
}
