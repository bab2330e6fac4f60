export { SpecLibrary } from "./library.ts";
export { libraryFolder } from "./library-folder.ts";
export { assignedSpec, checkPath, compilePath, expandedSpec, openSpec, type ReadSpec } from "./read-spec.ts";
export { type ReferenceSpec, referenceSpecs } from "./references.ts";
