/** What TensorFlow reads when it is loaded; a user's own settings come before these. */
export const environmentOfTensorflow = {
  // One operation after the other, each on all cores: so the memory is what the compiler planned.
  TF_NUM_INTEROP_THREADS: "1",
  // TensorFlow chooses oneDNN by itself only on processors with 512-bit vectors; it is faster on the others too.
  TF_ENABLE_ONEDNN_OPTS: "1",
  // Only errors: it tells of every instruction set that the processor has.
  TF_CPP_MIN_LOG_LEVEL: "2",
} as const;
