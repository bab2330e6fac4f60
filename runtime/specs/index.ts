export { SpecLibrary } from "./library.ts";
export { libraryFolder } from "./library-folder.ts";
export { checkPath, compilePath, openSpec, type ReadSpec } from "./read-spec.ts";
