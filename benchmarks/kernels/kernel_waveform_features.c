/* Nine features of each window, the same arithmetic as cython_ext/_waveform_features.pyx. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

static double larger(double best, double value) { return value > best ? value : best; }

static double peak_of(const double *x, ptrdiff_t n) {
    double p[4] = {0, 0, 0, 0};
    ptrdiff_t i = 0;
    for (; i + 4 <= n; i += 4)
        for (int j = 0; j < 4; j++) p[j] = larger(p[j], fabs(x[i + j]));
    for (; i < n; i++) p[0] = larger(p[0], fabs(x[i]));
    return larger(larger(p[0], p[1]), larger(p[2], p[3]));
}

void waveform_features(
    ptrdiff_t size, ptrdiff_t windows, const double *samples, const int64_t *bounds, ptrdiff_t lag, const double *band, double flat_below,
    double *out
) {
    double b0 = band[0], b2 = band[1], a1 = band[2], a2 = band[3], y1 = 0, y2 = 0;
    for (ptrdiff_t k = 0; k < windows; k++) {
        ptrdiff_t begin = bounds[k], n = bounds[k + 1] - begin, flat = 0, i = 0;
        const double *x = samples + begin;
        double *f = out + 9 * k, peak = peak_of(x, n), limit = flat_below * peak, slope = size > 1 ? samples[1] - samples[0] : 0.0;
        double x1 = begin > 0 ? samples[begin - 1] : samples[0] - slope, x2 = begin > 1 ? samples[begin - 2] : x1 - slope;
        double total[2] = {0}, square[2] = {0}, fourth[2] = {0}, bend[2] = {0}, change[2] = {0}, inside[2] = {0}, step = 0;
        int compares = begin >= lag;
        for (; i + 2 <= n; i += 2) {
            double v = x[i], w = x[i + 1], moved = v - x1, moved_on = w - v, bent = moved - (x1 - x2), bent_on = moved_on - moved;
            double v2 = v * v, w2 = w * w;
            bend[0] += bent * bent; bend[1] += bent_on * bent_on;
            step = larger(larger(step, fabs(moved)), fabs(moved_on));
            total[0] += fabs(v); total[1] += fabs(w);
            flat += fabs(v) < limit; flat += fabs(w) < limit;
            square[0] += v2; square[1] += w2;
            fourth[0] += v2 * v2; fourth[1] += w2 * w2;
            if (compares) { change[0] += fabs(v - x[i - lag]); change[1] += fabs(w - x[i + 1 - lag]); }
            double y = b0 * v + b2 * x2 - a2 * y2 - a1 * y1, z = b0 * w + b2 * x1 - a2 * y1 - a1 * y;
            inside[0] += y * y; inside[1] += z * z;
            y2 = y; y1 = z; x2 = v; x1 = w;
        }
        if (i < n) {
            double v = x[i], moved = v - x1, bent = moved - (x1 - x2), v2 = v * v;
            bend[0] += bent * bent;
            step = larger(step, fabs(moved));
            total[0] += fabs(v);
            flat += fabs(v) < limit;
            square[0] += v2;
            fourth[0] += v2 * v2;
            if (compares) change[0] += fabs(v - x[i - lag]);
            double y = b0 * v + b2 * x2 - a2 * y2 - a1 * y1;
            inside[0] += y * y;
            y2 = y1; y1 = y;
        }
        double mean_square = (square[0] + square[1]) / n, rms = sqrt(mean_square);
        f[0] = rms; f[1] = peak; f[4] = (double)flat / n;
        f[2] = f[3] = f[5] = f[6] = f[7] = f[8] = 0;
        if (rms > 0) {
            f[2] = (total[0] + total[1]) / n / rms;
            f[3] = (fourth[0] + fourth[1]) / n / mean_square / mean_square;
            f[5] = step / peak;
            f[6] = sqrt((bend[0] + bend[1]) / n) / rms;
            f[7] = (change[0] + change[1]) / n / rms;
            f[8] = sqrt((inside[0] + inside[1]) / n) / rms;
        }
    }
}
