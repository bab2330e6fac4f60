/** The releases of PyTorch that packages support, by major and minor number: the two newest, with which they are tested. */
export const pytorchReleases = ["2.14", "2.15"] as const;
