/** What no file of weights has more of; memory is bounded by it, whatever a file says. */
export const limits = {
  /** Tensors of a file, or of all files of an index. */
  tensors: 2 ** 17,
  /** Characters of a tensor's name. */
  name: 2048,
  /** Axes of a tensor: as many as PyTorch has. */
  axes: 64,
} as const;
