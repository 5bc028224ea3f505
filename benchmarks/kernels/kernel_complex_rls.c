/* The loop of cython_ext/_complex_rls.pyx, same arithmetic. */
#include <math.h>
#include <stddef.h>

long complex_rls(ptrdiff_t n, const double *y, const double *x, double *z, double *energy, double *weight, double *squares,
                 double least_x, double keep, double clip, double noise)
{
    long taken = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        double yr = y[2 * i], yi = y[2 * i + 1], xr = x[2 * i], xi = x[2 * i + 1];
        double size = xr * xr + xi * xi;
        if (!(size > least_x * least_x && isfinite(size + (yr * yr + yi * yi))))
            continue;
        double zr = z[2 * i], zi = z[2 * i + 1];
        double er = yr - (zr * xr - zi * xi), ei = yi - (zr * xi + zi * xr);
        double error2 = er * er + ei * ei, share = 1.0;
        if (weight[i] >= 5.0) {
            double usual2 = squares[i] / (weight[i] - 1.0);
            if (usual2 < noise * noise)
                usual2 = noise * noise;
            if (error2 > clip * clip * usual2)
                share = clip * sqrt(usual2 / error2);
        }
        energy[i] = keep * energy[i] + size;
        double gain = share / energy[i];
        z[2 * i] = zr + (xr * er + xi * ei) * gain;
        z[2 * i + 1] = zi + (xr * ei - xi * er) * gain;
        squares[i] = keep * squares[i] + error2 * (1.0 - size * gain);
        weight[i] = keep * weight[i] + 1.0;
        taken++;
    }
    return taken;
}
