"""NIfTI files as nibabel writes and reads them: nifti_files.py write|compare FOLDER COUNT"""

import gzip
import os
import sys

import nibabel
import numpy

TYPES = ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f4", "f8"]


def write(folder, count):
    random = numpy.random.RandomState(17)
    names = []
    for index in range(count):
        version = random.choice([1, 2])
        order = random.choice(["<", ">"])
        kind = numpy.dtype(TYPES[index % len(TYPES)])
        shape = tuple(int(size) for size in random.randint(1, 12, 3)) + (1,) * random.choice([0, 0, 0, 1, 2])
        if kind.kind == "f":
            voxels = (random.randn(*shape) * 10.0 ** random.randint(-6, 7)).astype(kind)
        else:
            # All the bits of a type, or a CT's range.
            wide = numpy.frombuffer(random.bytes(kind.itemsize * int(numpy.prod(shape))), kind).reshape(shape)
            voxels = wide if random.rand() < 0.5 else random.randint(0, 100, shape).astype(kind)
        header_class = nibabel.Nifti1Header if version == 1 else nibabel.Nifti2Header
        header = header_class(endianness=order)
        header.set_data_shape(shape)
        header.set_data_dtype(kind.newbyteorder(order))
        header["pixdim"][1:4] = random.rand(3) + 0.3
        slope = random.choice([1, 0, numpy.nan, numpy.inf, random.randn() * 3, 2.0**-20])
        header["scl_slope"] = slope
        header["scl_inter"] = random.choice([0, -1024, random.randn() * 100]) if numpy.isfinite(slope) else numpy.nan
        extension = 16 * random.randint(0, 4)
        header["vox_offset"] = (352 if version == 1 else 544) + extension
        content = header.binaryblock + b"\0" * (4 + extension) + voxels.astype(kind.newbyteorder(order)).tobytes("F")
        packed = random.rand() < 0.5
        name = f"volume{index}.nii" + (".gz" if packed else "")
        with (gzip.open if packed else open)(os.path.join(folder, name), "wb") as file:
            file.write(content)
        names.append(name)
    # And as nibabel itself writes them, with scaling that it chooses.
    for index in range(count // 10):
        name = f"saved{index}.nii.gz"
        image = nibabel.Nifti1Image((random.randn(5, 6, 7) * 1000).astype("f4"), numpy.diag([0.7, 0.7, 1, 1]))
        image.set_data_dtype("i2" if index % 2 else "f4")
        nibabel.save(image, os.path.join(folder, name))
        names.append(name)
    with open(os.path.join(folder, "names.txt"), "w") as file:
        file.write("\n".join(names))


def compare(folder):
    with open(os.path.join(folder, "names.txt")) as file:
        names = file.read().split("\n")
    for name in names:
        path = os.path.join(folder, name)
        expected = nibabel.load(path).get_fdata().flatten("F")
        if os.path.exists(path + ".refused"):
            with open(path + ".refused") as file:
                sys.exit(f"{name} was refused: {file.read()}")
        values = numpy.fromfile(path + ".values", "f8")
        if not numpy.array_equal(values, expected):
            sys.exit(f"{name}: {(values != expected).sum() if values.shape == expected.shape else values.shape} differ")
    print(f"{len(names)} NIfTI files have the values that nibabel {nibabel.__version__} reads")


if sys.argv[1] == "write":
    write(sys.argv[2], int(sys.argv[3]))
else:
    compare(sys.argv[2])
