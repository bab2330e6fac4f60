import type { Plan } from "../../../compiler/index.ts";

type PlannedParameter = Plan["parameters"][number];

/** The column of what has neither a role nor an adapter. No module has this name. */
const rest = "";

/** One adapter on a module. */
export interface PlacedAdapter {
  readonly path: string;
  /** Which of the plan's placements put it there. */
  readonly placement: number;
  readonly parameters: number;
  readonly isTrained: boolean;
}

/** A module, or some modules that are shown as one: its own parameters, and the adapters on it. */
export interface Cell {
  readonly path: string;
  readonly parameters: number;
  readonly trained: number;
  /** Its tensors, as `weight [768, 768]`. */
  readonly shapes: readonly string[];
  readonly adapters: readonly PlacedAdapter[];
}

/** A module that every layer of a stage may have; without a role and adapters it goes into `rest`. */
export interface Column {
  /** `attn` of `attn.q`; empty where the module has no role. */
  readonly group: string;
  readonly label: string;
}

export interface Stage {
  readonly kind: "stage";
  readonly path: string;
  readonly name: string;
  readonly columns: readonly Column[];
  readonly layers: readonly { readonly index: number; readonly cells: readonly (Cell | null)[] }[];
}

export interface Part {
  readonly kind: "part";
  readonly path: string;
  readonly name: string;
  readonly cell: Cell;
}

export interface Component {
  readonly name: string;
  readonly parameters: number;
  readonly trainable: number;
  readonly blocks: readonly (Stage | Part)[];
}

/** What a plan says of its components, sorted into layers and modules, in the order of the model. */
export function structureOf(plan: Plan): readonly Component[] {
  const adapters = adaptersOf(plan);
  return plan.components.map(({ name, parameters, trainable }) => {
    const own = plan.parameters.filter(({ path }) => path === name || path.startsWith(`${name}.`));
    return { name, parameters, trainable, blocks: blocksOf(name, own, adapters) };
  });
}

/** Adapters by the path of the module that they sit on. */
function adaptersOf({ placements, parameters }: Plan): ReadonlyMap<string, readonly PlacedAdapter[]> {
  const trained = new Set<string>();
  for (const { path, ofAdapter, trainable } of parameters) {
    if (!ofAdapter || !trainable) continue;
    for (let owner = ownerOf(path); owner !== ""; owner = ownerOf(owner)) trained.add(owner);
  }
  const placed = placements.flatMap(({ adapters }, placement) =>
    adapters.map(({ path, parameters: count }) => ({
      path,
      placement,
      parameters: count,
      isTrained: trained.has(path),
    })),
  );
  return groupBy(placed, ({ path }) => ownerOf(path));
}

/** Where a parameter is shown. */
interface Located {
  readonly parameter: PlannedParameter;
  /** The module that it is of; for a parameter of an adapter, the module that the adapter sits on. */
  readonly owner: string;
  readonly block: string;
  /** Null outside of layers. */
  readonly layer: number | null;
  readonly column: string;
}

interface InLayer extends Located {
  readonly layer: number;
}

function blocksOf(
  component: string,
  parameters: readonly PlannedParameter[],
  adapters: ReadonlyMap<string, readonly PlacedAdapter[]>,
): readonly (Stage | Part)[] {
  const stages = new Set(parameters.flatMap(({ path }) => splitAtLayer(path)?.stage ?? []));
  const located = parameters.map((parameter): Located => {
    let owner = ownerOf(parameter.path);
    while (parameter.ofAdapter && !adapters.has(owner) && owner !== "") owner = ownerOf(owner);
    const split = splitAtLayer(owner);
    if (split === null) {
      const path = parameter.ofAdapter ? `${owner}.` : parameter.path;
      return { parameter, owner, block: partOf(path, component, stages), layer: null, column: rest };
    }
    const hasColumn = parameter.role !== null || adapters.has(owner);
    const column = hasColumn ? owner.slice(split.path.length + 1) : rest;
    return { parameter, owner, block: split.stage, layer: split.layer, column };
  });
  return [...groupBy(located, ({ block }) => block)].map(([block, members]) => {
    const name = block === component ? component : block.slice(component.length + 1);
    const inLayers = members.filter((member): member is InLayer => member.layer !== null);
    return inLayers.length > 0
      ? stageOf(block, name, inLayers, adapters)
      : { kind: "part", path: block, name, cell: cellOf(block, members, adapters) };
  });
}

