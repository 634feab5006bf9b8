"""The smallest package that pip installs without a network."""

import zipfile


def tiny_package(folder):
    """What --pip takes: a wheel in that folder, whose module is `tiny`."""
    return "tiny @ file://%s" % tiny_wheel(folder, "tiny", "1.0")


def tiny_wheel(folder, name, version):
    """A wheel in that folder with one module, which knows its version and no more; its path."""
    path = folder / ("%s-%s-py3-none-any.whl" % (name, version))
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(name + ".py", "__version__ = %r\n" % version)
        wheel.writestr("%s-%s.dist-info/METADATA" % (name, version), "Metadata-Version: 2.1\nName: %s\nVersion: %s\n" % (name, version))
        wheel.writestr("%s-%s.dist-info/WHEEL" % (name, version),
                       "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr("%s-%s.dist-info/RECORD" % (name, version), "")
    return path
