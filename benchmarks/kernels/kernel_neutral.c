/* The neutral loop of cython_ext/_neutral.pyx, same arithmetic. */
#include <math.h>
#include <stddef.h>

void neutral(ptrdiff_t n, const double *voltage, const double *baseline, double *shift, double *line)
{
    const double sqrt3 = sqrt(3.0);
    for (ptrdiff_t i = 0; i < n; i++) {
        double va = voltage[i], vb = voltage[n + i], vc = voltage[2 * n + i];
        double a2 = va * va, b2 = vb * vb, c2 = vc * vc, total = a2 + b2 + c2;
        shift[2 * i] = shift[2 * i + 1] = line[i] = NAN;
        if (!(va >= 0.0 && vb >= 0.0 && vc >= 0.0 && 0.0 < total && total < INFINITY))
            continue;
        double inner = 3.0 * (total * total - 2.0 * (a2 * a2 + b2 * b2 + c2 * c2));
        double root = inner > 0.0 ? sqrt(inner) : 0.0;
        double high = sqrt((total + root) / 2.0), low2 = (total - root) / 2.0;
        double low = low2 > 0.0 ? sqrt(low2) : 0.0, usual = baseline[i];
        double u = fabs(low - usual) < fabs(high - usual) ? low : high;
        if (!(0.0 < u && u < INFINITY))
            continue;
        double scale = 1.0 / (sqrt3 * u);
        shift[2 * i] = -(a2 - 0.5 * (b2 + c2)) * scale;
        shift[2 * i + 1] = 0.5 * sqrt3 * (b2 - c2) * scale;
        line[i] = u;
    }
}
