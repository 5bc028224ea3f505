"""The Goertzel loop; ``_goertzel_reference`` says what is right."""

from libc.math cimport cos, sin
from libc.stdint cimport int64_t


cdef void _harmonics(
    const double[::1] x, const int64_t[::1] bounds, const double[::1] radians, double[:, :, ::1] out
) noexcept nogil:
    cdef Py_ssize_t k, h, i, begin, end
    cdef double scale, angle, twice, s, s1, s2, turn, real, imaginary
    for k in range(bounds.shape[0] - 1):
        begin = bounds[k]
        end = bounds[k + 1]
        scale = 2.0 / (end - begin)
        for h in range(radians.shape[0]):
            angle = radians[h]
            twice = 2.0 * cos(angle)
            s1 = s2 = 0
            for i in range(begin, end):
                s = x[i] + twice * s1 - s2
                s2 = s1
                s1 = s
            turn = angle * (end - begin - 1)
            real = s1 - cos(angle) * s2
            imaginary = sin(angle) * s2
            out[k, h, 0] = scale * (real * cos(turn) + imaginary * sin(turn))
            out[k, h, 1] = scale * (imaginary * cos(turn) - real * sin(turn))


def window_harmonics(
    const double[::1] samples, const int64_t[::1] bounds, const double[::1] radians, double[:, :, ::1] out
):
    with nogil:
        _harmonics(samples, bounds, radians, out)
