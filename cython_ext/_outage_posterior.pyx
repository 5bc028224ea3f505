"""The loops of the posterior over what may have failed; ``_outage_posterior_reference`` says what is right."""

from libc.math cimport INFINITY, exp, log
from libc.stdint cimport int32_t

cdef enum:
    COLUMNS = 4
    RESCALE_EVERY = 8

ctypedef const double[::1] Numbers
ctypedef const double[:, ::1] Table
ctypedef const int32_t[::1] Places
ctypedef const unsigned char[::1] Flags


cdef void _ratios(
    Places order, Places own_start, Places own_stop, Flags gasped, Numbers gasp_chance, Places polls_failed, Flags answered, Flags masked,
    Flags muted, Numbers alive_ratio, Numbers mean, double stale, double false_gasp, double floor, double most, double[::1] fixed,
    double[::1] slope, double[::1] poll_ratio, double[::1] mean_ratio, int32_t[::1] row,
) noexcept nogil:
    cdef Py_ssize_t v, i, m, last = alive_ratio.shape[0] - 1, rows = mean.shape[0]
    cdef double chance, total, base, rise, poll, of_box
    cdef int32_t count, failed
    for v in range(own_start.shape[0]):
        total = 0.0
        count = 0
        for i in range(own_start[v], own_stop[v]):
            m = order[i]
            chance = 0.0 if masked[m] else gasp_chance[m]
            if chance > most:
                chance = most
            if chance > 0.0 and gasped[m] and chance < floor:
                chance = floor
            fixed[i] = chance
            total += chance
            if chance > 0.0:
                count += 1
        row[v] = 0
        if count > 0:
            row[v] = <int32_t> (total / count * rows)
            if row[v] >= rows:
                row[v] = <int32_t> (rows - 1)
        of_box = mean[row[v]]
        for i in range(own_start[v], own_stop[v]):
            m = order[i]
            chance = fixed[i]
            poll = 1.0
            if not masked[m] and not muted[m]:
                failed = polls_failed[m]
                if answered[m]:
                    poll = stale
                elif failed > 0:
                    poll = alive_ratio[failed if failed < last else last]
            poll_ratio[i] = poll
            base = 0.0
            if chance <= of_box:
                rise = chance / of_box
            else:
                rise = (1.0 - chance) / (1.0 - of_box)
                base = 1.0 - rise
            if chance == 0.0:
                fixed[i] = poll
                slope[i] = 0.0
            elif gasped[m]:
                fixed[i] = base / false_gasp * poll
                slope[i] = rise / false_gasp * poll
            else:
                fixed[i] = (1.0 - base) / (1.0 - false_gasp) * poll
                slope[i] = -rise / (1.0 - false_gasp) * poll
            mean_ratio[i] = fixed[i] + slope[i] * of_box


cdef void _ways(
    Places via, Places bus_of, Places polls_failed, Flags answered, Flags masked, Flags muted, Numbers way_log, double way_answered,
    double relay_chance, double bus_prior, int32_t[::1] waiting, int32_t[::1] stack, double[::1] relay_log, double[::1] bus_log,
) noexcept nogil:
    cdef Py_ssize_t i, b, top = 0, relays = 0, n = via.shape[0], last = way_log.shape[0] - 1
    cdef int32_t failed
    cdef double relay_prior = 0.0
    for b in range(bus_log.shape[0]):
        bus_log[b] = bus_prior
    for i in range(n):
        waiting[i] = 0
    for i in range(n):
        if via[i] >= 0:
            waiting[via[i]] += 1
        relay_log[i] = 0.0
        if not masked[i] and not muted[i]:
            failed = polls_failed[i]
            if answered[i]:
                relay_log[i] = way_answered
            elif failed > 0:
                relay_log[i] = way_log[failed if failed < last else last]
        bus_log[bus_of[i]] += relay_log[i]
    for i in range(n):
        if waiting[i] == 0:
            stack[top] = <int32_t> i
            top += 1
    while top > 0:
        top -= 1
        i = stack[top]
        if via[i] >= 0:
            relay_log[via[i]] += relay_log[i]
            waiting[via[i]] -= 1
            if waiting[via[i]] == 0:
                stack[top] = via[i]
                top += 1
    for i in range(n):
        waiting[i] = 0
    for i in range(n):
        if via[i] >= 0 and not waiting[via[i]]:
            waiting[via[i]] = 1
            relays += 1
    if relays > 0:
        relay_prior = log(relay_chance / relays)
    for i in range(n):
        relay_log[i] = relay_log[i] + relay_prior if waiting[i] else -INFINITY


