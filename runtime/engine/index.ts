export type { Engine } from "./engine.ts";
export { openOnnx } from "./onnx-engine.ts";
export { type EnginePurpose, enginePrograms } from "./programs.ts";
export { type Batch, type PieceInputs, piecesOf, type StepResult, trainStep } from "./step.ts";
export { feedWeights, openTensorflow } from "./tensorflow-engine.ts";
export { floats, joined } from "./values.ts";
