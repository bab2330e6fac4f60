"""DICOM series as pydicom writes them, and as SimpleITK and dcm2niix read them: dicom_files.py write|compare FOLDER COUNT

Also makes the series in test/fixtures/dicom-small: dicom_files.py fixture FOLDER
"""

import os
import shutil
import subprocess
import sys

import dcm2niix
import imagecodecs
import nibabel
import numpy
import pydicom
import SimpleITK
from pydicom.encaps import encapsulate
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sequence import Sequence
from pydicom.uid import (
    CTImageStorage,
    DeflatedExplicitVRLittleEndian,
    EnhancedCTImageStorage,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEGLossless,
    RLELossless,
)

ROOT = "1.2.826.0.1.3680043.8.498."
SYNTAXES = [
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
    RLELossless,
]
# Bits that are allocated and stored, and whether numbers have a sign.
BITS = [(16, 12, 0), (16, 16, 1), (16, 16, 0), (16, 13, 1), (8, 8, 0), (16, 12, 1)]


def plain(syntax, sop_class, uid):
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.MediaStorageSOPClassUID = sop_class
    data.file_meta.MediaStorageSOPInstanceUID = uid
    data.file_meta.TransferSyntaxUID = syntax
    data.SOPClassUID = sop_class
    data.SOPInstanceUID = uid
    data.StudyInstanceUID = ROOT + "1"
    data.SeriesInstanceUID = ROOT + "2"
    data.FrameOfReferenceUID = ROOT + "3"
    data.Modality = "CT"
    data.PatientName = "Phantom"
    data.PatientID = "P"
    data.StudyDate = data.SeriesDate = data.ContentDate = "20260101"
    data.StudyTime = data.SeriesTime = data.ContentTime = "120000"
    data.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    data.Manufacturer = "None"
    data.PatientPosition = "HFS"
    data.SeriesNumber = 3
    data.PhotometricInterpretation = "MONOCHROME2"
    data.SamplesPerPixel = 1
    # What readers have to step over: sequences, empty and nested, and a private element.
    inner = Dataset()
    inner.CodeValue = "113100"
    inner.CodeMeaning = "Basic"
    outer = Dataset()
    outer.PurposeOfReferenceCodeSequence = Sequence([inner, inner])
    data.ReferencedImageSequence = Sequence([outer])
    data.ProcedureCodeSequence = Sequence([])
    block = data.private_block(0x0029, "MEDCTC TEST", create=True)
    block.add_new(0x10, "OB", bytes(range(64)))
    block.add_new(0x11, "SQ", Sequence([inner]))
    return data


def text(value):
    return f"{value:.8f}".rstrip("0").rstrip(".")[:16]


def rotation(random, kind):
    if kind == "axial":
        return numpy.eye(3)
    if kind == "coronal":
        return numpy.array([[1, 0, 0], [0, 0, -1], [0, 1, 0]], float).T
    q, r = numpy.linalg.qr(random.randn(3, 3))
    q = q * numpy.sign(numpy.diag(r))
    return q if numpy.linalg.det(q) > 0 else -q


def stored_range(stored, signed):
    return (-(2 ** (stored - 1)), 2 ** (stored - 1)) if signed else (0, 2**stored)


def save(data, path, syntax, pixels):
    if syntax == JPEGLossless:
        bits = pixels.view({1: "u1", 2: "u2"}[pixels.itemsize]) & (2**data.BitsStored - 1)
        frames = bits if bits.ndim == 3 else bits[None]
        packed = [imagecodecs.ljpeg_encode(frame, bitspersample=data.BitsStored) for frame in frames]
        data.PixelData = encapsulate(packed)
        data["PixelData"].VR = "OB"
        data["PixelData"].is_undefined_length = True
        data.save_as(path, enforce_file_format=True)
        return
    little = syntax != ExplicitVRBigEndian
    kind = numpy.dtype(pixels.dtype).newbyteorder("<" if little else ">")
    raw = pixels.astype(kind).tobytes()
    data.PixelData = raw + b"\0" * (len(raw) % 2)
    data["PixelData"].VR = "OW" if data.BitsAllocated == 16 else "OB"
    if syntax == RLELossless:
        data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        data.compress(RLELossless, generate_instance_uid=False)
    data.save_as(path, enforce_file_format=True)


