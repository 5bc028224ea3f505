"""The loop of complex least squares; ``_complex_rls_reference`` says what is right."""

from libc.math cimport isfinite, sqrt

cdef double CLIPPED_FROM_WEIGHT = 5.0


cdef Py_ssize_t _update(
    const double[::1] y, const double[::1] x, double[::1] z, double[::1] energy, double[::1] weight, double[::1] squares,
    double least_x, double keep, double clip, double noise,
) noexcept nogil:
    cdef Py_ssize_t i, taken = 0
    cdef double yr, yi, xr, xi, zr, zi, er, ei, size, error2, share, usual2, gain
    for i in range(energy.shape[0]):
        yr = y[2 * i]
        yi = y[2 * i + 1]
        xr = x[2 * i]
        xi = x[2 * i + 1]
        size = xr * xr + xi * xi
        if not (size > least_x * least_x and isfinite(size + (yr * yr + yi * yi))):
            continue
        zr = z[2 * i]
        zi = z[2 * i + 1]
        er = yr - (zr * xr - zi * xi)
        ei = yi - (zr * xi + zi * xr)
        error2 = er * er + ei * ei
        share = 1.0
        if weight[i] >= CLIPPED_FROM_WEIGHT:
            usual2 = squares[i] / (weight[i] - 1.0)
            if usual2 < noise * noise:
                usual2 = noise * noise
            if error2 > clip * clip * usual2:
                share = clip * sqrt(usual2 / error2)
        energy[i] = keep * energy[i] + size
        gain = share / energy[i]
        z[2 * i] = zr + (xr * er + xi * ei) * gain
        z[2 * i + 1] = zi + (xr * ei - xi * er) * gain
        squares[i] = keep * squares[i] + error2 * (1.0 - size * gain)
        weight[i] = keep * weight[i] + 1.0
        taken += 1
    return taken


def update_complex_rls(
    const double[::1] y, const double[::1] x, double[::1] z, double[::1] energy, double[::1] weight, double[::1] squares,
    double least_x, double keep, double clip, double noise,
):
    cdef Py_ssize_t taken
    with nogil:
        taken = _update(y, x, z, energy, weight, squares, least_x, keep, clip, noise)
    return taken
