/* The conductor loop in plain C: the same arithmetic on the same arrays. */
#include <math.h>
#include <stdint.h>
#include <stddef.h>

long conductor(ptrdiff_t n, const double *current, const double *ambient, const int64_t *taken, const double *rated, double *conductor_cel,
               int64_t *seen, signed char *level, signed char *code, double tau, double max_gap, double rated_cel,
               double rated_ambient, double alpha, double ends, double warns, double alarms) {
    const double full = (rated_cel - rated_ambient) / (1.0 + alpha * (rated_cel - 20.0));
    long changed = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        code[i] = 0;
        int64_t now = taken[i];
        if (now == seen[i] || now < 0 || !(rated[i] > 0.0) || !isfinite(current[i]) || !isfinite(ambient[i])) continue;
        double cel = conductor_cel[i];
        if (isnan(cel)) {
            cel = ambient[i];
        } else if (seen[i] >= 0 && now > seen[i]) {
            double step = (now - seen[i]) / 1000.0;
            if (step > max_gap) step = max_gap;
            double ratio = current[i] / rated[i];
            if (ratio * ratio > 100.0) ratio = 10.0;
            double heat = full * (ratio * ratio), left = 1.0 - heat * alpha;
            if (left < 0.05) left = 0.05;
            double steady = (ambient[i] + heat * (1.0 - 20.0 * alpha)) / left;
            cel = cel + (steady - cel) * (1.0 - exp(-step * left / tau));
        }
        conductor_cel[i] = cel;
        seen[i] = now;
        signed char l = level[i];
        if (cel > alarms) l = 2;
        else if (cel < ends) l = 0;
        else if (level[i] == 0 && cel > warns) l = 1;
        else if (level[i] == 2 && cel < warns) l = 1;
        if (l != level[i]) { level[i] = l; code[i] = l + 1; changed++; }
    }
    return changed;
}
