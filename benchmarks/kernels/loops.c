/* The loops of the kernels in plain C, for the ratio: the same arithmetic on the same arrays. cc -O3 -ffp-contract=off -shared -fPIC */
#include <math.h>
#include <stdint.h>
#include <stddef.h>
#include <string.h>

long band(ptrdiff_t n, const double *value, const int64_t *taken, const double *limits, int64_t *seen, int64_t *since, int64_t *begun,
          signed char *side, signed char *pending, signed char *code, int64_t begin_delay, int64_t end_delay, int64_t max_gap) {
    const double *low = limits, *high = limits + n, *low_end = limits + 2 * n, *high_end = limits + 3 * n,
                 *dead = limits + 4 * n;
    long changed = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        code[i] = 0;
        int64_t now = taken[i];
        double v = value[i];
        if (now == seen[i] || now < 0 || isnan(v) || isnan(low[i])) continue;
        if (seen[i] >= 0 && (now < seen[i] || now - seen[i] > max_gap)) pending[i] = 0;
        seen[i] = now;
        if (side[i] == 0) {
            signed char wanted = v < low[i] ? -1 : v > high[i] ? 1 : 0;
            if (wanted != pending[i]) { pending[i] = wanted; since[i] = now; }
            if (wanted && now - since[i] >= begin_delay) {
                side[i] = v < dead[i] ? -2 : wanted; begun[i] = since[i]; pending[i] = 0; code[i] = wanted < 0 ? 1 : 2; changed++;
            }
        } else if (side[i] < 0 ? v >= low_end[i] : v <= high_end[i]) {
            if (pending[i] == 0) { pending[i] = 2; since[i] = now; }
            if (now - since[i] >= end_delay) { side[i] = 0; pending[i] = 0; code[i] = 3; changed++; }
        } else {
            pending[i] = 0;
            if (side[i] == -1 && v < dead[i]) { side[i] = -2; code[i] = 4; changed++; }
        }
    }
    return changed;
}

long thermal(ptrdiff_t n, const double *current, const int64_t *taken, const double *reference, double *heat, int64_t *seen,
             signed char *level, signed char *code, double tau, double max_gap, double ends, double warns, double alarms) {
    long changed = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        code[i] = 0;
        int64_t now = taken[i];
        if (now == seen[i] || now < 0 || !isfinite(current[i]) || isnan(reference[i])) continue;
        if (seen[i] >= 0 && now > seen[i]) {
            double step = (now - seen[i]) / 1000.0;
            if (step > max_gap) step = max_gap;
            double ratio = current[i] / reference[i];
            heat[i] = heat[i] + (ratio * ratio - heat[i]) * (1.0 - exp(-step / tau));
        }
        seen[i] = now;
        signed char l = level[i];
        if (heat[i] > alarms) l = 2;
        else if (heat[i] < ends) l = 0;
        else if (level[i] == 0 && heat[i] > warns) l = 1;
        else if (level[i] == 2 && heat[i] < warns) l = 1;
        if (l != level[i]) { level[i] = l; code[i] = l + 1; changed++; }
    }
    return changed;
}

long silence(ptrdiff_t n, const int32_t *failed, const int64_t *first, const signed char *reachable, signed char *silent,
             int64_t now, int32_t min_polls, int64_t min_ms) {
    long count = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        silent[i] = (reachable[i] != 0) & (failed[i] >= min_polls) & (first[i] >= 0) &
                    ((now - first[i] >= min_ms) | (first[i] > now));
        count += silent[i];
    }
    return count;
}

static uint16_t table[256];
void crc16_prepare(void) {
    for (int b = 0; b < 256; b++) {
        uint16_t v = (uint16_t)b;
        for (int k = 0; k < 8; k++) v = v & 1 ? (uint16_t)(v >> 1 ^ 0xA001) : (uint16_t)(v >> 1);
        table[b] = v;
    }
}
unsigned crc16(ptrdiff_t n, const unsigned char *data) {
    uint16_t crc = 0xFFFF;
    for (ptrdiff_t i = 0; i < n; i++) crc = (uint16_t)(crc >> 8 ^ table[(crc ^ data[i]) & 0xFF]);
    return crc;
}

