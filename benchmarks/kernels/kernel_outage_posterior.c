/* The posterior over a tree of meters, the same arithmetic as weigh of cython_ext/_outage_posterior.pyx. */
#include <math.h>
#include <stddef.h>
#include <stdint.h>

enum { COLUMNS = 4, RESCALE_EVERY = 8 };

typedef struct {
    ptrdiff_t n, m, nodes, buses, tries, rows, points;
    const int32_t *order, *parent, *own_start, *own_stop, *bus_of, *failed, *via;
    const uint8_t *shadowed, *three, *gasped, *answered, *masked, *muted;
    const double *placed, *meter_prior, *gasp_chance, *phase_ratio, *phase_log, *node_prior, *mean, *point, *share, *alive_ratio, *way_log;
    double stale, way_answered, false_gasp, floor, most, unheard_chance, relay_chance, bus_prior;
    double *fixed, *slope, *poll_ratio, *unheard, *mean_ratio, *inner, *product, *node_log, *meter_log, *relay_log, *bus_log, *best;
    int32_t *row, *waiting, *stack;
    int8_t *choice;
} work;

static void ratios(work *w) {
    for (ptrdiff_t v = 0; v < w->nodes; v++) {
        double total = 0.0;
        int32_t count = 0;
        for (ptrdiff_t i = w->own_start[v]; i < w->own_stop[v]; i++) {
            ptrdiff_t m = w->order[i];
            double chance = w->masked[m] ? 0.0 : w->gasp_chance[m];
            if (chance > w->most) chance = w->most;
            if (chance > 0.0 && w->gasped[m] && chance < w->floor) chance = w->floor;
            w->fixed[i] = chance;
            total += chance;
            count += chance > 0.0;
        }
        w->row[v] = 0;
        if (count > 0) {
            w->row[v] = (int32_t)(total / count * (double)w->rows);
            if (w->row[v] >= w->rows) w->row[v] = (int32_t)(w->rows - 1);
        }
        double of_box = w->mean[w->row[v]];
        for (ptrdiff_t i = w->own_start[v]; i < w->own_stop[v]; i++) {
            ptrdiff_t m = w->order[i];
            double chance = w->fixed[i], poll = 1.0, base = 0.0, rise;
            if (!w->masked[m] && !w->muted[m]) {
                int32_t failed = w->failed[m];
                if (w->answered[m]) poll = w->stale;
                else if (failed > 0) poll = w->alive_ratio[failed < w->tries - 1 ? failed : w->tries - 1];
            }
            w->poll_ratio[i] = poll;
            if (chance <= of_box) rise = chance / of_box;
            else { rise = (1.0 - chance) / (1.0 - of_box); base = 1.0 - rise; }
            if (chance == 0.0) { w->fixed[i] = poll; w->slope[i] = 0.0; }
            else if (w->gasped[m]) { w->fixed[i] = base / w->false_gasp * poll; w->slope[i] = rise / w->false_gasp * poll; }
            else {
                w->fixed[i] = (1.0 - base) / (1.0 - w->false_gasp) * poll;
                w->slope[i] = -rise / (1.0 - w->false_gasp) * poll;
            }
            w->mean_ratio[i] = w->fixed[i] + w->slope[i] * of_box;
        }
    }
}

static void ways(work *w) {
    ptrdiff_t top = 0, relays = 0, n = w->n;
    for (ptrdiff_t b = 0; b < w->buses; b++) w->bus_log[b] = w->bus_prior;
    for (ptrdiff_t i = 0; i < n; i++) w->waiting[i] = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        if (w->via[i] >= 0) w->waiting[w->via[i]]++;
        w->relay_log[i] = 0.0;
        if (!w->masked[i] && !w->muted[i]) {
            int32_t failed = w->failed[i];
            if (w->answered[i]) w->relay_log[i] = w->way_answered;
            else if (failed > 0) w->relay_log[i] = w->way_log[failed < w->tries - 1 ? failed : w->tries - 1];
        }
        w->bus_log[w->bus_of[i]] += w->relay_log[i];
    }
    for (ptrdiff_t i = 0; i < n; i++) if (!w->waiting[i]) w->stack[top++] = (int32_t)i;
    while (top > 0) {
        ptrdiff_t i = w->stack[--top];
        if (w->via[i] < 0) continue;
        w->relay_log[w->via[i]] += w->relay_log[i];
        if (!--w->waiting[w->via[i]]) w->stack[top++] = w->via[i];
    }
    for (ptrdiff_t i = 0; i < n; i++) w->waiting[i] = 0;
    for (ptrdiff_t i = 0; i < n; i++) if (w->via[i] >= 0 && !w->waiting[w->via[i]]) { w->waiting[w->via[i]] = 1; relays++; }
    double prior = relays ? log(w->relay_chance / (double)relays) : 0.0;
    for (ptrdiff_t i = 0; i < n; i++) w->relay_log[i] = w->waiting[i] ? w->relay_log[i] + prior : -INFINITY;
}

