export { checkProgram } from "./check.ts";
export { expandSpec } from "./expand.ts";
export { explainAmended } from "./explain-amended.ts";
export { familiesOf } from "./families.ts";
export { type FilePlace, type Library, libraryDeclarations, type ReadResult } from "./imports.ts";
export { inputsGiven } from "./inputs-given.ts";
export { loadProgram, type Program } from "./program.ts";
export { type Callable, scopeOf } from "./scope.ts";
export { withImportHelp } from "./unimported.ts";
