/* Arcing half cycles of the last second, the same work as cython_ext/_half_cycles.pyx. */
#include <stddef.h>
#include <stdint.h>

typedef struct { uint64_t low, high; } ring;

static const uint64_t HIGH = ((uint64_t)1 << 36) - 1, HALF = ((uint64_t)1 << 50) - 1;

static ring older(ring r) {
    r.high = (r.high << 1 | r.low >> 63) & HIGH;
    r.low <<= 1;
    return r;
}

static int size(ring r) { return __builtin_popcountll(r.low) + __builtin_popcountll(r.high); }

static int newer_than_oldest(ring r, ring of) {
    if (of.high) return __builtin_popcountll(r.low) + __builtin_popcountll(r.high & (((uint64_t)1 << (63 - __builtin_clzll(of.high))) - 1));
    if (of.low) return __builtin_popcountll(r.low & (((uint64_t)1 << (63 - __builtin_clzll(of.low))) - 1));
    return 0;
}

void half_cycles(ptrdiff_t circuits, ptrdiff_t width, const int8_t *codes, uint64_t *rings, int32_t *out) {
    for (ptrdiff_t n = 0; n < circuits; n++) {
        ring r[5];
        for (int k = 0; k < 5; k++) r[k] = (ring){rings[10 * n + 2 * k], rings[10 * n + 2 * k + 1]};
        for (ptrdiff_t w = 0; w < width; w++) {
            int8_t code = codes[n * width + w];
            int32_t *f = out + 5 * (n * width + w);
            for (int k = 0; k < 5; k++) r[k] = older(r[k]);
            if (code == 4) r[1].low |= 1;
            else {
                if (((code >= 1 && code <= 3) || code == 5) && (r[1].low | r[1].high)) {
                    r[0].low |= r[1].low; r[0].high |= r[1].high; r[2].low |= 1;
                }
                r[1] = (ring){0, 0};
                if (code >= 1 && code <= 3) r[0].low |= 1;
                if (code == 2) r[2].low |= 1;
                if (code == 3) r[3].low |= 1;
                if (code == 0 || code == 5) r[4].low |= 1;
            }
            f[0] = __builtin_popcountll(r[0].low & HALF);
            f[1] = size(r[0]); f[2] = size(r[2]); f[3] = size(r[3]);
            f[4] = newer_than_oldest(r[4], r[0]);
        }
        for (int k = 0; k < 5; k++) { rings[10 * n + 2 * k] = r[k].low; rings[10 * n + 2 * k + 1] = r[k].high; }
    }
}
