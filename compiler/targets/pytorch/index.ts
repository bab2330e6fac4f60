export { pytorchReleases } from "./releases.ts";
export { pytorch } from "./target.ts";
