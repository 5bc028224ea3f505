/* The loop of minute means in plain C, the same arithmetic on the same arrays. cc -O3 -ffp-contract=off -shared -fPIC */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

long minute_means(ptrdiff_t n, const double *power, const double *reactive, const double *voltage, const int64_t *taken,
                  const signed char *judged, int64_t *seen, int64_t *first, int32_t *count, double *sums, double *means, int64_t *mean_ms,
                  signed char *done) {
    long finished = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        done[i] = 0;
        int64_t now = taken[i];
        if (now == seen[i] || now < 0 || !judged[i] || !isfinite(power[i])) continue;
        if (now < seen[i]) count[i] = 0;
        seen[i] = now;
        if (count[i] > 0 && now / 60000 != first[i] / 60000) {
            for (int k = 0; k < 3; k++) means[k * n + i] = sums[k * n + i] / count[i];
            mean_ms[i] = first[i]; done[i] = 1; count[i] = 0; finished++;
        }
        if (count[i] == 0) {
            first[i] = now;
            for (int k = 0; k < 3; k++) sums[k * n + i] = 0.0;
        }
        sums[i] += power[i]; sums[n + i] += reactive[i]; sums[2 * n + i] += voltage[i];
        count[i]++;
    }
    return finished;
}
