export { runOnOnnx } from "./run-program.ts";
export { OnnxSession } from "./session.ts";
export { writeOnnx } from "./write-model.ts";
