export { type ServedRuns, serveRuns } from "./serve.ts";
