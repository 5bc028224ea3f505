"""Plain twin of the loop of complex least squares: defines what is right."""

import math

CLIPPED_FROM_WEIGHT = 5.0


def update_complex_rls(y, x, z, energy, weight, squares, least_x, keep, clip, noise):  # type: ignore[no-untyped-def]
    taken = 0
    for i in range(len(energy)):
        yr, yi, xr, xi = float(y[2 * i]), float(y[2 * i + 1]), float(x[2 * i]), float(x[2 * i + 1])
        size = xr * xr + xi * xi
        if not (size > least_x * least_x and math.isfinite(size + (yr * yr + yi * yi))):
            continue
        zr, zi = float(z[2 * i]), float(z[2 * i + 1])
        er, ei = yr - (zr * xr - zi * xi), yi - (zr * xi + zi * xr)
        error2, share = er * er + ei * ei, 1.0
        if weight[i] >= CLIPPED_FROM_WEIGHT:
            usual2 = max(float(squares[i]) / (float(weight[i]) - 1.0), noise * noise)
            if error2 > clip * clip * usual2:
                share = clip * math.sqrt(usual2 / error2)
        energy[i] = keep * float(energy[i]) + size
        gain = share / float(energy[i])
        z[2 * i] = zr + (xr * er + xi * ei) * gain
        z[2 * i + 1] = zi + (xr * ei - xi * er) * gain
        squares[i] = keep * float(squares[i]) + error2 * (1.0 - size * gain)
        weight[i] = keep * float(weight[i]) + 1.0
        taken += 1
    return taken
