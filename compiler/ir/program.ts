import { flopsOfNode } from "../ops/index.ts";
import type { Graph } from "./graph.ts";
import type { Node } from "./types.ts";

/** What is run at once: outputs by name, and new values for parameters and other state by path. */
export interface Program {
  readonly name: string;
  readonly graph: Graph;
  readonly outputs: ReadonlyMap<string, Node>;
  readonly updates: ReadonlyMap<string, Node>;
  /** What is computed once, when the weights are loaded; the others read it as a parameter of that path. */
  readonly once: ReadonlyMap<string, Node>;
}

/** The nodes that every run computes, each after its inputs. */
export function nodesOf({ graph, outputs, updates }: Program): readonly Node[] {
  return graph.neededFor([...outputs.values(), ...updates.values()]);
}

/** The nodes of the program and of what is computed once, each after its inputs. */
export function allNodesOf({ graph, outputs, updates, once }: Program): readonly Node[] {
  return graph.neededFor([...outputs.values(), ...updates.values(), ...once.values()]);
}

/** Floating-point operations of one run. */
export function flopsOfProgram(program: Program): number {
  return nodesOf(program).reduce((sum, node) => sum + flopsOfNode(node), 0);
}