cdef void _group(
    Py_ssize_t start, Py_ssize_t stop, Py_ssize_t column, Numbers fixed, Numbers slope, Flags is_three, Table phase_ratio, Table placed,
    Numbers poll, const double* point, const double* share, Py_ssize_t n_points, double* product, double* out, double* unheard,
) noexcept nogil:
    cdef Py_ssize_t i, j
    cdef double constant, rise, peak, total = 0.0, scale = 0.0, polls = 1.0
    unheard[0] = 0.0
    for j in range(n_points):
        product[j] = 1.0
    for i in range(start, stop):
        if column > 0 and is_three[i]:
            constant = 1.0 + placed[i, column] * (phase_ratio[i, column - 1] - 1.0)
            rise = 0.0
            polls *= constant
        else:
            constant = 1.0 + placed[i, column] * (fixed[i] - 1.0)
            rise = placed[i, column] * slope[i]
            polls *= 1.0 + placed[i, column] * (poll[i] - 1.0)
        for j in range(n_points):
            product[j] *= constant + rise * point[j]
        if (i - start) % RESCALE_EVERY == RESCALE_EVERY - 1:
            peak = product[0]
            for j in range(1, n_points):
                if product[j] > peak:
                    peak = product[j]
            for j in range(n_points):
                product[j] /= peak
            scale += log(peak)
            unheard[0] += log(polls)
            polls = 1.0
    unheard[0] += log(polls)
    for j in range(n_points):
        total += share[j] * product[j]
    out[0] = log(total) + scale


cdef void _tree(
    Numbers fixed, Numbers slope, Numbers poll_ratio, Numbers mean_ratio, Places row, Flags is_three, Table phase_ratio, Table placed, Numbers meter_prior,
    Table phase_log, Table point, Table share, Places parent, Places own_start, Places own_stop, Table node_prior, Flags is_shadowed,
    double unheard_chance, double[:, ::1] unheard, double[:, ::1] node_log, double[::1] meter_log, double[::1] inner, double[::1] best, signed char[::1] choice, double[::1] product,
) noexcept nogil:
    cdef Py_ssize_t v, i, k, nodes = parent.shape[0], n_points = point.shape[1]
    cdef double whole, phase, alone, high, low, heard_log = log(1.0 - unheard_chance), unheard_log = log(unheard_chance)
    for v in range(nodes):
        inner[v] = 0.0
        for i in range(own_start[v], own_stop[v]):
            meter_log[i] = meter_prior[i] + log(mean_ratio[i])
            alone = 0.0
            if is_three[i]:
                for k in range(COLUMNS - 1):
                    if phase_log[i, k] > 0.0:
                        alone += phase_log[i, k]
            inner[v] += meter_log[i] if meter_log[i] > alone else alone
        for k in range(COLUMNS):
            node_log[v, k] = 0.0
            unheard[v, k] = 0.0
            if own_start[v] < own_stop[v]:
                _group(
                    own_start[v], own_stop[v], k, fixed, slope, is_three, phase_ratio, placed, poll_ratio, &point[row[v], 0],
                    &share[row[v], 0], n_points, &product[0], &node_log[v, k], &unheard[v, k],
                )
    for v in range(nodes - 1, -1, -1):
        phase = 0.0
        for k in range(COLUMNS):
            if v > 0:
                node_log[parent[v], k] += node_log[v, k]
                unheard[parent[v], k] += unheard[v, k]
            high = heard_log + node_log[v, k]
            low = unheard_log + unheard[v, k]
            if low > high:
                high, low = low, high
            node_log[v, k] = high + log(1.0 + exp(low - high)) + node_prior[v, k]
            if k > 0 and node_log[v, k] > phase:
                phase = node_log[v, k]
        whole = node_log[v, 0]
        choice[v] = 0
        best[v] = inner[v]
        if not is_shadowed[v]:
            if whole > best[v]:
                best[v] = whole
                choice[v] = 1
            if phase > best[v]:
                best[v] = phase
                choice[v] = 2
        if v > 0:
            inner[parent[v]] += best[v]
    for v in range(1, nodes):
        if choice[parent[v]] != 0:
            choice[v] = -1


