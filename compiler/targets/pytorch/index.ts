export { gatheredRowBytes } from "./gathered.ts";
export { pytorchReleases } from "./releases.ts";
export { pytorch } from "./target.ts";
