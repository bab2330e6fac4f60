/** What native TensorFlow is made of. */
export const versions = { tfjs: "4.22.0", tensorflow: "2.21.0", headers: "1.9.0" } as const;

export type Flavour = "cpu" | "gpu";

/** The wheel that has TensorFlow's library and headers, for one kind of machine. It is unpacked and never installed. */
export interface Wheel {
  /** The project's name on a package index. */
  readonly name: string;
  readonly version: string;
  readonly platform: string;
  /** The Python that the wheel is for; the one that downloads it may be another. */
  readonly python: string;
  readonly sha256: string;
  readonly bytes: number;
  /** Bytes of disk that an install needs while it runs: the wheel, and what is taken out of it. */
  readonly diskBytes: number;
  /** What of it could not be tried, for want of such a machine; null when all was. */
  readonly untried: string | null;
}

/** What a machine needs for `--gpu` besides the wheel, from the wheel's own list. */
export const gpuNeeds =
  "an NVIDIA driver, CUDA 12 from 12.5 on and cuDNN 9 from 9.3 on, where the loader finds them (LD_LIBRARY_PATH)";

const common = { version: versions.tensorflow, python: "3.11" } as const;

const wheels: ReadonlyMap<string, Wheel> = new Map([
  [
    "linux-x64-cpu",
    {
      ...common,
      name: "tensorflow-cpu",
      platform: "manylinux_2_27_x86_64",
      sha256: "2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c",
      bytes: 273_829_956,
      diskBytes: 1_200_000_000,
      untried: null,
    },
  ],
  [
    "linux-x64-gpu",
    {
      ...common,
      name: "tensorflow",
      platform: "manylinux_2_27_x86_64",
      sha256: "9056fbc9ba04235810b71ae6cbd958a196e8804fb53bbcffbf3e23b56155f124",
      bytes: 572_440_367,
      diskBytes: 1_900_000_000,
      untried: "it was built and run on machines without a GPU only",
    },
  ],
  [
    // On arm64 the wheel `tensorflow` has no CUDA in it.
    "linux-arm64-cpu",
    {
      ...common,
      name: "tensorflow",
      platform: "manylinux_2_27_aarch64",
      sha256: "4b24aca16d527a3cf1c37f720c04c484c3d20f4d0fdfa98632ac8b9f3be6eb5c",
      bytes: 281_828_020,
      diskBytes: 1_250_000_000,
      untried: "it was never run on an arm64 machine",
    },
  ],
]);

/** The wheel for a machine, or null where there is none. */
export function wheelFor(platform: string, architecture: string, flavour: Flavour): Wheel | null {
  return wheels.get(`${platform}-${architecture}-${flavour}`) ?? null;
}
