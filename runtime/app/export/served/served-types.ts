import type { OnnxModel } from "../../../../compiler/index.ts";

/** What adapters give a base: the types of its programs' inputs, by their paths. */
export type ServedTypes = ReadonlyMap<string, OnnxModel["inputs"][number]["type"]>;