static double group(work *w, ptrdiff_t v, ptrdiff_t k, double *unheard) {
    const double *point = w->point + w->row[v] * w->points, *share = w->share + w->row[v] * w->points;
    double total = 0.0, scale = 0.0, polls = 1.0, *product = w->product;
    *unheard = 0.0;
    for (ptrdiff_t j = 0; j < w->points; j++) product[j] = 1.0;
    for (ptrdiff_t i = w->own_start[v]; i < w->own_stop[v]; i++) {
        double placed = w->placed[COLUMNS * i + k], constant, rise;
        if (k > 0 && w->three[i]) {
            constant = 1.0 + placed * (w->phase_ratio[(COLUMNS - 1) * i + k - 1] - 1.0);
            rise = 0.0;
            polls *= constant;
        } else {
            constant = 1.0 + placed * (w->fixed[i] - 1.0);
            rise = placed * w->slope[i];
            polls *= 1.0 + placed * (w->poll_ratio[i] - 1.0);
        }
        for (ptrdiff_t j = 0; j < w->points; j++) product[j] *= constant + rise * point[j];
        if ((i - w->own_start[v]) % RESCALE_EVERY == RESCALE_EVERY - 1) {
            double peak = product[0];
            for (ptrdiff_t j = 1; j < w->points; j++) if (product[j] > peak) peak = product[j];
            for (ptrdiff_t j = 0; j < w->points; j++) product[j] /= peak;
            scale += log(peak);
            *unheard += log(polls);
            polls = 1.0;
        }
    }
    *unheard += log(polls);
    for (ptrdiff_t j = 0; j < w->points; j++) total += share[j] * product[j];
    return log(total) + scale;
}

static void tree(work *w) {
    double heard_log = log(1.0 - w->unheard_chance), unheard_log = log(w->unheard_chance);
    for (ptrdiff_t v = 0; v < w->nodes; v++) {
        w->inner[v] = 0.0;
        for (ptrdiff_t i = w->own_start[v]; i < w->own_stop[v]; i++) {
            double alone = 0.0;
            w->meter_log[i] = w->meter_prior[i] + log(w->mean_ratio[i]);
            if (w->three[i])
                for (ptrdiff_t k = 0; k < COLUMNS - 1; k++) {
                    double phase = w->phase_log[(COLUMNS - 1) * i + k];
                    if (phase > 0.0) alone += phase;
                }
            w->inner[v] += w->meter_log[i] > alone ? w->meter_log[i] : alone;
        }
        for (ptrdiff_t k = 0; k < COLUMNS; k++) {
            w->node_log[COLUMNS * v + k] = w->unheard[COLUMNS * v + k] = 0.0;
            if (w->own_start[v] < w->own_stop[v]) w->node_log[COLUMNS * v + k] = group(w, v, k, w->unheard + COLUMNS * v + k);
        }
    }
    for (ptrdiff_t v = w->nodes - 1; v >= 0; v--) {
        ptrdiff_t up = w->parent[v];
        double phase = 0.0, *own = w->node_log + COLUMNS * v;
        for (ptrdiff_t k = 0; k < COLUMNS; k++) {
            if (v > 0) {
                w->node_log[COLUMNS * up + k] += own[k];
                w->unheard[COLUMNS * up + k] += w->unheard[COLUMNS * v + k];
            }
            double high = heard_log + own[k], low = unheard_log + w->unheard[COLUMNS * v + k];
            if (low > high) { double other = high; high = low; low = other; }
            own[k] = high + log(1.0 + exp(low - high)) + w->node_prior[COLUMNS * v + k];
            if (k > 0 && own[k] > phase) phase = own[k];
        }
        w->choice[v] = 0;
        w->best[v] = w->inner[v];
        if (!w->shadowed[v]) {
            if (own[0] > w->best[v]) { w->best[v] = own[0]; w->choice[v] = 1; }
            if (phase > w->best[v]) { w->best[v] = phase; w->choice[v] = 2; }
        }
        if (v > 0) w->inner[up] += w->best[v];
    }
    for (ptrdiff_t v = 1; v < w->nodes; v++) if (w->choice[w->parent[v]]) w->choice[v] = -1;
}

void outage_posterior(work *w) {
    ratios(w);
    ways(w);
    tree(w);
}
