/* The loop of median steps in plain C, the same arithmetic on the same arrays. cc -O3 -ffp-contract=off -shared -fPIC */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

static double median(double a, double b, double c) {
    if (a != a || b != b || c != c) return NAN;
    double low = a < b ? a : b, high = a < b ? b : a;
    return c < low ? low : c > high ? high : c;
}

long median_step(ptrdiff_t n, const double *power, const double *reactive, const int64_t *taken, const double *least,
                 double *ring_w, double *ring_var, int64_t *ring_ms, int32_t *filled, signed char *side, int64_t *at, double *noise,
                 double *change, signed char *code, double share, double spreads, int64_t max_gap) {
    long changed = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        double *w = ring_w + 6 * i, *q = ring_var + 6 * i;
        int64_t *ms = ring_ms + 6 * i, now = taken[i], newest = ms[5];
        double x = power[i];
        code[i] = 0;
        if (isnan(least[i]) || now < 0 || (filled[i] > 0 && now == newest) || !isfinite(x)) continue;
        if (filled[i] > 0 && (now < newest || now - newest > max_gap)) { filled[i] = 0; side[i] = 0; }
        for (int k = 0; k < 5; k++) { w[k] = w[k + 1]; q[k] = q[k + 1]; ms[k] = ms[k + 1]; }
        w[5] = x; q[5] = reactive[i]; ms[5] = now;
        if (filled[i] < 6) filled[i]++;
        if (filled[i] < 6) continue;
        double before = median(w[0], w[1], w[2]), after = median(w[3], w[4], w[5]), size = fabs(after - before);
        double needed = spreads * noise[i];
        needed = needed > least[i] ? needed : least[i];
        double largest = fabs(before) > fabs(after) ? fabs(before) : fabs(after);
        needed = share * largest > needed ? share * largest : needed;
        signed char now_side = size <= needed ? 0 : after > before ? 1 : -1;
        if (side[i] != 0 && now_side != side[i]) {
            change[n + i] = before;
            change[3 * n + i] = median(q[0], q[1], q[2]);
            if (fabs(change[n + i] - change[i]) > needed) { code[i] = change[n + i] > change[i] ? 1 : -1; changed++; }
            side[i] = 0;
        }
        if (now_side != 0 && side[i] == 0) {
            side[i] = now_side;
            change[i] = before;
            change[2 * n + i] = median(q[0], q[1], q[2]);
            int first = 5;
            if (fabs(w[4] - before) > 0.25 * size) first = 4;
            if (fabs(w[3] - before) > 0.25 * size) first = 3;
            at[i] = ms[first];
        } else if (now_side == 0) {
            double between = fabs(w[2] - w[1]);
            between = between < needed ? between : needed;
            noise[i] = noise[i] + 0.05 * (between - noise[i]);
        }
    }
    return changed;
}
