/* The running quantile of bin means, the same arithmetic as cython_ext/_quantile.pyx. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

static double quantile_of(const double *values, ptrdiff_t n, double *scratch, double share) {
    for (ptrdiff_t j = 0; j < n; j++) {
        double x = values[j];
        ptrdiff_t k = j;
        while (k > 0 && scratch[k - 1] > x) { scratch[k] = scratch[k - 1]; k--; }
        scratch[k] = x;
    }
    double place = share * (double)(n - 1);
    ptrdiff_t low = (ptrdiff_t)place, high = low + 1 < n ? low + 1 : n - 1;
    return scratch[low] + (scratch[high] - scratch[low]) * (place - (double)low);
}

ptrdiff_t quantile(ptrdiff_t n, ptrdiff_t bins, const double *value, const int64_t *taken, const int8_t *held, int64_t *seen,
                   int64_t *number_of, double *total, int64_t *count, double *ring, int64_t *filled, double *quantile_out, int8_t *code,
                   double *scratch, double share, int64_t bin_ms) {
    ptrdiff_t closed = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        code[i] = 0;
        int64_t now = taken[i];
        double x = value[i];
        if (now == seen[i] || now < 0 || !isfinite(x)) continue;
        seen[i] = now;
        if (held[i]) continue;
        int64_t number = now / bin_ms;
        if (number != number_of[i]) {
            if (count[i] > 0 && number > number_of[i]) {
                double *own = ring + i * bins;
                own[filled[i] % bins] = total[i] / (double)count[i];
                filled[i]++;
                quantile_out[i] = quantile_of(own, filled[i] < bins ? filled[i] : bins, scratch, share);
                code[i] = 1;
                closed++;
            }
            number_of[i] = number; total[i] = 0.0; count[i] = 0;
        }
        total[i] += x;
        count[i]++;
    }
    return closed;
}
