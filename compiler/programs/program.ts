import { neededFor } from "../ir/evaluate.ts";
import type { Graph } from "../ir/graph.ts";
import type { Node } from "../ir/types.ts";

/** What is run at once: outputs by name, and new values for parameters and other state by path. */
export interface Program {
  readonly name: string;
  readonly graph: Graph;
  readonly outputs: ReadonlyMap<string, Node>;
  readonly updates: ReadonlyMap<string, Node>;
}

/** The nodes of a program, each after its inputs. */
export function nodesOf({ outputs, updates }: Program): readonly Node[] {
  return neededFor([...outputs.values(), ...updates.values()]);
}
