/* The loop of the impedance kernel in plain C. */
#include <math.h>
#include <stddef.h>

long impedance(ptrdiff_t n, const double *x, const double *y, const double *x_min, double *centre, double *scale, double *sums,
               double forgetting, double scale_factor, double scale_min) {
    long accepted = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        double x1 = x[i], y1 = y[i];
        if (!(isfinite(x1) && isfinite(y1)) || !(fabs(x1) >= x_min[i])) continue;
        double xx = centre[i], xy = centre[n + i];
        double slope = xx > 0.0 ? xy / xx : 0.0;
        double size = fabs(y1 + slope * x1), limit = 1.5 * 1.4826 * scale[i];
        double weight = size > limit ? limit / size : 1.0;
        double next = size > scale[i] ? scale[i] * scale_factor : scale[i] / scale_factor;
        scale[i] = next < scale_min ? scale_min : next;
        double wxx = weight * x1 * x1, wxy = -weight * x1 * y1, yy = weight * y1 * y1;
        centre[i] = forgetting * xx + wxx;
        centre[n + i] = forgetting * xy + wxy;
        sums[i] += 1.0;
        sums[n + i] += wxx;
        sums[2 * n + i] += wxy;
        sums[3 * n + i] += yy;
        sums[4 * n + i] += wxx * wxx;
        sums[5 * n + i] += wxx * wxy;
        sums[6 * n + i] += wxx * yy;
        accepted++;
    }
    return accepted;
}
