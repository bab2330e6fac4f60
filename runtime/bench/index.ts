export { logEnvironment, type OperationRun, readExecutorLog } from "./executor-log.ts";
export { drawInputs } from "./inputs.ts";
export { measure } from "./measure.ts";
export { type Ended, measureApart } from "./measure-apart.ts";
export { peakBytes } from "./memory.ts";
export { isRequest, type MeasuredProgram, type Measurement, type Request } from "./messages.ts";
export { prepareBench, productSize, type Wanted } from "./prepare.ts";
export { moduleOf, type Profile, profileOf, type Share, traceOf } from "./profile.ts";
export { type Spread, spreadOf } from "./statistics.ts";
