/** A cylinder of water in air with noise, as a NIfTI-1 file. */
export function niftiVolume(x: number, y: number, z: number): Buffer {
  const file = Buffer.alloc(352 + 2 * x * y * z);
  file.writeInt32LE(348, 0);
  for (const [axis, size] of [3, x, y, z].entries()) file.writeInt16LE(size, 40 + 2 * axis);
  file.writeInt16LE(4, 70);
  file.writeInt16LE(16, 72);
  for (const [axis, size] of [1, 0.7, 0.7, 1].entries()) file.writeFloatLE(size, 76 + 4 * axis);
  file.writeFloatLE(352, 108);
  file.writeFloatLE(1, 112);
  file.write("n+1\0", 344, "latin1");
  const voxels = new Int16Array(file.buffer, file.byteOffset + 352, x * y * z);
  let state = 1;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  for (let index = 0; index < voxels.length; index++) {
    const inside = ((index % x) - x / 2) ** 2 + ((Math.floor(index / x) % y) - y / 2) ** 2 < (0.39 * x) ** 2;
    // Three uniform numbers are nearly a bell curve; this one is 30 units wide.
    voxels[index] = (inside ? 0 : -1000) + 60 * (uniform() + uniform() + uniform() - 1.5);
  }
  return file;
}
