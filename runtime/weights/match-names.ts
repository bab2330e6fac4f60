/** A tensor that a model has, by its name in checkpoints. */
export interface Wanted {
  readonly checkpoint: string;
  /** Names of one group may be found together under another prefix: those of one component. */
  readonly group: string;
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
}

/** A prefix has at most so many parts with dots between. */
const mostParts = 16;
/** A group of fewer names would be found by chance. */
const smallestGroup = 4;

/**
 * Finds the names that are wanted among those of a file. First one prefix is taken from all names of the file: the one by
 * which most are found, such as `module.`, the `model.` of a checkpoint with more than the weights, or none. What stands beside the
 * weights there, such as parameters of the loss, is found by its whole name, or under a part of the prefix. Then a group of which nothing was found is looked
 * for alone, without the prefix that its names share and under one of the file instead; at least half of the group has to be
 * there. `gamma` and `beta`, as old layer norms have them, stand for `weight` and `bias`, and LoRA's matrices have the names of
 * PEFT or of loralib, whichever the model has.
 */
export function matchNames(wanted: readonly Wanted[], names: Iterable<string>): NameMatch {
  const left = new Set(names);
  const all = new Set(wanted.map(({ checkpoint }) => checkpoint));
  const found = new Map<string, string>();
  const rules: PrefixRule[] = [];
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
    if (isUsed && rule.removed !== rule.added) rules.push(rule);
  };
  for (const removed of shortenings(bestPrefix(all, left).prefix))
    take(
      { removed, added: "" },
      [...all].filter((each) => !found.has(each)),
    );
  for (const group of groupsOf(wanted)) {
    const added = sharedPrefix(group);
    if (added === "" || group.length < smallestGroup || group.some((each) => found.has(each))) continue;
    const best = bestPrefix(new Set(group.map((each) => each.slice(added.length))), left);
    if (best.count >= group.length / 2) take({ removed: best.prefix, added }, group);
  }
  return { found, rules };
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

/** The prefix behind which most of some names stand; none where it is as good as any. */
function bestPrefix(
  names: ReadonlySet<string>,
  among: Iterable<string>,
): { readonly prefix: string; readonly count: number } {
  const known = new Set([...names].flatMap(namesOf));
  const counts = new Map<string, number>([["", 0]]);
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
  let best = { prefix: "", count: 0 };
  for (const [prefix, count] of counts) if (count > best.count) best = { prefix, count };
  return best;
}

function groupsOf(wanted: readonly Wanted[]): Iterable<readonly string[]> {
  const groups = new Map<string, string[]>();
  for (const { checkpoint, group } of wanted) {
    const names = groups.get(group);
    if (names === undefined) groups.set(group, [checkpoint]);
    else names.push(checkpoint);
  }
  return groups.values();
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