cdef double _chances(
    Flags concerned, Places order, Places parent, Places own_start, Places own_stop, Places via, Places bus_of, Flags is_three,
    Numbers mean_ratio, Table placed, Table node_log, Numbers meter_log, Table phase_log, Numbers relay_log, Numbers bus_log,
    int32_t[::1] count, int32_t[::1] waiting, int32_t[::1] stack, double[:, ::1] node, double[::1] meter, double[:, ::1] phase,
    double[::1] relay, double[::1] bus, double[:, ::1] above, double[::1] dead,
) noexcept nogil:
    cdef Py_ssize_t v, i, k, b, m, top = 0, nodes = parent.shape[0], n = via.shape[0]
    cdef double peak = 0.0, total, there
    for v in range(nodes):
        count[v] = 0
    for v in range(nodes - 1, -1, -1):
        for i in range(own_start[v], own_stop[v]):
            count[v] += concerned[order[i]]
        if v > 0:
            count[parent[v]] += count[v]
    for i in range(n):
        waiting[i] = 0
        relay[i] = concerned[i]
    for b in range(bus.shape[0]):
        bus[b] = 0.0
    for i in range(n):
        bus[bus_of[i]] += concerned[i]
        if via[i] >= 0:
            waiting[via[i]] += 1
    for i in range(n):
        if waiting[i] == 0:
            stack[top] = <int32_t> i
            top += 1
    while top > 0:
        top -= 1
        i = stack[top]
        if via[i] >= 0:
            relay[via[i]] += relay[i]
            waiting[via[i]] -= 1
            if waiting[via[i]] == 0:
                stack[top] = via[i]
                top += 1
    for v in range(nodes):
        for k in range(COLUMNS):
            node[v, k] = node_log[v, k] if count[v] > 0 else -INFINITY
            if node[v, k] > peak:
                peak = node[v, k]
    for i in range(meter.shape[0]):
        meter[i] = meter_log[i] if concerned[order[i]] else -INFINITY
        if meter[i] > peak:
            peak = meter[i]
        for k in range(COLUMNS - 1):
            phase[i, k] = phase_log[i, k] if is_three[i] and concerned[order[i]] else -INFINITY
            if phase[i, k] > peak:
                peak = phase[i, k]
    for i in range(n):
        relay[i] = relay_log[i] if relay[i] > 0.0 else -INFINITY
        if relay[i] > peak:
            peak = relay[i]
    for b in range(bus.shape[0]):
        bus[b] = bus_log[b] if bus[b] > 0.0 else -INFINITY
        if bus[b] > peak:
            peak = bus[b]
    total = exp(-peak)
    for v in range(nodes):
        for k in range(COLUMNS):
            node[v, k] = exp(node[v, k] - peak)
            total += node[v, k]
    for i in range(meter.shape[0]):
        meter[i] = exp(meter[i] - peak)
        total += meter[i]
        for k in range(COLUMNS - 1):
            phase[i, k] = exp(phase[i, k] - peak) if is_three[i] else 0.0
            total += phase[i, k]
    for i in range(n):
        relay[i] = exp(relay[i] - peak) if relay[i] > -INFINITY else 0.0
        total += relay[i]
    for b in range(bus.shape[0]):
        bus[b] = exp(bus[b] - peak)
        total += bus[b]
    for b in range(bus.shape[0]):
        bus[b] /= total
    for i in range(n):
        relay[i] /= total
        dead[i] = 0.0
    for v in range(nodes):
        for k in range(COLUMNS):
            node[v, k] /= total
            above[v, k] = node[v, k]
            if v > 0:
                above[v, k] += above[parent[v], k]
        for i in range(own_start[v], own_stop[v]):
            meter[i] /= total
            m = order[i]
            dead[m] = meter[i]
            for k in range(COLUMNS):
                if k > 0:
                    phase[i, k - 1] /= total
                if k == 0 or not is_three[i]:
                    there = placed[i, k] * mean_ratio[i]
                    dead[m] += above[v, k] * there / (1.0 - placed[i, k] + there)
            if dead[m] > 1.0:
                dead[m] = 1.0
    return exp(-peak) / total


