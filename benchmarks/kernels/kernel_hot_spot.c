/* The transformer loop in plain C: the same arithmetic on the same arrays. */
#include <math.h>
#include <stdint.h>
#include <stddef.h>

long hot_spot(ptrdiff_t n, const double *load_pu, const double *oil_load_pu, const double *ambient, const int64_t *taken,
              const double *constants, double *state, int64_t *seen, double max_gap) {
    const double *oil_rise = constants, *hot_rise = constants + n, *loss_ratio = constants + 2 * n, *x = constants + 3 * n,
                 *y = constants + 4 * n, *tau_oil = constants + 5 * n, *tau_winding = constants + 6 * n, *k11 = constants + 7 * n,
                 *k21 = constants + 8 * n, *k22 = constants + 9 * n;
    double *oil = state, *rise = state + n, *fall = state + 2 * n, *hot = state + 3 * n, *normal = state + 4 * n, *upgraded = state + 5 * n;
    long moved = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        int64_t now = taken[i], before = seen[i];
        double load = fabs(load_pu[i]), oil_load = fabs(oil_load_pu[i]);
        if (now == before || now < 0 || !(load <= 10.0) || !(oil_load <= 10.0) || !(fabs(ambient[i]) <= 90.0)) continue;
        seen[i] = now;
        if (before < 0 || now < before) continue;
        double step = (now - before) / 1000.0;
        if (step > max_gap) step = max_gap;
        step = step / 60.0;
        double r = loss_ratio[i];
        double end = ambient[i] + oil_rise[i] * pow((1.0 + r * (oil_load * oil_load)) / (1.0 + r), x[i]);
        double gradient = hot_rise[i] * pow(load, y[i]);
        oil[i] = oil[i] + (end - oil[i]) * (1.0 - exp(-step / (k11[i] * tau_oil[i])));
        rise[i] = rise[i] + (k21[i] * gradient - rise[i]) * (1.0 - exp(-step / (k22[i] * tau_winding[i])));
        fall[i] = fall[i] + ((k21[i] - 1.0) * gradient - fall[i]) * (1.0 - exp(-step * k22[i] / tau_oil[i]));
        hot[i] = oil[i] + rise[i] - fall[i];
        normal[i] = normal[i] + exp2((hot[i] - 98.0) / 6.0) * step;
        upgraded[i] = upgraded[i] + exp(15000.0 / 383.0 - 15000.0 / (hot[i] + 273.0)) * step;
        moved++;
    }
    return moved;
}
