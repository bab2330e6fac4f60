import { type Diagnostic, report } from "../../grammar/index.ts";
import { type Adaptable, innermostList, printSteps, type Step } from "../elaborate/index.ts";
import { runsOf } from "../runs.ts";
import type { Element } from "./elements.ts";
import type { PlacedAdapters } from "./placements.ts";
import { printRole } from "./select.ts";

/** A list of layers, and a position in each of its members: `vision.spatial.layers` and `attention.to_q`. */
interface Stage {
  readonly list: string;
  readonly count: number;
  readonly covered: Set<number>;
  /** Layers that have something with the same role, or at the same position. */
  readonly possible: Set<number>;
}

/**
 * Warns of placements that cover some layers of a stage and not others. A count that an expectation states for the same
 * modules says that this is meant, and so does an `except` that names what is left out.
 */
export function checkCoverage(
  placed: readonly PlacedAdapters[],
  elements: readonly Element[],
  counted: readonly ReadonlySet<Adaptable>[],
): readonly Diagnostic[] {
  return placed.flatMap(({ placement, adapters, except }) => {
    const bases = new Set(adapters.map(({ base }) => base));
    const isMeant = counted.some((modules) => modules.size > 0 && [...bases].every((base) => modules.has(base)));
    if (isMeant) return [];
    const lists = new Map<string, Stage>();
    for (const base of bases) noteLayer(base, lists, true);
    for (const { instance, parameter, ofAdapter } of elements) {
      const base = instance ?? parameter;
      const isMissed = base !== null && !bases.has(base) && !except.has(base);
      if (isMissed && !ofAdapter) noteLayer(base, lists, false);
    }
    const partial = new Map<string, Stage>();
    for (const stage of lists.values()) {
      const isPartial = stage.covered.size > 0 && [...stage.possible].some((layer) => !stage.covered.has(layer));
      if (isPartial && !counted.some((modules) => countsStage(modules, bases, stage))) partial.set(stage.list, stage);
    }
    return [...partial.values()].map(({ list, count, covered }) =>
      report("covers-some-layers", placement.span, { list, covered: printLayers(covered), count }),
    );
  });
}

/** True when an expectation counts exactly what the placement covers in this stage. */
function countsStage(modules: ReadonlySet<Adaptable>, bases: ReadonlySet<Adaptable>, { list }: Stage): boolean {
  const inStage = (module: Adaptable): boolean => module.path.startsWith(`${list}[`);
  const covered = [...bases].filter(inStage);
  return (
    covered.length > 0 &&
    covered.every((module) => modules.has(module)) &&
    [...modules].filter(inStage).length === covered.length
  );
}

function noteLayer(module: Adaptable, lists: Map<string, Stage>, isCovered: boolean): void {
  const layer = innermostList(module.steps);
  if (layer === null) return;
  const { list, index, count, below } = layer;
  const key = `${list} ${positionIn(module, below)}`;
  const known = lists.get(key);
  if (known === undefined && !isCovered) return;
  const stage = known ?? { list, count, covered: new Set(), possible: new Set() };
  lists.set(key, stage);
  stage.possible.add(index);
  if (isCovered) stage.covered.add(index);
}

function positionIn(module: Adaptable, below: readonly Step[]): string {
  return module.role === null ? printSteps(below) : printRole(module.role);
}

/** `layers 0 to 3, 7`, `layer 2` */
function printLayers(layers: ReadonlySet<number>): string {
  const sorted = [...layers].sort((a, b) => a - b);
  const runs = runsOf(sorted).map(({ first, last }) => (first === last ? String(first) : `${first} to ${last}`));
  return `${sorted.length === 1 ? "layer" : "layers"} ${runs.join(", ")}`;
}
