/* Values above their own recent level, the same arithmetic as cython_ext/_excursion.pyx. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

ptrdiff_t excursion(ptrdiff_t n, const double *value, const int64_t *taken, int64_t *seen, double *level, double *variance,
                    double *learned, int64_t *since, int64_t *begun, int8_t *side, int8_t *pending, int8_t *code, double lowest,
                    double factor, double release, double tau, double warm, int64_t delay, int64_t max_gap) {
    ptrdiff_t changed = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        code[i] = 0;
        int64_t now = taken[i];
        double x = value[i];
        if (now == seen[i] || now < 0 || !isfinite(x)) continue;
        int64_t gap = now - seen[i];
        int first = seen[i] < 0;
        seen[i] = now;
        if (first || gap < 0 || gap > max_gap) {
            pending[i] = 0;
            if (side[i] == 0 && (first || gap > max_gap)) { level[i] = x; variance[i] = 0.0; learned[i] = 0.0; }
            gap = 0;
        }
        double over = x - level[i], threshold = factor * sqrt(variance[i]);
        if (!(threshold > lowest)) threshold = lowest;
        if (side[i] == 0) {
            if (over > threshold && learned[i] >= warm) {
                if (pending[i] == 0) { pending[i] = 1; since[i] = now; }
                if (now - since[i] >= delay && now != since[i]) {
                    side[i] = 1; begun[i] = since[i]; pending[i] = 0; code[i] = 1; changed++;
                }
                continue;
            }
            pending[i] = 0;
            if (gap > 0) {
                double gap_s = (double)gap / 1000.0;
                learned[i] += gap_s;
                double weight = 1.0 - exp(-gap_s / tau), start = learned[i] < tau ? gap_s / learned[i] : 0.0;
                if (start > weight) weight = start;
                double bounded = over > threshold ? threshold : over < -threshold ? -threshold : over;
                level[i] += weight * over;
                variance[i] = (1.0 - weight) * (variance[i] + weight * bounded * bounded);
            }
        } else if (over <= release * threshold) {
            if (pending[i] == 0) { pending[i] = 1; since[i] = now; }
            if (now - since[i] >= delay && now != since[i]) { side[i] = 0; pending[i] = 0; code[i] = 2; changed++; }
        } else pending[i] = 0;
    }
    return changed;
}