function stageOf(
  path: string,
  name: string,
  members: readonly InLayer[],
  adapters: ReadonlyMap<string, readonly PlacedAdapter[]>,
): Stage {
  const byColumn = groupBy(members, ({ column }) => column);
  const columns = [...byColumn.keys()].filter((column) => column !== rest);
  if (byColumn.has(rest)) columns.push(rest);
  const layers = [...groupBy(members, ({ layer }) => layer)].map(([index, ofLayer]) => ({
    index,
    cells: columns.map((column) => {
      const own = ofLayer.filter((member) => member.column === column);
      const cellPath = `${path}[${index}]${column === rest ? "" : `.${column}`}`;
      return own.length === 0 ? null : cellOf(cellPath, own, adapters);
    }),
  }));
  return {
    kind: "stage",
    path,
    name,
    columns: columns.map((column) => describeColumn(column, byColumn.get(column))),
    layers,
  };
}

/** `attn.q` is q of attn; a module without a role goes by its last name. */
function describeColumn(column: string, members: readonly Located[] = []): Column {
  if (column === rest) return { group: "", label: "rest" };
  const role = members.find(({ parameter }) => parameter.role !== null)?.parameter.role;
  const name = role ?? column;
  const dot = name.lastIndexOf(".");
  return { group: role === undefined || dot < 0 ? "" : name.slice(0, dot), label: name.slice(dot + 1) };
}

function cellOf(
  path: string,
  members: readonly Located[],
  adapters: ReadonlyMap<string, readonly PlacedAdapter[]>,
): Cell {
  let parameters = 0;
  let trained = 0;
  const shapes: string[] = [];
  for (const { parameter } of members) {
    if (parameter.ofAdapter) continue;
    const count = parameter.shape.reduce((product, size) => product * size, 1);
    parameters += count;
    if (parameter.shape.length > 0)
      shapes.push(`${parameter.path.slice(path.length + 1)} [${parameter.shape.join(", ")}]`.trim());
    if (parameter.trainable) trained += count;
  }
  const owners = new Set(members.map(({ owner }) => owner));
  return { path, parameters, trained, shapes, adapters: [...owners].flatMap((owner) => adapters.get(owner) ?? []) };
}

/** The innermost layer that a path goes through: `text.layers[3]` of `text.layers[3].attention.q.weight`. */
function splitAtLayer(path: string): { readonly stage: string; readonly layer: number; readonly path: string } | null {
  const match = /^(?<stage>.*)\[(?<layer>\d+)\]/.exec(path);
  const { stage, layer } = match?.groups ?? {};
  return match === null || stage === undefined ? null : { stage, layer: Number(layer), path: match[0] };
}

/** The outermost module of a path that holds no layers; the component itself where it has no modules. */
function partOf(path: string, component: string, stages: ReadonlySet<string>): string {
  const steps = path.slice(component.length + 1).split(".");
  let part = component;
  for (const step of steps.slice(0, -1)) {
    part = `${part}.${step}`;
    if (![...stages].some((stage) => stage.startsWith(`${part}.`))) return part;
  }
  return steps.length > 1 || stages.size > 0 ? path : component;
}

function ownerOf(path: string): string {
  return path.slice(0, Math.max(path.lastIndexOf("."), 0));
}

function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): ReadonlyMap<Key, readonly Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}
