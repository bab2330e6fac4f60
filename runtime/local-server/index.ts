export {
  type Answer,
  type ContentPolicy,
  jsonAnswer,
  type Lookup,
  type PageRequest,
  plainAnswer,
  routes,
} from "./answer.ts";
export { type ChannelLimits, EventChannel } from "./events.ts";
export { type LocalServer, type ServerLimits, startServer } from "./server.ts";
