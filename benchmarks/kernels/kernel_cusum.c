/* The CUSUM loop over a series in plain C, the same arithmetic. cc -O3 -ffp-contract=off -shared -fPIC */
#include <stddef.h>

long cusum_series(ptrdiff_t n, const double *values, signed char *codes, double *state, double share, double slack, double limit) {
    double mean = state[0], up = state[1], down = state[2], kept = 1.0 - share;
    ptrdiff_t begin = 0;
    long changed = 0;
    while (mean != mean && begin < n) {
        mean = values[begin];
        codes[begin] = 0;
        if (mean != mean) begin++;
    }
    for (ptrdiff_t i = begin; i < n; i++) {
        double x = values[i];
        codes[i] = 0;
        if (x != x) continue;
        double off = x - mean, rises = up + (off - slack), falls = down - (off + slack);
        if (rises > limit || falls > limit) {
            codes[i] = rises > limit ? 1 : -1;
            mean = x; up = 0.0; down = 0.0; changed++;
            continue;
        }
        up = rises > 0.0 ? rises : 0.0;
        down = falls > 0.0 ? falls : 0.0;
        mean = kept * mean + share * x;
    }
    state[0] = mean; state[1] = up; state[2] = down;
    return changed;
}
