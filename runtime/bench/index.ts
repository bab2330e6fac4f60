export { calibrate } from "./calibrate.ts";
export { drawInputs } from "./inputs.ts";
export { measure, measuredOpenable, productSize } from "./measure.ts";
export { type Ended, measureApart } from "./measure-apart.ts";
export { peakBytes } from "./memory.ts";
export {
  type CalibrationRequest,
  isCalibrationRequest,
  isRequest,
  type Measurement,
  type Message,
  type Request,
} from "./messages.ts";
export { moduleOf, type Profile, profileOf, type Share, traceOf } from "./profile.ts";
export { type Spread, spreadOf } from "./statistics.ts";
export { timeDisk } from "./time-disk.ts";
export { timeReading } from "./time-reading.ts";
export { timeSaving } from "./time-saving.ts";