def write_series(folder, random, index, syntaxes, shape, bits, kind, scalings):
    os.makedirs(folder)
    columns, rows, count = shape
    allocated, stored, signed = bits
    turn = rotation(random, kind)
    along, down, normal = turn[:, 0], turn[:, 1], turn[:, 2]
    row_spacing, column_spacing, distance = numpy.round(random.rand(3) * 2 + 0.4, 4)
    origin = random.randn(3) * 100
    low, high = stored_range(stored, signed)
    dtype = {8: "u1", 16: "i2" if signed else "u2"}[allocated]
    names = random.permutation(count)
    values = []
    for z in range(count):
        syntax = syntaxes[z % len(syntaxes)]
        data = plain(syntax, CTImageStorage, f"{ROOT}{index + 10}.{z + 1}")
        # The number of a slice says nothing of its place.
        data.InstanceNumber = int(names[z]) + 1
        data.Rows, data.Columns = rows, columns
        data.BitsAllocated, data.BitsStored, data.HighBit = allocated, stored, stored - 1
        data.PixelRepresentation = signed
        data.PixelSpacing = [text(row_spacing), text(column_spacing)]
        data.SliceThickness = "1"
        data.ImageOrientationPatient = [text(value) for value in [*along, *down]]
        data.ImagePositionPatient = [text(value) for value in origin + normal * distance * z]
        slope, intercept = scalings[z % len(scalings)]
        if slope is not None:
            data.RescaleSlope, data.RescaleIntercept = text(slope), text(intercept)
            data.RescaleType = "HU"
        pixels = random.randint(low, high, (rows, columns)).astype(dtype)
        values.append(pixels.astype(float) * (1 if slope is None else slope) + (0 if intercept is None else intercept))
        name = f"IM{names[z]:04}" + (".dcm" if index % 2 else "")
        save(data, os.path.join(folder, name), syntax, pixels)
    return numpy.array(values, float)


def write_enhanced(path, random, index, syntax, shape):
    columns, rows, count = shape
    data = plain(syntax, EnhancedCTImageStorage, f"{ROOT}{index + 10}.1")
    data.InstanceNumber = 1
    data.Rows, data.Columns, data.NumberOfFrames = rows, columns, count
    data.BitsAllocated, data.BitsStored, data.HighBit, data.PixelRepresentation = 16, 16, 15, 1
    shared = Dataset()
    orientation = Dataset()
    orientation.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
    shared.PlaneOrientationSequence = Sequence([orientation])
    measures = Dataset()
    measures.PixelSpacing = ["0.7", "0.8"]
    measures.SliceThickness = "1.5"
    shared.PixelMeasuresSequence = Sequence([measures])
    rescale = Dataset()
    rescale.RescaleSlope, rescale.RescaleIntercept, rescale.RescaleType = "1", "-1024", "HU"
    shared.PixelValueTransformationSequence = Sequence([rescale])
    data.SharedFunctionalGroupsSequence = Sequence([shared])
    places = random.permutation(count)
    frames = []
    for place in places:
        frame = Dataset()
        position = Dataset()
        position.ImagePositionPatient = ["-10.5", "20.25", text(1.25 * place - 5)]
        frame.PlanePositionSequence = Sequence([position])
        content = Dataset()
        content.InStackPositionNumber = int(place) + 1
        content.StackID = "1"
        content.DimensionIndexValues = [1, int(place) + 1]
        frame.FrameContentSequence = Sequence([content])
        frames.append(frame)
    data.PerFrameFunctionalGroupsSequence = Sequence(frames)
    pixels = random.randint(-2000, 3000, (count, rows, columns)).astype("i2")
    save(data, path, syntax, pixels)
    return pixels[numpy.argsort(places)].astype(float) - 1024


