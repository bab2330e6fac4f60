export {
  type Answer,
  type ContentPolicy,
  jsonAnswer,
  type Lookup,
  type PageRequest,
  plainAnswer,
  routes,
} from "./answer.ts";
export { type ChannelLimits, type Event, EventChannel } from "./events.ts";
export { type LocalServer, type ServerLimits, type ServerOptions, startServer } from "./server.ts";
