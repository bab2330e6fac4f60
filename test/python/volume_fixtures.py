"""What MONAI and TorchIO make of one small CT in several orientations: volume_fixtures.py FOLDER

Needs monai 1.6, torchio 1.2 and nibabel. Where conventions differ, the sizes are such that both define the same thing:
- MONAI's Spacing aligns the centres of the first voxels unless `scale_extent` is set, and rounds sizes where medctc, as CT-CLIP,
  cuts them; TorchIO rounds up. Every length times spacing over target is a whole number here, for which all are half-pixel centres.
- Cropping an odd number of voxels, MONAI and TorchIO take the larger half at the start, and medctc the smaller one, as CT-CLIP does.
  All differences are even here. Padding an odd number, all put the smaller half first or are not asked.
- Values are clipped before they are resampled, as CT-CLIP does; MONAI's and TorchIO's transforms can be put into either order.
"""

import json
import os
import sys

import monai.transforms
import nibabel
import numpy
import torch
import torchio

CODES = ["LPS", "RAS", "LAS", "PSR", "IAL"]
WINDOWS = [((-1000, 1000), (-1, 1)), ((-160, 240), (0, 1))]
WANTED = "LPS"
SIZES, SPACING = (12, 16, 10), (1.5, 1.5, 3.0)
TARGET, CROPPED = (1.0, 2.0, 2.0), (12, 16, 9)


def phantom():
    """Units of a body in air with something in each corner, so that no reordering maps it to itself."""
    random = numpy.random.RandomState(3)
    x, y, z = numpy.meshgrid(*(numpy.linspace(-1, 1, size) for size in SIZES), indexing="ij")
    units = numpy.where(x**2 + (y / 0.8) ** 2 < 0.8, 40 + 60 * x - 80 * y + 100 * z, -1000)
    units[2:4, 5:8, 2:6] = -850
    units[8:10, 9:12, 6:9] = 700
    return (units + random.randint(-20, 20, SIZES)).astype("i2")


def stored(codes):
    """The phantom as a file whose axes lead where the codes say."""
    affine = nibabel.affines.from_matvec(numpy.diag([-SPACING[0], -SPACING[1], SPACING[2]]), [8, 11, -14])
    image = nibabel.Nifti1Image(phantom(), affine)
    current = nibabel.io_orientation(image.affine)
    return image.as_reoriented(nibabel.orientations.ornt_transform(current, nibabel.orientations.axcodes2ornt(codes)))


def with_monai(path, window, span):
    steps = monai.transforms.Compose(
        [
            monai.transforms.LoadImage(image_only=True, ensure_channel_first=True, dtype=numpy.float64),
            monai.transforms.Orientation(WANTED, labels=(("L", "R"), ("P", "A"), ("I", "S"))),
            monai.transforms.ScaleIntensityRange(*window, *span, clip=True, dtype=numpy.float64),
            monai.transforms.Spacing(
                TARGET, mode="bilinear", padding_mode="border", scale_extent=True, align_corners=False, dtype=numpy.float64
            ),
            monai.transforms.ResizeWithPadOrCrop(CROPPED, mode="constant", value=span[0]),
        ]
    )
    return steps(path)[0].numpy()


def with_torchio(path, window, span):
    image = torchio.ScalarImage(path)
    steps = torchio.Compose(
        [
            torchio.ToOrientation(WANTED),
            torchio.Clamp(*window),
            torchio.RescaleIntensity(out_min_max=span, in_min_max=window),
            torchio.Resample(TARGET),
            torchio.CropOrPad(CROPPED, padding_mode=span[0]),
        ]
    )
    return steps(image).data[0].numpy()


def main(folder):
    expected = {"sizes": [CROPPED[2], CROPPED[0], CROPPED[1]], "target": [TARGET[2], TARGET[0], TARGET[1]], "channels": []}
    for codes in CODES:
        nibabel.save(stored(codes), os.path.join(folder, f"{codes}.nii.gz"))
    for window, span in WINDOWS:
        made = {}
        for name, run in [("monai", with_monai), ("torchio", with_torchio)]:
            all_of = [run(os.path.join(folder, f"{codes}.nii.gz"), window, span) for codes in CODES]
            assert all(each.shape == CROPPED and abs(each - all_of[0]).max() < 1e-5 for each in all_of), name
            # The network's order: slices, x, y.
            made[name] = [round(float(value), 7) for value in all_of[0].transpose(2, 0, 1).flatten()]
        difference = max(abs(a - b) for a, b in zip(made["monai"], made["torchio"]))
        print(f"MONAI and TorchIO differ by at most {difference:.1e}")
        expected["channels"].append({"window": window, "range": span, **made})
    with open(os.path.join(folder, "expected.json"), "w") as file:
        json.dump(expected, file, separators=(",", ":"))
        file.write("\n")


torch.set_num_threads(1)
main(sys.argv[1])
