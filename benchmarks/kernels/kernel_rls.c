/* The loop of recursive least squares of two parameters in plain C. */
#include <math.h>
#include <stddef.h>

long rls(ptrdiff_t n, const double *x, const double *y, const double *x_min, double *theta, double *p, double *variance,
         double forgetting, double p_max, double clip) {
    long accepted = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        double x1 = x[i], x2 = x[n + i], y1 = y[i];
        if (!(isfinite(x1) && isfinite(x2) && isfinite(y1)) || !(fabs(x1) > x_min[i])) continue;
        double p11 = p[i], p12 = p[n + i], p22 = p[2 * n + i];
        double px1 = p11 * x1 + p12 * x2, px2 = p12 * x1 + p22 * x2;
        double scale = forgetting + x1 * px1 + x2 * px2, k1 = px1 / scale, k2 = px2 / scale;
        double error = y1 - (theta[i] * x1 + theta[n + i] * x2), limit = clip * sqrt(variance[i]);
        if (error > limit) error = limit;
        if (error < -limit) error = -limit;
        theta[i] += k1 * error;
        theta[n + i] += k2 * error;
        variance[i] = forgetting * variance[i] + (1.0 - forgetting) * error * error;
        p11 = (p11 - k1 * px1) / forgetting;
        p12 = (p12 - k1 * px2) / forgetting;
        p22 = (p22 - k2 * px2) / forgetting;
        if (p11 > p_max) { p12 *= sqrt(p_max / p11); p11 = p_max; }
        if (p22 > p_max) { p12 *= sqrt(p_max / p22); p22 = p_max; }
        p[i] = p11;
        p[n + i] = p12;
        p[2 * n + i] = p22;
        accepted++;
    }
    return accepted;
}
