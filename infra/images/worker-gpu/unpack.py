"""Unpacks PyTorch's and NVIDIA's libraries from wheels, laid out as their run paths expect, and beside
them DJL's JNI library for CUDA: unpack.py WHEELS PYTORCH_JNI_JAR FOLDER."""

import pathlib
import re
import shutil
import sys
import zipfile

wheels, jar, folder = map(pathlib.Path, sys.argv[1:])
library = re.compile(r"(torch|cusparselt|nvidia/\w+)/lib/.*\.so[.\d]*")
for wheel in [*wheels.glob("torch-*.whl"), *wheels.glob("nvidia_*.whl")]:
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if library.fullmatch(name) and not name.endswith("/libtorch_python.so"):
                archive.extract(name, folder)
# DJL looks for it under this name, which begins with DJL's own version.
version = jar.stem.rsplit("-", 1)[1]
with zipfile.ZipFile(jar) as archive, archive.open("jnilib/linux-x86_64/cu128/libdjl_torch.so") as source:
    with open(folder / "torch" / "lib" / f"{version}-libdjl_torch.so", "wb") as target:
        shutil.copyfileobj(source, target)
