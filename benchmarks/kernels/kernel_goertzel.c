/* Harmonics of windows, the same arithmetic as cython_ext/_goertzel.pyx. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

void goertzel(ptrdiff_t windows, ptrdiff_t harmonics, const double *x, const int64_t *bounds, const double *radians, double *out) {
    for (ptrdiff_t k = 0; k < windows; k++) {
        ptrdiff_t begin = bounds[k], end = bounds[k + 1];
        double scale = 2.0 / (end - begin);
        for (ptrdiff_t h = 0; h < harmonics; h++) {
            double angle = radians[h], twice = 2.0 * cos(angle), s1 = 0, s2 = 0;
            for (ptrdiff_t i = begin; i < end; i++) {
                double s = x[i] + twice * s1 - s2;
                s2 = s1;
                s1 = s;
            }
            double turn = angle * (end - begin - 1), real = s1 - cos(angle) * s2, imaginary = sin(angle) * s2;
            double *f = out + 2 * (k * harmonics + h);
            f[0] = scale * (real * cos(turn) + imaginary * sin(turn));
            f[1] = scale * (imaginary * cos(turn) - real * sin(turn));
        }
    }
}
