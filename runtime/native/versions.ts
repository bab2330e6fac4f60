/** What native TensorFlow is made of. */
export const versions = { tfjs: "4.22.0", tensorflow: "2.21.0" } as const;

export type Flavour = "cpu" | "gpu";

/** The wheel that has TensorFlow's library and headers, for one kind of machine. */
export interface Wheel {
  readonly requirement: string;
  readonly platform: string;
  readonly python: string;
  readonly sha256: string;
}

const wheels: ReadonlyMap<string, Wheel> = new Map([
  [
    "linux-x64-cpu",
    {
      requirement: `tensorflow-cpu==${versions.tensorflow}`,
      platform: "manylinux_2_27_x86_64",
      python: "3.11",
      sha256: "2b847d217b02ee7731ed91431daf3250daa0196c3c94614d23be27232e6e5b6c",
    },
  ],
]);

/** The wheel for a machine, or null where there is none that was tried. */
export function wheelFor(platform: string, architecture: string, flavour: Flavour): Wheel | null {
  return wheels.get(`${platform}-${architecture}-${flavour}`) ?? null;
}
