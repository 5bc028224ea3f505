"""Finds the kernels by scanning ``cython_ext/_*.pyx``; everything else about the build is in pyproject.toml.

HPLC_EDGE_CHECKED=1  build with index checks on (tests).
HPLC_EDGE_PURE=1     build no extension: the plain twins run instead. Without it a failed build fails the install.
"""

import os
from pathlib import Path

from setuptools import Extension, setup

CHECKED = os.environ.get("HPLC_EDGE_CHECKED") == "1"
CORES = os.cpu_count() or 1
PURE = os.environ.get("HPLC_EDGE_PURE") == "1"
MEMORYVIEWS = "cython_ext._memoryviews"  # Cython's memoryview code, compiled once: else each kernel carries a copy, a megabyte each


def extensions() -> list[Extension]:
    if PURE:
        return []
    from Cython.Build import cythonize  # a build requirement only: the pure install must not need it

    sources = sorted(str(path) for path in Path("cython_ext").glob("_*.pyx"))
    return cythonize(
        [
            # -ffp-contract=off: the kernels must give the bits of their plain twins, also where the CPU has fused multiply-add
            Extension(source[:-4].replace("/", "."), [source], extra_compile_args=["-O3", "-ffp-contract=off"])
            for source in sources
        ] + [Extension(MEMORYVIEWS, [MEMORYVIEWS.replace(".", "/") + ".c"])],
        shared_utility_qualified_name=MEMORYVIEWS,
        compiler_directives={
            "language_level": 3,
            "boundscheck": CHECKED,
            "wraparound": False,
            "initializedcheck": CHECKED,
            "cdivision": True,
        },
        force=CHECKED,
        nthreads=CORES,
    )


if __name__ == "__main__":     # cythonize works in processes of its own, which import this file where they are spawned
    setup(ext_modules=extensions(), options={"build_ext": {"parallel": CORES}})
