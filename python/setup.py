"""Packs the SDK; on Linux with the program built, the `muster` command with it.

The `azureml` names go into a folder of their own, muster/_v1, which _muster_azureml puts at the end of the path: where Microsoft's
azureml-core is installed, no file of it is written over.

The program is `../build/release/muster`, or what MUSTER_BINARY names. Without it the package is pure Python.
"""
import atexit
import os
import shutil
import stat
import sys
import tempfile

from setuptools import setup
from setuptools.command.build_py import build_py

try:
    from setuptools.command.bdist_wheel import bdist_wheel
except ImportError:
    try:
        from wheel.bdist_wheel import bdist_wheel
    except ImportError:
        bdist_wheel = None

HERE = os.path.dirname(os.path.abspath(__file__))


def binary():
    """The built program's path, or None."""
    if not sys.platform.startswith("linux"):
        return None
    for path in (os.environ.get("MUSTER_BINARY"), os.path.join(HERE, os.pardir, "build", "release", "muster")):
        if path and os.path.isfile(path):
            return path
    return None


class BuildWithBinary(build_py):
    """Copies the program to muster/_bin, beside the modules, and the names of Azure's SDK to muster/_v1."""

    def run(self):
        build_py.run(self)
        names = os.path.join(self.build_lib, "muster", "_v1", "azureml")
        shutil.rmtree(names, ignore_errors=True)
        shutil.copytree(os.path.join(HERE, "azureml"), names, ignore=shutil.ignore_patterns("__pycache__"))
        with open(os.path.join(self.build_lib, "muster_azureml.pth"), "w") as file:
            file.write("import _muster_azureml; _muster_azureml.add()\n")
        target = os.path.join(self.build_lib, "muster", "_bin", "muster")
        if binary() is None:
            return
        self.mkpath(os.path.dirname(target))
        shutil.copyfile(binary(), target)
        os.chmod(target, os.stat(target).st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)


commands = {"build_py": BuildWithBinary}

if bdist_wheel is not None:
    class WheelWithBinary(bdist_wheel):
        """A wheel with the program is for this platform, and for any Python 3; one without is for any platform."""

        def finalize_options(self):
            bdist_wheel.finalize_options(self)
            self.root_is_pure = binary() is None

        def get_tag(self):
            if binary() is None:
                return "py3", "none", "any"
            machine = os.uname().machine
            # The program is static: it starts beside any C library.
            systems = ("manylinux_2_5", "manylinux1", "musllinux_1_1") if machine == "x86_64" else ("manylinux_2_17", "musllinux_1_1")
            return "py3", "none", ".".join("%s_%s" % (system, machine) for system in systems)

    commands["bdist_wheel"] = WheelWithBinary

# Not in the source folder: what an earlier build left there would be packed again.
build_base = tempfile.mkdtemp(prefix="muster-build-")
atexit.register(shutil.rmtree, build_base, True)

version = {}
with open(os.path.join(HERE, "muster", "_version.py")) as file:
    exec(file.read(), version)

setup(
    name="muster-ml",  # "muster" on the Python Package Index is another project; this one is imported as muster all the same
    version=version["__version__"],
    description="Trains models on the machines you have, in the shape of Azure Machine Learning's SDK v1",
    license="Apache-2.0",
    python_requires=">=3.6",
    packages=["muster", "muster._client", "muster._recording", "muster._runs", "muster._snapshots", "muster._terminal"],
    py_modules=["_muster_azureml"],
    package_data={"muster": ["py.typed"]},
    entry_points={"console_scripts": ["muster = muster._cli:main"]},
    cmdclass=commands,
    options={"build": {"build_base": build_base}},
    zip_safe=False,
)