def write(folder, count):
    random = numpy.random.RandomState(5)
    names = []
    # Those that dcm2niix cannot read.
    beyond = []
    for index in range(count):
        name = f"series{index}"
        path = os.path.join(folder, name)
        shape = tuple(int(size) for size in random.randint(3, 20, 2)) + (int(random.randint(2, 9)),)
        if index % 8 == 7:
            os.makedirs(path)
            syntax = ExplicitVRLittleEndian if index % 16 == 7 else RLELossless
            values = write_enhanced(os.path.join(path, "enhanced.dcm"), random, index, syntax, shape)
            if syntax == RLELossless:
                beyond.append(name)
        else:
            syntaxes = SYNTAXES if index % 5 == 4 else [[*SYNTAXES, JPEGLossless][index % 6]]
            bits = BITS[index % len(BITS)]
            if syntaxes == [JPEGLossless]:
                bits = BITS[index // 6 % len(BITS)]
            # Single bytes in words of big-endian order are refused, and GDCM reads no RLE of them.
            if bits[0] == 8:
                syntaxes = [ExplicitVRLittleEndian, ImplicitVRLittleEndian]
            kind = ["axial", "oblique", "coronal"][index % 3]
            scalings = [[(1, -1024)], [(0.5, -8192)], [(None, None)], [(1, 0), (1.25, -3), (2, 7)]][index % 4]
            values = write_series(path, random, index, syntaxes, shape, bits, kind, scalings)
            # It neither carries up the sign of what JPEG unpacks to, nor takes differences of 16 bits.
            is_wide_jpeg = syntaxes == [JPEGLossless] and (bits[2] == 1 or bits[1] == 16)
            if DeflatedExplicitVRLittleEndian in syntaxes or is_wide_jpeg:
                beyond.append(name)
        values.tofile(os.path.join(folder, f"{name}.expected"))
        names.append(name)
    with open(os.path.join(folder, "names.txt"), "w") as file:
        file.write("\n".join(names))
    with open(os.path.join(folder, "beyond.txt"), "w") as file:
        file.write("\n".join(beyond))


def itk(folder):
    """Values [z, y, x] and the affine to RAS, as ITK reads a series in its own order."""
    files = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(folder)
    image = SimpleITK.ReadImage(files[0] if len(files) == 1 else files, SimpleITK.sitkFloat64)
    direction = numpy.array(image.GetDirection()).reshape(3, 3)
    affine = numpy.eye(4)
    affine[:3, :3] = direction * numpy.array(image.GetSpacing())
    affine[:3, 3] = image.GetOrigin()
    return SimpleITK.GetArrayFromImage(image), numpy.diag([-1, -1, 1, 1]) @ affine


def converted(folder):
    """What dcm2niix makes of a series, as nibabel reads it."""
    out = folder + ".nifti"
    os.makedirs(out)
    options = ["-b", "n", "-z", "n", "-f", "volume", "-o", out, folder]
    run = subprocess.run([dcm2niix.bin, *options], capture_output=True, text=True)
    names = [name for name in os.listdir(out) if name.endswith(".nii")]
    assert len(names) == 1, f"{folder}: dcm2niix made {names}: {run.stdout}"
    return nibabel.load(os.path.join(out, names[0]))


def check_converted(folder, ours, affine):
    image = converted(folder)
    theirs = numpy.squeeze(image.get_fdata())
    # From their indices to ours, which must be a change of order and of directions.
    move = numpy.linalg.inv(affine) @ image.affine
    whole = numpy.round(move)
    size = numpy.array(ours.shape)[::-1]
    assert numpy.abs((move - whole)[:3, :3]).max() * size.max() < 1e-2, (folder, move)
    assert numpy.abs((move - whole)[:3, 3]).max() < 1e-2, (folder, move)
    indices = numpy.indices(theirs.shape).reshape(3, -1)
    x, y, z = (whole[:3, :3] @ indices + whole[:3, 3:]).astype(int)
    found = ours[z, y, x].reshape(theirs.shape)
    # It stores 32-bit floats where slices are scaled differently.
    assert numpy.allclose(found, theirs, rtol=1e-6, atol=1e-4), (folder, numpy.abs(found - theirs).max())


def compare(folder):
    names = open(os.path.join(folder, "names.txt")).read().split()
    beyond = open(os.path.join(folder, "beyond.txt")).read().split()
    worst = 0
    for name in names:
        path = os.path.join(folder, name)
        refused = path + ".refused"
        assert not os.path.exists(refused), f"{name}: {open(refused).read()}"
        affine = numpy.vstack([numpy.fromfile(path + ".affine").reshape(3, 4), [0, 0, 0, 1]])
        expected = numpy.fromfile(path + ".expected")
        values = numpy.fromfile(path + ".values")
        assert numpy.array_equal(values, expected), f"{name}: {numpy.abs(values - expected).max()}"
        theirs, their_affine = itk(path)
        ours = values.reshape(theirs.shape)
        # ITK takes the frames of one file in their order there, whatever their positions.
        if not os.path.exists(os.path.join(path, "enhanced.dcm")):
            assert numpy.allclose(ours, theirs, rtol=1e-6, atol=1e-4), f"{name}: ITK's values differ"
            error = numpy.abs(affine - their_affine).max()
            worst = max(worst, error)
            assert error < 1e-5, f"{name}: {affine} is not ITK's {their_affine}"
        if name not in beyond:
            check_converted(path, ours, affine)
    print(f"{len(names)} series: values as written, as ITK and as dcm2niix have them; affines within {worst:.1e} of ITK's")


def fixture(folder):
    """A series of eight slices in turn in every transfer syntax, and ITK's NIfTI file of it with its affine."""
    random = numpy.random.RandomState(22)
    path = os.path.join(folder, "series")
    shutil.rmtree(folder, ignore_errors=True)
    write_series(path, random, 0, SYNTAXES, (16, 12, 8), (16, 12, 0), "oblique", [(1, -1024)])
    _, affine = itk(path)
    numpy.savetxt(os.path.join(folder, "affine.txt"), affine[:3], fmt="%.8f")
    files = SimpleITK.ImageSeriesReader.GetGDCMSeriesFileNames(path)
    SimpleITK.WriteImage(SimpleITK.ReadImage(files), os.path.join(folder, "series.nii.gz"))


if __name__ == "__main__":
    if sys.argv[1] == "write":
        write(sys.argv[2], int(sys.argv[3]))
    elif sys.argv[1] == "fixture":
        fixture(sys.argv[2])
    else:
        compare(sys.argv[2])