def weigh(
    Places order, Places parent, Places own_start, Places own_stop, Flags is_shadowed, Table placed, Flags is_three, Numbers meter_prior,
    Places bus_of, Flags gasped, Numbers gasp_chance, Places polls_failed, Flags answered, Flags masked, Flags muted, Places via,
    Table phase_ratio, Table phase_log, Table node_prior, Numbers mean, Table point, Table share, Numbers alive_ratio, Numbers way_log,
    double stale, double way_answered, double false_gasp, double floor, double most, double unheard_chance, double relay_chance,
    double bus_prior, double[::1] fixed, double[::1] slope, double[::1] poll_ratio, double[:, ::1] unheard, double[::1] mean_ratio, int32_t[::1] row, double[::1] inner, double[::1] product,
    int32_t[::1] waiting, int32_t[::1] stack, double[:, ::1] node_log, double[::1] meter_log, double[::1] relay_log, double[::1] bus_log,
    double[::1] best, signed char[::1] choice,
):
    with nogil:
        _ratios(
            order, own_start, own_stop, gasped, gasp_chance, polls_failed, answered, masked, muted, alive_ratio, mean, stale, false_gasp,
            floor, most, fixed, slope, poll_ratio, mean_ratio, row,
        )
        _ways(
            via, bus_of, polls_failed, answered, masked, muted, way_log, way_answered, relay_chance, bus_prior, waiting, stack, relay_log,
            bus_log,
        )
        _tree(
            fixed, slope, poll_ratio, mean_ratio, row, is_three, phase_ratio, placed, meter_prior, phase_log, point, share, parent,
            own_start, own_stop, node_prior, is_shadowed, unheard_chance, unheard, node_log, meter_log, inner, best, choice, product,
        )


def chances(
    Flags concerned, Places order, Places parent, Places own_start, Places own_stop, Places via, Places bus_of, Flags is_three,
    Numbers mean_ratio, Table placed, Table node_log, Numbers meter_log, Table phase_log, Numbers relay_log, Numbers bus_log,
    int32_t[::1] count, int32_t[::1] waiting, int32_t[::1] stack, double[:, ::1] node, double[::1] meter, double[:, ::1] phase,
    double[::1] relay, double[::1] bus, double[:, ::1] above, double[::1] dead,
):
    cdef double alive
    with nogil:
        alive = _chances(
            concerned, order, parent, own_start, own_stop, via, bus_of, is_three, mean_ratio, placed, node_log, meter_log, phase_log,
            relay_log, bus_log, count, waiting, stack, node, meter, phase, relay, bus, above, dead,
        )
    return alive