static uint32_t tables[8][256];
void crc32c_prepare(void) {
    for (int b = 0; b < 256; b++) {
        uint32_t v = (uint32_t)b;
        for (int k = 0; k < 8; k++) v = v & 1 ? v >> 1 ^ 0x82F63B78u : v >> 1;
        tables[0][b] = v;
    }
    for (int k = 1; k < 8; k++)
        for (int b = 0; b < 256; b++) tables[k][b] = tables[k - 1][b] >> 8 ^ tables[0][tables[k - 1][b] & 0xFF];
}
unsigned crc32c(ptrdiff_t n, const unsigned char *p) {
    uint32_t crc = 0xFFFFFFFFu;
    ptrdiff_t i = 0;
    for (; i + 8 <= n; i += 8) {
        crc ^= (uint32_t)p[i] | (uint32_t)p[i + 1] << 8 | (uint32_t)p[i + 2] << 16 | (uint32_t)p[i + 3] << 24;
        crc = tables[7][crc & 0xFF] ^ tables[6][crc >> 8 & 0xFF] ^ tables[5][crc >> 16 & 0xFF] ^ tables[4][crc >> 24] ^
              tables[3][p[i + 4]] ^ tables[2][p[i + 5]] ^ tables[1][p[i + 6]] ^ tables[0][p[i + 7]];
    }
    for (; i < n; i++) crc = crc >> 8 ^ tables[0][(crc ^ p[i]) & 0xFF];
    return crc ^ 0xFFFFFFFFu;
}

struct field { double numerator, denominator, low, high; uint64_t markers[2]; int32_t offset, column, shift; int8_t kind, high_first, n_markers; };
static const double power[23] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
                                 1e19, 1e20, 1e21, 1e22};
static double times_power(double whole, int e) { return e >= 0 ? whole * power[e] : whole / power[-e]; }

static int shortest(float value, int shift, double *si) {
    double size = fabs((double)value);
    if (size == 0.0) { *si = 0.0; return 0; }
    if (!(size >= 1e-6 && size < 1e15)) return 3;
    float magnitude = (float)size, neighbour;
    uint32_t bits;
    memcpy(&bits, &magnitude, 4);
    bits -= 1; memcpy(&neighbour, &bits, 4);
    double below = (size + neighbour) / 2.0;
    bits += 2; memcpy(&neighbour, &bits, 4);
    double above = (size + neighbour) / 2.0;
    int head = (int)floor(log10(size));
    for (int digits = 1; digits < 10; digits++) {
        int places = digits - 1 - head;
        if (places > 22 || places - shift > 22 || shift - places > 22) return 3;
        double scaled = times_power(size, places), whole = floor(scaled);
        double low = times_power(whole, -places), high = times_power(whole + 1.0, -places);
        if (low == below || low == above || high == below || high == above) return 3;
        int has_low = below < low && low < above, has_high = below < high && high < above;
        if (has_low && has_high) {
            double rest = scaled - whole - 0.5;
            if (!(places >= 0 && places <= 12) && fabs(rest) < 1e-5) return 3;
            has_low = rest < 0.0 || (rest == 0.0 && (int64_t)whole % 2 == 0);
        }
        if (has_low || has_high) {
            if (!has_low) whole += 1.0;
            *si = times_power(value > 0 ? whole : -whole, shift - places);
            return 0;
        }
    }
    return 3;
}

static int decode(const unsigned char *data, const struct field *f, double *si) {
    int words = f->kind < 2 ? 1 : f->kind < 4 || f->kind == 6 ? 2 : 4;
    uint64_t raw = 0;
    for (int w = 0; w < words; w++) {
        int at = 2 * (f->high_first ? w : words - 1 - w);
        raw = raw << 16 | (uint64_t)data[at] << 8 | data[at + 1];
    }
    for (int m = 0; m < f->n_markers; m++) if (f->markers[m] == raw) return 1;
    if (f->kind == 6) {
        uint32_t bits = (uint32_t)raw;
        float value;
        memcpy(&value, &bits, 4);
        return isnan(value) ? 1 : isinf(value) ? 2 : shortest(value, f->shift, si);
    }
    if (f->kind == 4 && raw >> 63) return 3;
    int64_t whole = f->kind == 1 ? (int16_t)raw : f->kind == 3 ? (int32_t)raw : (int64_t)raw;
    double product = (double)whole * f->numerator;
    if (fabs((double)whole) >= 9007199254740992.0 || fabs(product) >= 9007199254740992.0) return 3;
    *si = product / f->denominator + 0.0;
    return 0;
}

long registers(ptrdiff_t n, const unsigned char *data, const struct field *fields, double *values, signed char *status) {
    long doubtful = 0;
    double si = 0.0;
    for (ptrdiff_t i = 0; i < n; i++) {
        int code = decode(data + fields[i].offset, &fields[i], &si);
        if (code == 0) {
            if (si >= fields[i].low && si <= fields[i].high) values[fields[i].column] = si;
            else code = 2;
        }
        status[i] = (signed char)code;
        doubtful += code != 0;
    }
    return doubtful;
}
