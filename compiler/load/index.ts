export { checkProgram } from "./check.ts";
export {
  type FilePlace,
  type Library,
  libraryDeclarations,
  loadProgram,
  type Program,
  type ReadResult,
} from "./imports.ts";
export { type Callable, scopeOf } from "./scope.ts";
export { withImportHelp } from "./unimported.ts";
